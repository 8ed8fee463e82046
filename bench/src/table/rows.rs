//! What is shown of each cell.

use contract::TerminalState;
use terminal::{Terminal, grouped, megabytes, significant};

use super::columns::Columns;
use crate::report::{Cell, Percentiles, ProcessReport, ProcessRole, Report};

/// One line of the table: how to get its number out of a cell, and how it is shown.
struct Row {
    label: &'static str,
    value: fn(&Cell) -> Option<f64>,
    show: fn(f64) -> String,
}

const fn row(label: &'static str, value: fn(&Cell) -> Option<f64>, show: fn(f64) -> String) -> Row {
    Row { label, value, show }
}

fn ms(value: f64) -> String {
    format!("{} ms", significant(value))
}

fn count(value: f64) -> String {
    grouped(value as u64)
}

fn bytes(value: f64) -> String {
    megabytes(value as u64)
}

fn percent(share: f64) -> String {
    format!("{} %", significant(share * 100.0))
}

fn part_of_limit(divisor: f64) -> String {
    format!("L/{}", significant(divisor))
}

/// How many values each percentile needs: with fewer, the largest of them would be called so.
pub(super) const P50_OF: u64 = 2;
const P90_OF: u64 = 10;
pub(super) const P99_OF: u64 = 100;

/// A percentile, where there are enough values for it.
pub(super) fn of(
    percentiles: Option<Percentiles>,
    values: u64,
    which: fn(Percentiles) -> f64,
) -> Option<f64> {
    percentiles.filter(|percentiles| percentiles.count >= values).map(which)
}

const SPEED: &[Row] = &[
    row("orders/s at saturation", |c| c.orders_per_s, significant),
    row("one order alone, p50", |c| of(c.latency_alone_ms, P50_OF, |p| p.p50), ms),
];

const LIMIT: &[Row] = &[
    row("broker: messages/s at saturation", |c| c.broker_messages_per_s, significant),
    row("  share of its limit L", |c| c.limit_share, percent),
    row("  orders/s in terms of L", |c| c.limit_per_order, part_of_limit),
];

const PACED: &[Row] = &[row("  share of its own saturation", |c| c.paced_share, percent)];

const LATENCY: &[Row] = &[
    row("  p50", |c| of(c.latency_ms, P50_OF, |p| p.p50), ms),
    row("  p90", |c| of(c.latency_ms, P90_OF, |p| p.p90), ms),
    row("  p99", |c| of(c.latency_ms, P99_OF, |p| p.p99), ms),
    row("  max", |c| of(c.latency_ms, 1, |p| p.max), ms),
    row("  p50 if refused at once", |c| of(c.latency_refused_ms, P50_OF, |p| p.p50), ms),
    row("  p50 if back-off or time-out", |c| of(c.latency_waiting_ms, P50_OF, |p| p.p50), ms),
];

const COST: &[Row] = &[
    row("messages per order", |c| c.messages_per_order, significant),
    row("deliveries per order", |c| c.deliveries_per_order, significant),
    row("bytes per order", |c| c.bytes_per_order, significant),
    row("store commits per order", |c| c.store_commits_per_order, significant),
];

/// Everything about the cells of a block.
pub(super) fn write(
    out: &mut String,
    columns: &Columns<'_>,
    report: &Report,
    terminal: Terminal,
) -> std::fmt::Result {
    let rows = |out: &mut String, rows: &[Row]| {
        rows.iter().try_for_each(|row| columns.row(out, row.label, row.value, row.show))
    };
    columns.heading(out, terminal)?;
    rows(out, SPEED)?;
    if columns.cells().any(|cell| cell.orders_per_s.is_some() && !cell.window_was_full) {
        out.push_str(
            "  (too few orders to keep the window full: filling and emptying it counts, too; more: --count)\n",
        );
    }
    if columns.cells().any(|cell| cell.broker_messages_per_s.is_some()) {
        rows(out, LIMIT)?;
    }
    out.push_str(&format!("latency, {}\n", pace(report)));
    if columns.cells().any(|cell| cell.paced_share.is_some()) {
        rows(out, PACED)?;
    }
    rows(out, LATENCY)?;
    if columns.cells().any(|cell| cell.latency_ms.is_some_and(|latency| latency.count < P99_OF)) {
        out.push_str(&format!(
            "  (-: not measured in this run, or of too few orders: p99 needs {P99_OF}, p90 {P90_OF})\n"
        ));
    }
    rows(out, COST)?;
    if columns.cells().any(|cell| cell.retries > 0) {
        columns.row(out, "tried again after a failure", |cell| Some(cell.retries as f64), count)?;
    }
    used(out, columns)?;
    out.push('\n');
    columns.counts(out, "orders", |cell| {
        let outcome = |state| cell.outcomes.get(&state).copied().unwrap_or(0);
        let mut rows = vec![("accepted", cell.orders)];
        rows.extend(TerminalState::ALL.map(|state| (state.as_str(), outcome(state))));
        if cell.unaccounted > 0 {
            rows.push(("unaccounted for", cell.unaccounted));
        }
        rows
    })?;
    columns.counts(out, "paths taken", |cell| cell.paths.named())
}

fn pace(report: &Report) -> String {
    let workload = &report.environment.workload;
    match (workload.rate_per_s, workload.speed) {
        (_, Some(speed)) => format!("delivered, file's pace x {}", significant(speed)),
        (Some(rate), None) => format!("delivered, at {} orders/s", significant(rate)),
        (None, None) => "delivered".to_owned(),
    }
}

/// CPU and memory, process by process where there are several.
fn used(out: &mut String, columns: &Columns<'_>) -> std::fmt::Result {
    let processes = processes(columns);
    let in_cell = |cell: &Cell| cell.cpu_s_per_1000_orders;
    if processes.is_empty() {
        columns.row(out, "CPU-seconds per 1000 orders", in_cell, significant)?;
        return columns.row(out, "peak memory", |cell| cell.peak_rss_bytes.map(|b| b as f64), bytes);
    }
    let apart = processes.iter().any(|(_, role)| *role == ProcessRole::Participant);
    out.push_str("CPU-seconds per 1000 orders\n");
    let services = if apart { "  services and orchestrator" } else { "  services, in one process" };
    columns.row(out, services, in_cell, significant)?;
    for (name, role) in &processes {
        let indent = if *role == ProcessRole::Participant { "    " } else { "  " };
        columns.row(
            out,
            &format!("{indent}{name}"),
            |cell| find(cell, name)?.cpu_s_per_1000_orders,
            significant,
        )?;
    }
    out.push_str("peak memory\n");
    columns.row(out, services, |cell| cell.peak_rss_bytes.map(|b| b as f64), bytes)?;
    for (name, role) in &processes {
        let indent = if *role == ProcessRole::Participant { "    " } else { "  " };
        let peak = |cell: &Cell| Some(find(cell, name)?.peak_rss_bytes? as f64);
        columns.row(out, &format!("{indent}{name}"), peak, bytes)?;
    }
    Ok(())
}

/// Every process of any cell, each once.
fn processes(columns: &Columns<'_>) -> Vec<(String, ProcessRole)> {
    let mut found = Vec::new();
    for process in columns.cells().flat_map(|cell| &cell.processes) {
        let process = (process.name.clone(), process.role);
        if !found.contains(&process) {
            found.push(process);
        }
    }
    found
}

fn find<'a>(cell: &'a Cell, name: &str) -> Option<&'a ProcessReport> {
    cell.processes.iter().find(|process| process.name == name)
}
