//! The OpenMetrics text format, the only text format that has exemplars.
//!
//! Made of Prometheus' own text format, from which it differs in little: a counter's family is named without `_total`, the
//! numbers of `le` are written as floating point, exemplars stand behind samples, and there is a mark at the end. See the
//! [specification](https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md).

use std::borrow::Cow;

use crate::exemplars::Exemplars;

/// Its media type.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text";

/// Writes `text`, which is in Prometheus' text format, in OpenMetrics'.
pub(crate) fn from_text(text: &str, exemplars: &Exemplars) -> String {
    let mut out = String::with_capacity(text.len() + 1024);
    for line in text.lines() {
        match line.strip_prefix("# ") {
            Some(comment) => {
                out.push_str("# ");
                out.push_str(&family(comment));
            }
            None => sample(&mut out, line, exemplars),
        }
        out.push('\n');
    }
    out.push_str("# EOF\n");
    out
}

/// `HELP NAME TEXT` or `TYPE NAME KIND`. Every name in `_total` is a counter's: that is checked where metrics are documented.
fn family(comment: &str) -> Cow<'_, str> {
    let mut words = comment.splitn(3, ' ');
    let [Some(keyword), Some(name), rest] = [words.next(), words.next(), words.next()] else {
        return comment.into();
    };
    let name = name.strip_suffix("_total").unwrap_or(name);
    format!("{keyword} {name} {}", rest.unwrap_or_default()).into()
}

fn sample(out: &mut String, line: &str, exemplars: &Exemplars) {
    let Some((series, value)) = line.rsplit_once(' ') else { return out.push_str(line) };
    match bound(series) {
        Some(at) if series[at..].bytes().take_while(|b| *b != b'"').all(|b| b.is_ascii_digit()) => {
            let end = at + series[at..].find('"').unwrap_or(0);
            out.extend([&series[..end], ".0", &series[end..]]);
        }
        _ => out.push_str(series),
    }
    out.extend([" ", value]);
    if let Some(exemplar) = exemplars.of(series) {
        out.push_str(&exemplar);
    }
}

/// Where the value of `le` begins, if this is a bucket.
fn bound(series: &str) -> Option<usize> {
    const LE: &str = "le=\"";
    let last = series.rfind(LE)?;
    series[..last].ends_with(['{', ',']).then_some(last + LE.len())
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramOpts, IntCounter};

    use crate::{ExemplarHistogramVec, Registry};

    #[test]
    fn a_histogram_has_the_latest_trace_of_each_bucket() {
        let registry = Registry::default();
        let opts = HistogramOpts::new("order_seconds", "Time.").buckets(vec![0.5, 1.0]);
        let seconds = ExemplarHistogramVec::register(&registry, opts, &["style", "outcome"]).unwrap();
        let seconds = seconds.with_label_values(&["choreography", "a \"b\""]);
        let orders = crate::registered(&registry, IntCounter::new("orders_total", "Orders.")).unwrap();
        orders.inc();
        seconds.observe(0.25, Some(0xab));
        seconds.observe(0.25, None);
        seconds.observe(1.0, Some(0xcd));
        seconds.observe(7.0, Some(0xef));
        let text = registry.openmetrics().unwrap();
        let without_times = |line: &str| match line.split_once(" # ") {
            Some((sample, exemplar)) => format!("{sample} # {}", exemplar.rsplit_once(' ').unwrap().0),
            None => line.to_owned(),
        };
        let lines: Vec<String> = text.lines().map(without_times).collect();
        let labels = r#"outcome="a \"b\"",style="choreography""#;
        let trace = |id: &str| format!("# {{trace_id=\"{id:0>32}\"}}");
        let expected = [
            "# HELP order_seconds Time.".to_owned(),
            "# TYPE order_seconds histogram".to_owned(),
            format!("order_seconds_bucket{{{labels},le=\"0.5\"}} 2 {} 0.25", trace("ab")),
            format!("order_seconds_bucket{{{labels},le=\"1.0\"}} 3 {} 1", trace("cd")),
            format!("order_seconds_bucket{{{labels},le=\"+Inf\"}} 4 {} 7", trace("ef")),
            format!("order_seconds_sum{{{labels}}} 8.5"),
            format!("order_seconds_count{{{labels}}} 4"),
            "# HELP orders Orders.".to_owned(),
            "# TYPE orders counter".to_owned(),
            "orders_total 1".to_owned(),
            "# EOF".to_owned(),
        ];
        assert_eq!(lines, expected);
    }
}
