//! Prometheus' protobuf format: the only one that has native histograms. Only the messages and fields that are written here;
//! see [`metrics.proto`](https://github.com/prometheus/client_model/blob/v0.6.1/io/prometheus/client/metrics.proto).

use prometheus::proto as text;
use prost::Message;

use crate::details::{Details, Exemplar};
use crate::native::{SCHEMA, ZERO_THRESHOLD};

/// What a scraper accepts and is answered with.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.google.protobuf";

#[derive(Clone, PartialEq, Message)]
struct MetricFamily {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    help: Option<String>,
    #[prost(enumeration = "Kind", optional, tag = "3")]
    kind: Option<i32>,
    #[prost(message, repeated, tag = "4")]
    metrics: Vec<Metric>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
enum Kind {
    Counter = 0,
    Gauge = 1,
    Histogram = 4,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Value>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Value>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    value: Option<String>,
}

/// A gauge or a counter.
#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(double, optional, tag = "1")]
    value: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, optional, tag = "1")]
    count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    sum: Option<f64>,
    #[prost(message, repeated, tag = "3")]
    buckets: Vec<Bucket>,
    #[prost(sint32, optional, tag = "5")]
    schema: Option<i32>,
    #[prost(double, optional, tag = "6")]
    zero_threshold: Option<f64>,
    #[prost(uint64, optional, tag = "7")]
    zero_count: Option<u64>,
    #[prost(message, repeated, tag = "12")]
    positive_spans: Vec<Span>,
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    positive_deltas: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, optional, tag = "1")]
    cumulative_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    upper_bound: Option<f64>,
    #[prost(message, optional, tag = "3")]
    exemplar: Option<ExemplarOf>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(sint32, optional, tag = "1")]
    offset: Option<i32>,
    #[prost(uint32, optional, tag = "2")]
    length: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct ExemplarOf {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(double, optional, tag = "2")]
    value: Option<f64>,
    #[prost(message, optional, tag = "3")]
    at: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
struct Timestamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// Writes the families, one after the other, each behind its length.
pub(crate) fn from_families(families: &[text::MetricFamily], details: &Details) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 * 1024);
    for family in families {
        // A vector has room for everything.
        let _ = family_of(family, details).encode_length_delimited(&mut out);
    }
    out
}

fn family_of(family: &text::MetricFamily, details: &Details) -> MetricFamily {
    let kind = match family.get_field_type() {
        text::MetricType::COUNTER => Kind::Counter,
        text::MetricType::HISTOGRAM => Kind::Histogram,
        // There are no others here.
        _ => Kind::Gauge,
    };
    MetricFamily {
        name: Some(family.name().to_owned()),
        help: Some(family.help().to_owned()),
        kind: Some(kind.into()),
        metrics: family
            .get_metric()
            .iter()
            .map(|metric| metric_of(family.name(), kind, metric, details))
            .collect(),
    }
}

fn label(name: &str, value: &str) -> Label {
    Label { name: Some(name.to_owned()), value: Some(value.to_owned()) }
}

fn metric_of(family: &str, kind: Kind, metric: &text::Metric, details: &Details) -> Metric {
    let value = |value| Some(Value { value: Some(value) });
    let mut written = Metric {
        labels: metric.get_label().iter().map(|pair| label(pair.name(), pair.value())).collect(),
        ..Metric::default()
    };
    match kind {
        Kind::Counter => written.counter = value(metric.get_counter().get_value()),
        Kind::Gauge => written.gauge = value(metric.get_gauge().get_value()),
        Kind::Histogram => written.histogram = Some(histogram_of(family, metric, details)),
    }
    written
}

fn histogram_of(family: &str, metric: &text::Metric, details: &Details) -> Histogram {
    let histogram = metric.get_histogram();
    let pairs = metric.get_label().iter().map(|pair| (pair.name(), pair.value()));
    let details = details.of(family, pairs);
    let exemplar = |index: usize| details.as_ref()?.exemplar(index).map(exemplar_of);
    let bucket = |(index, bucket): (usize, &text::Bucket)| Bucket {
        cumulative_count: Some(bucket.cumulative_count()),
        upper_bound: Some(bucket.upper_bound()),
        exemplar: exemplar(index),
    };
    let mut written = Histogram {
        count: Some(histogram.get_sample_count()),
        sum: Some(histogram.get_sample_sum()),
        buckets: histogram.get_bucket().iter().enumerate().map(bucket).collect(),
        ..Histogram::default()
    };
    written.buckets.push(Bucket {
        cumulative_count: Some(histogram.get_sample_count()),
        upper_bound: Some(f64::INFINITY),
        exemplar: exemplar(histogram.get_bucket().len()),
    });
    if let Some(native) = details.as_ref().map(|details| details.native()) {
        let (spans, deltas) = native.spans_and_deltas();
        let span = |span: crate::native::Span| Span { offset: Some(span.offset), length: Some(span.length) };
        written.schema = Some(SCHEMA);
        written.zero_threshold = Some(ZERO_THRESHOLD);
        written.zero_count = Some(native.zero);
        written.positive_spans = spans.into_iter().map(span).collect();
        written.positive_deltas = deltas;
        // Counted a moment later than the classic buckets were read, it may have one more.
        written.count = Some(native.zero + native.positive.values().sum::<u64>());
    }
    written
}

fn exemplar_of(exemplar: Exemplar) -> ExemplarOf {
    ExemplarOf {
        labels: vec![label("trace_id", &format!("{:032x}", exemplar.trace_id))],
        value: Some(exemplar.value),
        at: Some(Timestamp {
            seconds: i64::try_from(exemplar.at.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(exemplar.at.subsec_nanos()).unwrap_or(0),
        }),
    }
}

#[cfg(test)]
mod tests;
