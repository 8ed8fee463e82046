//! A histogram in the protobuf format.

use prometheus::{HistogramOpts, IntCounter};

use super::*;
use crate::{DetailedHistogramVec, Registry};

#[test]
fn what_is_written_can_be_read_and_has_both_kinds_of_buckets() {
    let registry = Registry::default();
    let opts = HistogramOpts::new("order_seconds", "Time.").buckets(vec![0.5, 1.0]);
    let seconds = DetailedHistogramVec::register(&registry, opts, &["style"]).unwrap();
    let seconds = seconds.with_label_values(&["choreography"]);
    let orders = crate::registered(&registry, IntCounter::new("orders_total", "Orders.")).unwrap();
    orders.inc_by(3);
    for value in [1.0, 1.0, 1.05, 7.0] {
        seconds.observe(value, Some(0xab));
    }
    let written = registry.protobuf();
    let mut rest = written.as_slice();
    let times = MetricFamily::decode_length_delimited(&mut rest).unwrap();
    let counter = MetricFamily::decode_length_delimited(&mut rest).unwrap();
    assert!(rest.is_empty());
    assert_eq!(counter.metrics[0].counter.clone().unwrap().value, Some(3.0));
    assert_eq!((times.name(), times.kind()), ("order_seconds", Kind::Histogram));
    let histogram = times.metrics[0].histogram.clone().unwrap();
    assert_eq!((histogram.count, histogram.schema), (Some(4), Some(SCHEMA)));
    let cumulative: Vec<_> = histogram.buckets.iter().map(Bucket::cumulative_count).collect();
    assert_eq!(cumulative, [0, 2, 4]);
    assert_eq!(histogram.buckets[1].exemplar.clone().unwrap().labels[0].value().len(), 32);
    let span = |offset, length| Span { offset: Some(offset), length: Some(length) };
    assert_eq!(histogram.positive_spans, [span(0, 2), span(21, 1)]);
    assert_eq!(histogram.positive_deltas, [2, -1, 0]);
}
