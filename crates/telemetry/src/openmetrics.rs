//! The OpenMetrics text format, the only text format that has exemplars. See the
//! [specification](https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md).

use std::fmt::{self, Write as _};

use prometheus::proto::{Metric, MetricFamily, MetricType};

use crate::detailed::Details;

/// Its media type.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text";

/// Writes the families.
pub(crate) fn from_families(families: &[MetricFamily], details: &Details) -> String {
    let mut out = String::with_capacity(16 * 1024);
    for family in families {
        // A string has room for everything.
        let _ = write_family(&mut out, family, details);
    }
    out.push_str("# EOF\n");
    out
}

fn write_family(out: &mut String, family: &MetricFamily, details: &Details) -> fmt::Result {
    let kind = match family.get_field_type() {
        MetricType::COUNTER => "counter",
        MetricType::HISTOGRAM => "histogram",
        // There are no others here.
        _ => "gauge",
    };
    // A counter's family is named without the suffix that its samples have. That all counters have it is checked where metrics
    // are documented.
    let name = family.name();
    let stem = if kind == "counter" { name.strip_suffix("_total").unwrap_or(name) } else { name };
    writeln!(out, "# HELP {stem} {}", escaped(family.help()))?;
    writeln!(out, "# TYPE {stem} {kind}")?;
    for metric in family.get_metric() {
        let labels = Labels(metric);
        match kind {
            "counter" => writeln!(out, "{name}{} {}", labels.with(""), metric.get_counter().get_value())?,
            "gauge" => writeln!(out, "{name}{} {}", labels.with(""), metric.get_gauge().get_value())?,
            _ => write_histogram(out, name, metric, &labels, details)?,
        }
    }
    Ok(())
}

fn write_histogram(
    out: &mut String,
    name: &str,
    metric: &Metric,
    labels: &Labels<'_>,
    details: &Details,
) -> fmt::Result {
    let histogram = metric.get_histogram();
    let pairs = metric.get_label().iter().map(|pair| (pair.name(), pair.value()));
    let detail = details.of(name, pairs);
    let bounded =
        histogram.get_bucket().iter().map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
    let all = bounded.chain([(f64::INFINITY, histogram.get_sample_count())]);
    for (index, (bound, count)) in all.enumerate() {
        // Canonical numbers: 1.0, not 1.
        let bound = if bound.is_infinite() { "+Inf".to_owned() } else { format!("{bound:?}") };
        write!(out, "{name}_bucket{} {count}", labels.with(&format!("le=\"{bound}\"")))?;
        if let Some(exemplar) = detail.as_ref().and_then(|detail| detail.exemplar(index)) {
            let (trace_id, at) = (exemplar.trace_id, exemplar.at.as_secs_f64());
            write!(out, " # {{trace_id=\"{trace_id:032x}\"}} {} {at:.3}", exemplar.value)?;
        }
        out.push('\n');
    }
    writeln!(out, "{name}_sum{} {}", labels.with(""), histogram.get_sample_sum())?;
    writeln!(out, "{name}_count{} {}", labels.with(""), histogram.get_sample_count())
}

/// A metric's labels.
struct Labels<'a>(&'a Metric);

impl Labels<'_> {
    /// In braces, with one more that is written already, if there are any.
    fn with(&self, more: &str) -> String {
        let pair =
            |pair: &prometheus::proto::LabelPair| format!("{}=\"{}\"", pair.name(), escaped(pair.value()));
        let more = (!more.is_empty()).then(|| more.to_owned());
        let all: Vec<String> = self.0.get_label().iter().map(pair).chain(more).collect();
        if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramOpts, IntCounter};

    use crate::{DetailedHistogramVec, Registry};

    #[test]
    fn a_histogram_has_the_latest_trace_of_each_bucket() {
        let registry = Registry::default();
        let opts = HistogramOpts::new("order_seconds", "Time.").buckets(vec![0.5, 1.0]);
        let seconds = DetailedHistogramVec::register(&registry, opts, &["style", "outcome"]).unwrap();
        let seconds = seconds.with_label_values(&["choreography", "a \"b\""]);
        let orders = crate::registered(&registry, IntCounter::new("orders_total", "Orders.")).unwrap();
        orders.inc();
        seconds.observe(0.25, Some(0xab));
        seconds.observe(0.25, None);
        seconds.observe(1.0, Some(0xcd));
        seconds.observe(7.0, Some(0xef));
        let text = registry.openmetrics();
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
