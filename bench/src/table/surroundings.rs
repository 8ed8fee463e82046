//! Where and how it was measured, and what is guaranteed there.

use std::fmt::Write;

use terminal::{counted, grouped, significant};

use crate::compare::guarantees::survives;
use crate::report::{BusReport, Environment, Report, StoreReport, Warming, Workload};

/// What buses and store are and guarantee, as they said themselves.
#[must_use]
pub fn guarantees(buses: &[BusReport], store: &StoreReport) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = buses.iter().try_for_each(|bus| of_bus(&mut out, bus)).and_then(|()| of_store(&mut out, store));
    out
}

fn of_bus(out: &mut String, bus: &BusReport) -> std::fmt::Result {
    entry(out, &bus.name, &format!("{}: {}", bus.product, bus.kept_in))?;
    entry(out, "", &format!("at {}, {}", bus.address, counted(bus.replicas.into(), "replica")))?;
    entry(out, "", &format!("confirmed: {}", bus.confirmed))?;
    entry(out, "", &format!("settled: {}", bus.settled))?;
    entry(out, "", &format!("what it confirms {} ({})", survives(bus.durability), bus.durability))?;
    if let Some(warmed) = &bus.warming {
        entry(out, "", &warming("warmed", warmed))?;
    }
    let Some(limit) = bus.limit else { return Ok(()) };
    let limit = format!(
        "limit L: {} messages/s of {} bytes; {}/s one at a time; {} ms alone",
        significant(limit.messages_per_s),
        grouped(limit.body_bytes as u64),
        significant(limit.one_at_a_time_per_s),
        significant(limit.alone_ms_p50)
    );
    entry(out, "", &limit)
}

/// How a broker was warmed.
#[must_use]
pub fn warming(who: &str, warming: &Warming) -> String {
    let Warming { rounds, took_s, first_per_s, last_per_s, settled } = warming;
    let how = if *settled { "settled" } else { "had not settled" };
    let (first, last) = (significant(*first_per_s), significant(*last_per_s));
    let rounds = counted(*rounds, "round");
    format!(
        "{who}: {how} after {rounds} ({took_s:.0} s): {first}, then {last} orders/s, both styles together"
    )
}

fn of_store(out: &mut String, store: &StoreReport) -> std::fmt::Result {
    entry(out, &store.name, &format!("{}: {}", store.product, store.committed))?;
    entry(out, "", &format!("what it commits {} ({})", survives(store.durability), store.durability))
}

/// A name and what there is to say, over as many lines as it takes.
fn entry(out: &mut String, name: &str, text: &str) -> std::fmt::Result {
    const NAME: usize = 13;
    const WIDTH: usize = 100;
    let mut line = format!("{name:width$} ", width = NAME - 1);
    for word in text.split(' ') {
        let used = line.chars().count();
        if used > NAME && used + word.chars().count() > WIDTH {
            writeln!(out, "{}", line.trim_end())?;
            line = " ".repeat(NAME + 2);
        }
        line.push_str(word);
        line.push(' ');
    }
    writeln!(out, "{}", line.trim_end())
}

/// The environment of a report.
pub(super) fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    let environment = &report.environment;
    not_measured(out, report)?;
    writeln!(out)?;
    guaranteed(out, environment)?;
    let machine = &environment.machine;
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
    workload(out, report)?;
    if environment.processes {
        writeln!(out, "             services and orchestrator each as a process of its own")?;
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

/// The bus of this process and a file have little to say; servers have more.
fn guaranteed(out: &mut String, environment: &Environment) -> std::fmt::Result {
    match (environment.buses.as_slice(), &environment.store) {
        ([bus], Some(store)) if bus.name == "memory" && store.name == "sqlite" => {
            let (of_bus, of_store) = (environment.bus_durability, environment.store_durability);
            writeln!(out, "guarantees   what the bus {} confirms {} ({of_bus})", bus.name, survives(of_bus))?;
            writeln!(out, "             what {} commits {} ({of_store})", store.product, survives(of_store))
        }
        (buses, store) => {
            buses.iter().try_for_each(|bus| of_bus(out, bus))?;
            store.iter().try_for_each(|store| of_store(out, store))
        }
    }
}

/// Which processes have no figures, and why.
fn not_measured(out: &mut String, report: &Report) -> std::fmt::Result {
    let mut said = Vec::new();
    for cell in &report.cells {
        for process in &cell.processes {
            let Some(reason) = &process.not_measured else { continue };
            let line = format!("{} of {} not measured: {reason}", process.name, cell.bus);
            if !said.contains(&line) {
                writeln!(out, "{line}")?;
                said.push(line);
            }
        }
    }
    Ok(())
}

fn workload(out: &mut String, report: &Report) -> std::fmt::Result {
    let workload: &Workload = &report.environment.workload;
    let source =
        workload.orders_file.as_ref().map_or_else(|| format!("seed {}", workload.seed), Clone::clone);
    let every_cell = report.cells.iter().all(|cell| cell.phases == workload.phases);
    if every_cell {
        writeln!(out, "workload     {source}: {}", phases(workload.phases))?;
    } else {
        writeln!(out, "workload     {source}")?;
        for cells in report.cells.chunk_by(|a, b| a.bus == b.bus && a.phases == b.phases) {
            let cell = &cells[0];
            let which = if cells.len() > 1 { "both styles".to_owned() } else { cell.style.to_string() };
            writeln!(out, "             {which} on {}: {}", cell.bus, phases(cell.phases))?;
        }
    }
    if workload.bad_lines_skipped > 0 {
        writeln!(
            out,
            "             {} of the file skipped",
            counted(workload.bad_lines_skipped, "bad line")
        )?;
    }
    Ok(())
}

fn phases(phases: crate::report::Phases) -> String {
    format!(
        "{} warm-up, {} alone, {} saturated, {} paced{}",
        grouped(phases.warm_up),
        grouped(phases.alone),
        grouped(phases.saturated),
        grouped(phases.paced),
        if phases.curve > 0 { format!(", {} for the curve", grouped(phases.curve)) } else { String::new() }
    )
}
