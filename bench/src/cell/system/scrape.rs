//! Reads a process's metrics over HTTP, in Prometheus' text format.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take: the process may be busy with everything that it is measured for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;
const REQUEST: &str = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Every metric by its name, all labels added up.
pub(super) async fn metrics(address: SocketAddr) -> Result<BTreeMap<String, f64>, String> {
    let answer = match timeout(PATIENCE, ask(address)).await {
        Ok(answer) => answer.map_err(|error| format!("no answer at http://{address}/metrics: {error}"))?,
        Err(_) => return Err(format!("no answer at http://{address}/metrics for {} s", PATIENCE.as_secs())),
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(parse(body)),
        _ => Err(format!("/metrics answered {:?}", head.lines().next().unwrap_or_default())),
    }
}

async fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(REQUEST.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
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
