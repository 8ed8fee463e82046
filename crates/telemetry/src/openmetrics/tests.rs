//! A histogram in the text format.

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
