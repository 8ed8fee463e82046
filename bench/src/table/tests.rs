//! The table of a result.

use std::collections::BTreeMap;

use auditor::{Paths, ViolationKind};
use contract::{Style, TerminalState};
use durability::Durability;
use external::Rates;

use super::*;
use crate::report::{
    BrokerLimit, BusReport, Cell, CurvePoint, Environment, Machine, Percentiles, Phases, ProcessReport,
    ProcessRole, SCHEMA, StoreReport, Violation, Warming, Workload, Yardstick,
};

const PHASES: Phases = Phases { warm_up: 50, alone: 50, saturated: 600, paced: 300, curve: 0 };

fn cell(style: Style, factor: f64) -> Cell {
    let percentiles =
        |p50: f64| Percentiles { p50, p90: p50 * 2.0, p99: p50 * 5.0, max: p50 * 9.0, count: 900 };
    let outcomes =
        [(TerminalState::Delivered, 930), (TerminalState::Rejected, 10), (TerminalState::Cancelled, 60)];
    Cell {
        style,
        bus: "memory".into(),
        store: "sqlite".into(),
        bus_durability: Durability::Process,
        store_durability: Durability::Power,
        phases: PHASES,
        orders: 1000,
        outcomes: BTreeMap::from(outcomes),
        unaccounted: 0,
        outcomes_digest: "00000000000000aa".into(),
        orders_per_s: Some(5000.0 / factor),
        window_was_full: true,
        paced_share: Some(0.1 * factor),
        curve: Vec::new(),
        latency_ms: Some(percentiles(3.0 * factor)),
        latency_waiting_ms: Some(percentiles(1000.0)),
        latency_refused_ms: Some(percentiles(2.0)),
        latency_alone_ms: Some(percentiles(2.5 * factor)),
        latency_us_buckets: (0..50).map(|i| ((2000.0 * factor) as u64 + 60 * i, 50 - i)).collect(),
        sender_late_ms_max: Some(1.25),
        messages_per_order: Some(12.0 * factor),
        deliveries_per_order: Some(17.0),
        bytes_per_order: Some(9000.0 * factor),
        broker_messages_per_s: None,
        limit_share: None,
        limit_per_order: None,
        cpu_s_per_1000_orders: Some(0.3 * factor),
        cpu_s_per_1000_orders_measuring: Some(0.02),
        peak_rss_bytes: Some(60_000_000),
        processes: Vec::new(),
        store_commits_per_order: Some(0.5 * factor),
        retries: 0,
        paths: Paths { payments_declined: 20, captures: 930, ..Paths::default() },
    }
}

fn bus(name: &str, durability: Durability) -> BusReport {
    BusReport {
        name: name.into(),
        address: format!("{name}://***@127.0.0.1:5682/%2f"),
        product: format!("{name} 4.0.5"),
        kept_in: "quorum queues, 8 shards a group".into(),
        confirmed: "once a majority of replicas has flushed it".into(),
        settled: "by hand, after the commit".into(),
        replicas: 1,
        durability,
        limit: None,
        warming: None,
    }
}

/// What a curve finds of a cell.
fn curve(cell: &Cell, broker: Option<f64>) -> Vec<CurvePoint> {
    let point = |share: f64| CurvePoint {
        share,
        rate_per_s: cell.orders_per_s.unwrap() * share,
        orders: 1_500,
        latency_ms: cell.latency_ms,
        sender_late_ms_max: 0.5,
        cpu_s_per_1000_orders: 0.31 / share,
        cpu_s_per_1000_orders_broker: broker,
    };
    [0.05, 0.5, 0.9].map(point).into()
}

/// A result as a run on several brokers makes it.
fn on_brokers(names: &[&str]) -> Report {
    let mut report = report();
    let limit = BrokerLimit {
        body_bytes: 1024,
        messages_per_s: 16_500.0,
        one_at_a_time_per_s: 926.0,
        alone_ms_p50: 1.2,
    };
    let warming =
        Some(Warming { rounds: 3, took_s: 18.4, first_per_s: 2_036.0, last_per_s: 3_529.0, settled: true });
    report.environment.bus_durability = Durability::Power;
    report.environment.buses = names
        .iter()
        .map(|name| BusReport { limit: Some(limit), warming, ..bus(name, Durability::Power) })
        .collect();
    let process = |name: &str, role, cpu| ProcessReport {
        name: name.into(),
        role,
        cpu_s_per_1000_orders: Some(cpu),
        peak_rss_bytes: Some(1_234_000_000),
        not_measured: None,
    };
    report.cells = names
        .iter()
        .flat_map(|name| {
            [cell(Style::Choreography, 1.0), cell(Style::Orchestration, 2.0)].map(|cell| Cell {
                bus: (*name).to_owned(),
                bus_durability: Durability::Power,
                broker_messages_per_s: Some(15_000.0),
                limit_share: Some(0.912),
                limit_per_order: Some(13.4),
                curve: curve(&cell, Some(0.9)),
                processes: vec![
                    process("order-history", ProcessRole::Participant, 0.1),
                    process("broker", ProcessRole::Broker, 1.9),
                ],
                ..cell
            })
        })
        .collect();
    report
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
        unequal: Vec::new(),
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
            processes: false,
            bus_durability: Durability::Process,
            store_durability: Durability::Power,
            durability_asked: None,
            buses: vec![bus("memory", Durability::Process)],
            store: Some(StoreReport {
                name: "sqlite".into(),
                address: "sqlite:/tmp/duet-x".into(),
                product: "SQLite 3.51.0".into(),
                committed: "its write-ahead log is flushed (synchronous=FULL)".into(),
                durability: Durability::Power,
            }),
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
                phases: PHASES,
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
fn buses_stand_side_by_side_and_every_line_fits_on_100_columns() {
    let shown = shown(&on_brokers(&["rabbitmq", "kafka"]));
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    for line in [
        "                                       choreogr.   orchestr.   ratio   choreogr.   orchestr.   ratio",
        "orders/s at saturation                     5,000       2,500  x 0.50       5,000       2,500  x 0.50",
        "  share of its limit L                    91.2 %      91.2 %  x 1.00      91.2 %      91.2 %  x 1.00",
        "  orders/s in terms of L                  L/13.4      L/13.4  x 1.00      L/13.4      L/13.4  x 1.00",
        "    order-history                          0.100       0.100  x 1.00       0.100       0.100  x 1.00",
        "  broker                                    1.90        1.90  x 1.00        1.90        1.90  x 1.00",
        "  broker                                1,234 MB    1,234 MB  x 1.00    1,234 MB    1,234 MB  x 1.00",
        "             limit L: 16,500 messages/s of 1,024 bytes; 926/s one at a time; 1.20 ms alone",
        "Each order ended the same way in every cell.",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line:?} is missing from\n{shown}");
    }
    assert!(
        shown.lines().any(|line| line.trim_start().starts_with("rabbitmq  ") && line.ends_with(" kafka"))
    );
    assert!(shown.contains("\nkafka orchestration"), "{shown}");
}

#[test]
fn a_curve_stands_below_the_figures_that_it_ends_in() {
    let mut report = report();
    report.cells.iter_mut().for_each(|cell| cell.curve = curve(cell, None));
    let shown = shown(&report);
    let curve = shown.split_once("at shares of each style's own saturation").unwrap().1;
    for line in [
        "         orders/s      p50      p99      CPU orders/s      p50      p99      CPU",
        "  5 %         250     3.00     15.0     6.20      125     6.00     30.0     6.20",
        "  full      5,000        -        -    0.300    2,500        -        -    0.600",
    ] {
        assert!(curve.lines().any(|found| found == line), "{line:?} is missing from\n{curve}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn how_a_broker_was_warmed_is_said() {
    let shown = shown(&on_brokers(&["kafka"]));
    let said = "warmed: settled after 3 rounds (18 s): 2,036, then 3,529 orders/s, both styles together";
    assert!(shown.contains(said), "{shown}");
    assert!(shown.contains("broker"), "{shown}");
}

#[test]
fn a_bus_that_says_much_of_itself_is_given_more_lines() {
    let mut report = on_brokers(&["kafka"]);
    report.environment.buses[0].confirmed = "once every one of them has it ".repeat(6).trim_end().to_owned();
    let shown = shown(&report);
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    assert!(shown.contains("             confirmed: once every one of them"), "{shown}");
}

#[test]
fn a_third_bus_begins_a_block_of_its_own() {
    let shown = shown(&on_brokers(&["rabbitmq", "rabbitmq-2", "kafka"]));
    assert_eq!(shown.lines().filter(|line| line.starts_with("orders/s at saturation")).count(), 2, "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
}

#[test]
fn cells_that_are_not_equal_are_marked_at_the_top() {
    let mut report = on_brokers(&["memory", "kafka"]);
    report.unequal = vec!["durability: memory differs from kafka".into()];
    let shown = shown(&report);
    let said = "NOT EQUAL: compared although the cells' guarantees differ (--unequal):\n  durability: memory differs";
    assert!(shown.find(said).unwrap() < shown.find("orders/s").unwrap(), "{shown}");
}

#[test]
fn a_saturation_without_a_full_window_says_so_and_different_counts_are_not_compared() {
    let mut report = report();
    let few = "too few orders to keep the window full";
    assert!(!shown(&report).contains(few));
    report.cells[0].window_was_full = false;
    assert!(shown(&report).contains(few));
    report.cells[0].orders += 1;
    assert!(shown(&report).contains("Each order that several cells had ended the same way in them."));
    assert!(shown(&report).lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn percentiles_of_too_few_orders_are_dashes_and_the_table_says_why() {
    let mut report = report();
    for cell in &mut report.cells {
        cell.latency_ms = cell.latency_ms.map(|latency| Percentiles { count: 99, ..latency });
    }
    let shown = shown(&report);
    let row = |name: &str| shown.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(row("  p99").ends_with(" -             -             -"), "{shown}");
    assert!(row("  p90").contains("6.00 ms"), "{shown}");
    assert!(
        shown.contains("  (-: not measured in this run, or of too few orders: p99 needs 100, p90 10)\n"),
        "{shown}"
    );
}

#[test]
fn what_was_tried_again_is_shown_only_where_there_is_any() {
    let mut report = report();
    assert!(!shown(&report).contains("tried again"));
    report.cells[1].retries = 12;
    let row = format!("{:38}{:>14}{:>14}{:>14}", "tried again after a failure", 0, 12, "-");
    assert!(shown(&report).lines().any(|line| line == row), "{}", shown(&report));
}

#[test]
fn what_was_not_measured_is_said_with_the_reason() {
    let mut report = on_brokers(&["rabbitmq"]);
    for cell in &mut report.cells {
        cell.processes[1].cpu_s_per_1000_orders = None;
        cell.processes[1].not_measured = Some("it is not on this machine".into());
    }
    let said = "broker of rabbitmq not measured: it is not on this machine\n";
    assert_eq!(shown(&report).matches(said).count(), 1, "{}", shown(&report));
}

#[test]
fn a_violation_names_the_style_the_order_and_what_is_wrong() {
    let mut report = report();
    report.verdict = Verdict::Violated;
    report.violations_total = 7;
    report.violations = vec![Violation {
        style: Style::Orchestration,
        bus: "memory".into(),
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
    collect(&serde_json::to_value(on_brokers(&["kafka"])).unwrap(), &mut names);
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
