//! The curves: latency and cost of each cell at shares of its own saturation, the styles of one bus next to each other.

use std::fmt::Write;

use contract::Style;
use terminal::{Colour, Terminal, significant};

use super::columns::Columns;
use super::rows::{P50_OF, P99_OF, of};
use crate::report::{Cell, CurvePoint, Percentiles, ProcessRole, Report};

const LABEL: usize = 8;
const NUMBER: usize = 9;

/// What a line says of one cell.
struct Line {
    rate_per_s: Option<f64>,
    latency_ms: Option<Percentiles>,
    /// CPU milliseconds an order: a second per 1000 orders is that.
    cpu_ms: Option<f64>,
    broker_cpu_ms: Option<f64>,
}

impl Line {
    fn at(cell: &Cell, share: f64) -> Self {
        let point: Option<&CurvePoint> =
            cell.curve.iter().find(|point| (point.share - share).abs() < f64::EPSILON);
        Self {
            rate_per_s: point.map(|point| point.rate_per_s),
            latency_ms: point.and_then(|point| point.latency_ms),
            cpu_ms: point.map(|point| point.cpu_s_per_1000_orders),
            broker_cpu_ms: point.and_then(|point| point.cpu_s_per_1000_orders_broker),
        }
    }

    fn saturated(cell: &Cell) -> Self {
        let broker = cell.processes.iter().find(|process| process.role == ProcessRole::Broker);
        Self {
            rate_per_s: cell.orders_per_s,
            latency_ms: None,
            cpu_ms: cell.cpu_s_per_1000_orders,
            broker_cpu_ms: broker.and_then(|broker| broker.cpu_s_per_1000_orders),
        }
    }

    fn write(&self, out: &mut String, with_broker: bool) -> std::fmt::Result {
        let percentiles = self.latency_ms;
        let p50 = of(percentiles, P50_OF, |p| p.p50);
        let p99 = of(percentiles, P99_OF, |p| p.p99);
        let broker = with_broker.then_some(self.broker_cpu_ms);
        for value in [self.rate_per_s, p50, p99, self.cpu_ms].into_iter().chain(broker) {
            write!(out, "{:>NUMBER$}", value.map_or_else(|| "-".to_owned(), significant))?;
        }
        Ok(())
    }
}

/// A table for each bus of which there is a curve.
pub(super) fn write(out: &mut String, report: &Report, terminal: Terminal) -> std::fmt::Result {
    let several = report.environment.buses.len() > 1;
    let cells: Vec<_> = Columns::in_order(&report.cells).collect();
    for cells in cells.chunk_by(|a, b| a.bus == b.bus) {
        if cells.iter().all(|cell| cell.curve.is_empty()) {
            continue;
        }
        let on = if several { format!("{}: ", cells[0].bus) } else { String::new() };
        writeln!(out, "\n{on}at shares of each style's own saturation; latency in ms, CPU in ms an order\n")?;
        of_bus(out, cells, terminal)?;
    }
    Ok(())
}

fn of_bus(out: &mut String, cells: &[&Cell], terminal: Terminal) -> std::fmt::Result {
    let points = || cells.iter().flat_map(|cell| &cell.curve);
    let with_broker = points().any(|point| point.cpu_s_per_1000_orders_broker.is_some());
    let names = ["orders/s", "p50", "p99", "CPU"].into_iter().chain(with_broker.then_some("broker"));
    let width = NUMBER * names.clone().count();
    let (mut styles, mut heading) = (" ".repeat(LABEL), " ".repeat(LABEL));
    for cell in cells {
        write!(styles, "{:>width$}", Style::as_str(cell.style))?;
        names.clone().try_for_each(|name| write!(heading, "{name:>NUMBER$}"))?;
    }
    writeln!(out, "{}\n{heading}", terminal.paint(Colour::Strong, &styles))?;
    let mut shares: Vec<f64> = points().map(|point| point.share).collect();
    shares.sort_by(f64::total_cmp);
    shares.dedup();
    for share in shares {
        write!(out, "{:LABEL$}", format!("  {:.0} %", share * 100.0))?;
        cells.iter().try_for_each(|cell| Line::at(cell, share).write(out, with_broker))?;
        writeln!(out)?;
    }
    write!(out, "{:LABEL$}", "  full")?;
    cells.iter().try_for_each(|cell| Line::saturated(cell).write(out, with_broker))?;
    writeln!(out)
}
