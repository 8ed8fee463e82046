//! The result as text: the verdict first, then the cells side by side.

mod columns;
mod curve;
mod rows;
mod surroundings;

use std::fmt::Write;

use terminal::{Colour, Terminal, counted, grouped};

use crate::picture;
use crate::report::{Report, Verdict};
use columns::Columns;
pub use surroundings::{guarantees, warming};

/// How many violations are listed one by one; `--json` has more of them.
const VIOLATIONS_SHOWN: usize = 40;

/// The whole result for people, but for what the user's own data says at most 80 columns wide, or 100 with several
/// buses or a broker.
#[must_use]
pub fn render(report: &Report, terminal: Terminal) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = verdict(&mut out, report, terminal)
        .and_then(|()| measured(&mut out, report, terminal))
        .and_then(|()| curve::write(&mut out, report, terminal))
        .and_then(|()| picture(&mut out, report, terminal))
        .and_then(|()| surroundings::write(&mut out, report));
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
    let one_bus = report.environment.buses.len() <= 1;
    let alike = report.cells.windows(2).all(|pair| pair[0].orders == pair[1].orders);
    match (report.outcomes_differ, one_bus) {
        (Some(0), _) if !alike => writeln!(
            out,
            "Each order that several cells had ended the same way in them. They had not equally many:\ncounts of orders and paths taken are not comparable."
        )?,
        (Some(0), true) => writeln!(out, "Each order ended the same way in both styles.")?,
        (Some(0), false) => writeln!(out, "Each order ended the same way in every cell.")?,
        (Some(orders), true) => {
            writeln!(out, "{} ended otherwise in the other style.", counted(orders, "order"))?;
        }
        (Some(orders), false) => {
            writeln!(out, "{} did not end the same way in every cell.", counted(orders, "order"))?;
        }
        (None, _) => {}
    }
    unequal(out, report, terminal)
}

fn unequal(out: &mut String, report: &Report, terminal: Terminal) -> std::fmt::Result {
    if report.unequal.is_empty() {
        return Ok(());
    }
    let mark = terminal.paint(Colour::Bad, "NOT EQUAL");
    writeln!(out, "{mark}: compared although the cells' guarantees differ (--unequal):")?;
    report.unequal.iter().try_for_each(|difference| writeln!(out, "  {difference}"))
}

fn violations(out: &mut String, report: &Report) -> std::fmt::Result {
    let several = report.environment.buses.len() > 1;
    for violation in report.violations.iter().take(VIOLATIONS_SHOWN) {
        let order = violation.order_id.as_deref().unwrap_or("(system)");
        let bus = if several { format!("{:10}  ", violation.bus) } else { String::new() };
        writeln!(out, "  {bus}{:13}  {order}  {}: {}", violation.style, violation.kind, violation.detail)?;
    }
    let shown = report.violations.len().min(VIOLATIONS_SHOWN) as u64;
    match report.violations_total.saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(out, "  and {} more (--json FILE has the first of each cell)", grouped(more)),
    }
}

fn measured(out: &mut String, report: &Report, terminal: Terminal) -> std::fmt::Result {
    for columns in Columns::blocks(&report.cells) {
        writeln!(out)?;
        rows::write(out, &columns, report, terminal)?;
    }
    Ok(())
}

fn picture(out: &mut String, report: &Report, terminal: Terminal) -> std::fmt::Result {
    let cells = || Columns::in_order(&report.cells);
    let several = report.environment.buses.len() > 1;
    let name = |cell: &crate::report::Cell| match several {
        true => format!("{} {}", cell.bus, cell.style),
        false => cell.style.to_string(),
    };
    let names: Vec<_> = cells().map(name).collect();
    let distributions: Vec<_> = names
        .iter()
        .map(String::as_str)
        .zip(cells().map(|cell| cell.latency_us_buckets.as_slice()))
        .collect();
    let which = if several { "every cell" } else { "both styles" };
    match picture::render(&distributions, terminal) {
        Some(picture) => write!(out, "\nlatency of delivered orders, {which} on one axis\n\n{picture}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
