//! Reads a process's metrics over HTTP, in Prometheus' text format.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use daemon::client::get;

/// How long an answer may take: the process may be busy with everything that it is measured for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Every metric by its name, all labels added up.
pub(super) async fn metrics(address: SocketAddr) -> Result<BTreeMap<String, f64>, String> {
    let answer = get(address, "/metrics", PATIENCE).await?;
    if answer.status == 200 { Ok(parse(&answer.body)) } else { Err(answer.odd("/metrics")) }
}

fn parse(text: &str) -> BTreeMap<String, f64> {
    let mut metrics = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, value)) = line.rsplit_once(' ') else { continue };
        let Ok(value) = value.parse::<f64>() else { continue };
        let name = series.split('{').next().unwrap_or(series);
        *metrics.entry(name.to_owned()).or_insert(0.0) += value;
    }
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_of_one_name_add_up() {
        let text = "# HELP a_total x\n# TYPE a_total counter\na_total{p=\"x y\"} 3\na_total{p=\"z\"} 4\nb 1.5\n\nodd\n";
        let metrics = parse(text);
        assert_eq!((metrics["a_total"], metrics["b"], metrics.len()), (7.0, 1.5, 2));
    }

    #[tokio::test]
    async fn nobody_there_is_told() {
        let error = metrics("127.0.0.1:1".parse().unwrap()).await.unwrap_err();
        assert!(error.starts_with("no answer at http://127.0.0.1:1/metrics: "), "{error}");
    }
}
