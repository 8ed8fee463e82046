//! The OpenMetrics text format, the only text format that has exemplars. See the
//! [specification](https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md).

use std::fmt::{self, Write as _};

use prometheus::proto::{Metric, MetricFamily, MetricType};

use crate::details::Details;

/// What a scraper accepts and is answered with.
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
mod tests;
