//! `duet status`: what runs, how it is, and what it uses.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use operate::processes::Program;
use operate::processes::kernel::{self, Usage};
use operate::up::UpError;
use operate::up::folder::Folder;
use operate::up::settings::DirArgs;
use operate::up::state::{Doing, Entry, Phase, State};
use participant::{Clock as _, SystemClock};
use serde::Serialize;
use telemetry::{Code, exit_with};
use terminal::{Colour, Terminal, megabytes};

/// Characters of a reason that the table shows; `--json` has all of them.
const REASON_SHOWN: usize = 160;

/// Flags of `duet status`.
#[derive(Clone, Debug, Args)]
pub(crate) struct StatusArgs {
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    dir: DirArgs,
}

/// What `--json` prints: the supervisor's own account, with what the kernel says.
#[derive(Debug, Serialize)]
struct Status {
    /// A supervisor keeps the processes running. Without one, the rest tells how it was left.
    supervised: bool,
    /// Everything runs and is ready.
    ready: bool,
    bus: String,
    stores: String,
    phase: Phase,
    supervisor_pid: u32,
    processes: Vec<Process>,
}

#[derive(Debug, Serialize)]
struct Process {
    #[serde(flatten)]
    entry: Entry,
    pid: Option<u32>,
    uptime_s: Option<f64>,
    cpu_s: Option<f64>,
    memory_bytes: Option<u64>,
}

/// Shows what runs in the folder. Returns exit code 0 only when everything is ready.
pub(crate) fn main(args: &StatusArgs) -> ExitCode {
    show(args).unwrap_or_else(|error| exit_with(&error, error.code()))
}

fn show(args: &StatusArgs) -> Result<ExitCode, UpError> {
    let folder = Folder::new(args.dir.absolute().map_err(UpError::System)?);
    let supervised = folder.is_supervised()?;
    let Some(state) = folder.read_state()? else {
        return Err(UpError::NothingRuns(folder.path().to_owned()));
    };
    let status = status(state, supervised, SystemClock.now(), kernel::usage);
    if args.json {
        let json = serde_json::to_string_pretty(&status);
        let json = json.expect("a status has only string keys and finite numbers");
        terminal::print_json(&(json + "\n"));
    } else {
        terminal::print_drawn(Terminal::stdout(), |terminal| table(&status, terminal));
    }
    Ok(if status.ready { ExitCode::SUCCESS } else { Code::Failure.into() })
}

fn status(state: State, supervised: bool, now_ms: i64, usage: impl Fn(u32) -> Option<Usage>) -> Status {
    let ready = supervised && state.all_ready();
    let alive = state.alive();
    let process = |mut entry: Entry| {
        let runs = alive.iter().any(|(id, _)| *id == entry.id);
        if entry.process.is_some() && !runs {
            // It ended a moment ago, or with its supervisor.
            entry.process = None;
        }
        if !supervised && !runs {
            (entry.doing, entry.reason) = (Doing::Stopped, None);
        }
        let pid = entry.process.map(|process| process.pid);
        let usage = pid.and_then(&usage);
        let up = Duration::from_millis(u64::try_from(now_ms - entry.started_at_ms).unwrap_or(0));
        Process {
            pid,
            uptime_s: pid.map(|_| up.as_secs_f64()),
            cpu_s: usage.map(|usage| usage.cpu.as_secs_f64()),
            memory_bytes: usage.map(|usage| usage.resident_bytes),
            entry,
        }
    };
    Status {
        supervised,
        ready,
        phase: state.phase,
        supervisor_pid: state.supervisor.pid,
        processes: state.processes.iter().cloned().map(process).collect(),
        bus: state.bus,
        stores: state.stores,
    }
}

const HEAD: [&str; 9] =
    ["NAME", "INSTANCE", "PID", "STATE", "UPTIME", "RESTARTS", "CPU", "MEMORY", "ADDRESS"];

fn table(status: &Status, terminal: Terminal) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(status.processes.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..HEAD.len()).map(width).collect();
    let mut out = String::new();
    for (number, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let padded = format!("{cell:width$}");
            let is_state = column == 3 && number > 0;
            if is_state { terminal.paint(colour(cell), &padded) } else { padded }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for process in &status.processes {
        if let Some(reason) = &process.entry.reason {
            let shown: String = reason.chars().take(REASON_SHOWN).collect();
            let dots = if shown.len() < reason.len() { "…" } else { "" };
            let _ = writeln!(out, "{}: {shown}{dots}", process.entry.name);
        }
    }
    out + &conclusion(status)
}

fn conclusion(status: &Status) -> String {
    let Status { bus, stores, .. } = status;
    let left = status.processes.iter().filter(|process| process.pid.is_some()).count();
    match (status.supervised, status.phase) {
        (true, Phase::Running) => {
            format!("bus {bus}, stores {stores}, supervised by process {}\n", status.supervisor_pid)
        }
        (true, _) => "everything is being ended\n".to_owned(),
        (false, Phase::Stopped) => "nothing runs: duet up starts it\n".to_owned(),
        (false, _) => {
            let left = match left {
                0 => "nothing runs any more".to_owned(),
                1 => "one process still runs without it".to_owned(),
                more => format!("{more} processes still run without it"),
            };
            format!(
                "the supervisor (process {}) was killed; {left}: duet down clears up\n",
                status.supervisor_pid
            )
        }
    }
}

fn row(process: &Process) -> [String; 9] {
    let Process { entry, pid, uptime_s, cpu_s, memory_bytes } = process;
    let none = || "-".to_owned();
    let scheme = if entry.id.program == Program::Bus { "tcp" } else { "http" };
    [
        entry.id.program.to_string(),
        entry.id.instance.to_string(),
        pid.map_or_else(none, |pid| pid.to_string()),
        word(entry.doing).to_owned(),
        uptime_s.map_or_else(none, uptime),
        entry.restarts.to_string(),
        cpu_s.map_or_else(none, |cpu| format!("{cpu:.1} s")),
        memory_bytes.map_or_else(none, megabytes),
        entry.address.map_or_else(none, |address| format!("{scheme}://{address}")),
    ]
}

const fn word(doing: Doing) -> &'static str {
    match doing {
        Doing::Ready => "ready",
        Doing::Waiting => "waiting",
        Doing::Restarting => "restarting",
        Doing::Failed => "failed",
        Doing::Stopping => "stopping",
        Doing::Stopped => "stopped",
    }
}

fn colour(word: &str) -> Colour {
    match word {
        "ready" => Colour::Good,
        "waiting" | "stopping" => Colour::Strong,
        _ => Colour::Bad,
    }
}

/// `45 s`, `12 min`, `3 h 20 min`, `2 d 5 h`.
fn uptime(seconds: f64) -> String {
    let seconds = seconds as u64;
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests;
