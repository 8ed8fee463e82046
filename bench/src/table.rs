//! The result as text: the verdict first, then the styles side by side.

use std::fmt::Write;

use contract::{Style, TerminalState};
use durability::Durability;

use crate::picture;
use crate::report::{Cell, Percentiles, Report, Verdict};
use crate::text::{Colour, Terminal, counted, grouped, megabytes, significant};

/// How many violations are listed one by one; `--json` has more of them.
const VIOLATIONS_SHOWN: usize = 40;
const LABEL: usize = 38;
const COLUMN: usize = 14;

/// The whole result for people, at most 80 columns wide but for what the user's own data says.
#[must_use]
pub fn render(report: &Report, terminal: Terminal) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = verdict(&mut out, report, terminal)
        .and_then(|()| measured(&mut out, report, terminal))
        .and_then(|()| picture(&mut out, report, terminal))
        .and_then(|()| environment(&mut out, report));
    out
}

fn verdict(out: &mut String, report: &Report, terminal: Terminal) -> std::fmt::Result {
    let orders: u64 = report.cells.iter().map(|cell| cell.orders).sum();
    let partial = if report.partial { " (PARTIAL: the run was ended early)" } else { "" };
    match report.verdict {
        Verdict::Clean if orders == 0 => {
            writeln!(out, "NO VERDICT: the run was ended before any order was sent.")?;
        }
        Verdict::Clean => {
            writeln!(out, "{}{partial}", terminal.paint(Colour::Good, "VERDICT: clean"))?;
            writeln!(out, "All {} accounted for: none lost, doubled or stuck;", counted(orders, "order"))?;
            writeln!(out, "money, notices and histories are as they have to be.")?;
        }
        Verdict::Violated => {
            let found = counted(report.violations_total, "violation");
            writeln!(out, "{}{partial}", terminal.paint(Colour::Bad, "VERDICT: violated"))?;
            writeln!(out, "{found} among {}:", counted(orders, "order"))?;
            violations(out, report)?;
        }
    }
    match report.outcomes_differ {
        Some(0) => writeln!(out, "Each order ended the same way in both styles."),
        Some(orders) => writeln!(out, "{} ended otherwise in the other style.", counted(orders, "order")),
        None => Ok(()),
    }
}

fn violations(out: &mut String, report: &Report) -> std::fmt::Result {
    for violation in report.violations.iter().take(VIOLATIONS_SHOWN) {
        let order = violation.order_id.as_deref().unwrap_or("(system)");
        writeln!(out, "  {:13}  {order}  {}: {}", violation.style, violation.kind, violation.detail)?;
    }
    let shown = report.violations.len().min(VIOLATIONS_SHOWN) as u64;
    match report.violations_total.saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(out, "  and {} more (--json FILE has the first of each style)", grouped(more)),
    }
}

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

fn bytes(value: f64) -> String {
    megabytes(value as u64)
}

fn of(percentiles: Option<Percentiles>, which: fn(Percentiles) -> f64) -> Option<f64> {
    percentiles.map(which)
}

const SPEED: &[Row] = &[
    row("orders/s at saturation", |c| c.orders_per_s, significant),
    row("one order alone, p50", |c| of(c.latency_alone_ms, |p| p.p50), ms),
];

const LATENCY: &[Row] = &[
    row("  p50", |c| of(c.latency_ms, |p| p.p50), ms),
    row("  p90", |c| of(c.latency_ms, |p| p.p90), ms),
    row("  p99", |c| of(c.latency_ms, |p| p.p99), ms),
    row("  max", |c| of(c.latency_ms, |p| p.max), ms),
    row("  p50 if refused at once", |c| of(c.latency_refused_ms, |p| p.p50), ms),
    row("  p50 if back-off or time-out", |c| of(c.latency_waiting_ms, |p| p.p50), ms),
];

const COST: &[Row] = &[
    row("messages per order", |c| c.messages_per_order, significant),
    row("deliveries per order", |c| c.deliveries_per_order, significant),
    row("bytes per order", |c| c.bytes_per_order, significant),
    row("store commits per order", |c| c.store_commits_per_order, significant),
    row("CPU-seconds per 1000 orders", |c| c.cpu_s_per_1000_orders, significant),
    row("peak memory", |c| c.peak_rss_bytes.map(|bytes| bytes as f64), bytes),
];

fn measured(out: &mut String, report: &Report, terminal: Terminal) -> std::fmt::Result {
    let columns = Columns::new(&report.cells);
    writeln!(out)?;
    columns.heading(out, terminal)?;
    columns.rows(out, SPEED)?;
    let workload = &report.environment.workload;
    let pace = match (workload.rate_per_s, workload.speed) {
        (_, Some(speed)) => format!("delivered, file's pace x {}", significant(speed)),
        (Some(rate), None) => format!("delivered, at {} orders/s", significant(rate)),
        (None, None) => "delivered".to_owned(),
    };
    writeln!(out, "latency, {pace}")?;
    columns.rows(out, LATENCY)?;
    columns.rows(out, COST)?;
    writeln!(out)?;
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

struct Columns<'a>(Vec<&'a Cell>);

impl<'a> Columns<'a> {
    /// One for each style, in the order in which styles are shown.
    fn new(cells: &'a [Cell]) -> Self {
        let of = |style| cells.iter().find(|cell| cell.style == style);
        Self(Style::ALL.into_iter().filter_map(of).collect())
    }

    fn heading(&self, out: &mut String, terminal: Terminal) -> std::fmt::Result {
        let mut line = format!("{:LABEL$}", "");
        for cell in &self.0 {
            write!(line, "{:>COLUMN$}", cell.style.as_str())?;
        }
        write!(line, "{:>COLUMN$}", "ratio")?;
        writeln!(out, "{}", terminal.paint(Colour::Strong, &line))
    }

    fn rows(&self, out: &mut String, rows: &[Row]) -> std::fmt::Result {
        for row in rows {
            let values: Vec<_> = self.0.iter().map(|cell| (row.value)(cell)).collect();
            write!(out, "{:LABEL$}", row.label)?;
            for value in &values {
                write!(out, "{:>COLUMN$}", value.map_or_else(|| "-".to_owned(), row.show))?;
            }
            writeln!(out, "{:>COLUMN$}", ratio(&values))?;
        }
        Ok(())
    }

    fn counts(
        &self,
        out: &mut String,
        heading: &str,
        of: impl Fn(&Cell) -> Vec<(&'static str, u64)>,
    ) -> std::fmt::Result {
        let columns: Vec<_> = self.0.iter().map(|cell| of(cell)).collect();
        writeln!(out, "{heading}")?;
        for (index, (name, _)) in columns.first().into_iter().flatten().enumerate() {
            write!(out, "  {name:width$}", width = LABEL - 2)?;
            for column in &columns {
                let count = column.get(index).map_or_else(|| "-".to_owned(), |(_, count)| grouped(*count));
                write!(out, "{count:>COLUMN$}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// The second of the first.
fn ratio(values: &[Option<f64>]) -> String {
    match values {
        [Some(first), Some(second)] if *first > 0.0 => format!("x {:.2}", second / first),
        _ => "-".to_owned(),
    }
}

fn picture(out: &mut String, report: &Report, terminal: Terminal) -> std::fmt::Result {
    let distributions: Vec<_> = Columns::new(&report.cells)
        .0
        .iter()
        .map(|cell| (cell.style.as_str(), cell.latency_us_buckets.as_slice()))
        .collect();
    match picture::render(&distributions, terminal) {
        Some(picture) => write!(out, "\nlatency of delivered orders, both styles on one axis\n\n{picture}"),
        None => Ok(()),
    }
}

fn environment(out: &mut String, report: &Report) -> std::fmt::Result {
    let environment = &report.environment;
    let (machine, workload) = (&environment.machine, &environment.workload);
    let first = report.cells.first();
    let (bus, store) = first.map_or(("-", "-"), |cell| (cell.bus.as_str(), cell.store.as_str()));
    writeln!(out)?;
    let survives = |durability| match durability {
        Durability::Process => "lives as long as its process",
        Durability::Kill => "survives its process, not a power cut",
        Durability::Power => "survives a power cut",
    };
    let (of_bus, of_store) = (environment.bus_durability, environment.store_durability);
    writeln!(out, "guarantees   what the bus {bus} confirms {} ({of_bus})", survives(of_bus))?;
    writeln!(out, "             what the store {store} commits {} ({of_store})", survives(of_store))?;
    let memory = machine.memory_bytes.map(|bytes| format!(", {} GB", significant(bytes as f64 / 1e9)));
    writeln!(
        out,
        "machine      {}, {}{}, {}",
        counted(machine.cores as u64, "core"),
        machine.cpu,
        memory.unwrap_or_default(),
        machine.system
    )?;
    if let Some(yardstick) = environment.yardstick {
        writeln!(
            out,
            "yardstick    {} durable 1-KB rows/s, 100 a transaction; one alone {:.0} us",
            significant(yardstick.rows_per_s),
            yardstick.commit_us_p50
        )?;
    }
    let phases = workload.phases;
    let source =
        workload.orders_file.as_ref().map_or_else(|| format!("seed {}", workload.seed), Clone::clone);
    writeln!(
        out,
        "workload     {source}: {} warm-up, {} alone, {} saturated, {} paced",
        grouped(phases.warm_up),
        grouped(phases.alone),
        grouped(phases.saturated),
        grouped(phases.paced)
    )?;
    if workload.bad_lines_skipped > 0 {
        writeln!(
            out,
            "             {} of the file skipped",
            counted(workload.bad_lines_skipped, "bad line")
        )?;
    }
    if environment.profile != "release" {
        writeln!(out, "             a debug build: its figures mean nothing, run with --release")?;
    }
    writeln!(
        out,
        "run          duet {}, {:.1} s, {}",
        environment.duet_version, environment.duration_s, environment.started_at
    )
}

#[cfg(test)]
mod tests;
