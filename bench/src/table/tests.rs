use std::collections::BTreeMap;

use auditor::{Paths, ViolationKind};
use outside::Rates;

use super::*;
use crate::report::{Environment, Machine, Phases, SCHEMA, Violation, Workload, Yardstick};

fn cell(style: Style, factor: f64) -> Cell {
    let percentiles =
        |p50: f64| Percentiles { p50, p90: p50 * 2.0, p99: p50 * 5.0, max: p50 * 9.0, count: 900 };
    let outcomes =
        [(TerminalState::Delivered, 930), (TerminalState::Rejected, 10), (TerminalState::Cancelled, 60)];
    Cell {
        style,
        bus: "memory".into(),
        store: "sqlite".into(),
        orders: 1000,
        outcomes: BTreeMap::from(outcomes),
        unaccounted: 0,
        outcomes_digest: "00000000000000aa".into(),
        orders_per_s: Some(5000.0 / factor),
        latency_ms: Some(percentiles(3.0 * factor)),
        latency_waiting_ms: Some(percentiles(1000.0)),
        latency_refused_ms: Some(percentiles(2.0)),
        latency_alone_ms: Some(percentiles(2.5 * factor)),
        latency_us_buckets: (0..50).map(|i| ((2000.0 * factor) as u64 + 60 * i, 50 - i)).collect(),
        sender_late_ms_max: Some(1.25),
        messages_per_order: Some(12.0 * factor),
        deliveries_per_order: Some(17.0),
        bytes_per_order: Some(9000.0 * factor),
        cpu_s_per_1000_orders: Some(0.3 * factor),
        cpu_s_per_1000_orders_measuring: Some(0.02),
        peak_rss_bytes: Some(60_000_000),
        store_commits_per_order: Some(0.5 * factor),
        paths: Paths { payments_declined: 20, captures: 930, ..Paths::default() },
    }
}

/// A result as a run of both styles makes it.
pub(crate) fn report() -> Report {
    Report {
        schema: SCHEMA.into(),
        partial: false,
        verdict: Verdict::Clean,
        violations_total: 0,
        violations: Vec::new(),
        outcomes_differ: Some(0),
        environment: Environment {
            duet_version: "0.1.0".into(),
            profile: "release".into(),
            started_at: "2026-03-01T18:30:00.000Z".into(),
            duration_s: 40.0,
            machine: Machine {
                cores: 2,
                cpu: "AMD EPYC".into(),
                memory_bytes: Some(25_000_000_000),
                system: "Linux 6.1".into(),
            },
            worker_threads: 2,
            bus_durability: Durability::Process,
            store_durability: Durability::Power,
            yardstick: Some(Yardstick { rows_per_s: 122_000.0, commit_us_p50: 170.0, commit_us_p99: 400.0 }),
            workload: Workload {
                seed: 1,
                orders_file: None,
                bad_lines_skipped: 0,
                speed: None,
                rate_per_s: Some(500.0),
                window: 1000,
                invalid_rate: 0.01,
                outside: Rates::default(),
                phases: Phases { warm_up: 50, alone: 50, saturated: 600, paced: 300 },
            },
        },
        cells: vec![cell(Style::Choreography, 1.0), cell(Style::Orchestration, 2.0)],
    }
}

fn shown(report: &Report) -> String {
    render(report, Terminal::PLAIN)
}

#[test]
fn the_verdict_comes_first_and_every_line_fits() {
    let shown = shown(&report());
    assert!(
        shown.starts_with("VERDICT: clean\nAll 2,000 orders accounted for: none lost, doubled or stuck;\n"),
        "{shown}"
    );
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert!(shown.is_ascii(), "{shown}");
}

#[test]
fn the_styles_stand_side_by_side_with_their_ratio() {
    let shown = shown(&report());
    for line in [
        "                                        choreography orchestration         ratio",
        "orders/s at saturation                         5,000         2,500        x 0.50",
        "  p99                                        15.0 ms       30.0 ms        x 2.00",
        "peak memory                                  60.0 MB       60.0 MB        x 1.00",
        "  delivered                                      930           930",
        "  payment declined                                20            20",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line:?} is missing from\n{shown}");
    }
}

#[test]
fn a_violation_names_the_style_the_order_and_what_is_wrong() {
    let mut report = report();
    report.verdict = Verdict::Violated;
    report.violations_total = 7;
    report.violations = vec![Violation {
        style: Style::Orchestration,
        kind: ViolationKind::Lost,
        order_id: Some("s1-00000042".into()),
        detail: "order-history does not know it".into(),
    }];
    let shown = shown(&report);
    assert!(shown.starts_with("VERDICT: violated\n7 violations among 2,000 orders:\n"), "{shown}");
    assert!(
        shown.contains("  orchestration  s1-00000042  lost: order-history does not know it\n"),
        "{shown}"
    );
    assert!(shown.contains("  and 6 more"), "{shown}");
}

#[test]
fn a_partial_result_says_so_and_what_was_not_measured_is_a_dash() {
    let mut report = report();
    report.partial = true;
    report.outcomes_differ = None;
    for cell in &mut report.cells {
        cell.latency_ms = None;
        cell.orders_per_s = None;
        cell.latency_us_buckets.clear();
    }
    let shown = shown(&report);
    assert!(shown.starts_with("VERDICT: clean (PARTIAL: "), "{shown}");
    let row = shown.lines().find(|line| line.starts_with("orders/s at saturation")).unwrap();
    assert_eq!(row.split_whitespace().filter(|word| *word == "-").count(), 3, "{row}");
    assert!(!shown.contains("both styles on one axis"), "{shown}");
}

#[test]
fn colours_are_used_only_where_there_are_any() {
    let terminal = Terminal { colour: true, unicode: true };
    assert!(render(&report(), terminal).starts_with("\x1b[1;32mVERDICT: clean\x1b[0m\n"));
    assert!(!shown(&report()).contains('\x1b'));
}

#[test]
fn the_report_survives_the_way_to_json_and_back() {
    let report = report();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(serde_json::from_value::<Report>(json.clone()).unwrap(), report);
    for path in [
        "/schema",
        "/verdict",
        "/violations",
        "/environment/yardstick/rows_per_s",
        "/environment/machine/cores",
        "/cells/0/style",
        "/cells/0/bus",
        "/cells/0/store",
        "/cells/0/orders",
        "/cells/0/outcomes/delivered",
        "/cells/0/orders_per_s",
        "/cells/0/latency_ms/p50",
        "/cells/0/latency_ms/p90",
        "/cells/0/latency_ms/p99",
        "/cells/0/latency_ms/max",
        "/cells/0/messages_per_order",
        "/cells/0/cpu_s_per_1000_orders",
        "/cells/0/peak_rss_bytes",
    ] {
        assert!(json.pointer(path).is_some(), "{path} is missing from {json}");
    }
    assert_eq!(json["verdict"], "clean");
    assert_eq!(json["cells"][1]["style"], "orchestration");
}

#[test]
fn every_field_of_the_report_is_documented() {
    let document = include_str!("../../REPORT.md");
    let mut names = Vec::new();
    collect(&serde_json::to_value(report()).unwrap(), &mut names);
    names.sort_unstable();
    names.dedup();
    let missing: Vec<_> = names.into_iter().filter(|name| !document.contains(&format!("`{name}`"))).collect();
    assert_eq!(missing, Vec::<String>::new());
}

fn collect(value: &serde_json::Value, names: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                names.push(name.clone());
                collect(value, names);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}
