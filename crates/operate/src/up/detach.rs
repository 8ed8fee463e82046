//! Starts the supervisor in a session of its own, and waits until everything is ready.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep_until, timeout};

use super::UpError;
use super::folder::Folder;
use super::settings::{UpSettings, usual_port};
use super::state::{Doing, State};
use crate::processes::logs::Log;
use crate::processes::{Program, Programs};

/// How often it is looked what the supervisor has written down.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Lines of the supervisor's log that are shown when it does not come up.
const LOG_LINES_SHOWN: usize = 10;
/// How much longer than its processes the supervisor may take to end.
const GRACE: Duration = Duration::from_secs(10);

pub(super) async fn main(settings: &UpSettings, folder: &Folder, programs: &Programs) -> Result<(), UpError> {
    if folder.is_supervised()? {
        return Err(UpError::taken(folder));
    }
    let interrupted = daemon::on_signals().map_err(UpError::System)?;
    let log = folder.supervisor_log();
    let log_from = log.len();
    let mut supervisor = start(programs, &log).map_err(UpError::System)?;
    let deadline = Instant::now() + settings.ready_within;
    let mut shown = BTreeSet::new();
    loop {
        if let Some(status) = supervisor.try_wait().map_err(UpError::System)? {
            let said =
                log.last_error(log_from).unwrap_or_else(|| log.tail(log_from, LOG_LINES_SHOWN).join("\n  "));
            let usage = status.code() == Some(telemetry::Code::Usage.as_u8().into());
            return Err(UpError::NotUp { reason: said, usage });
        }
        let state = folder.read_state()?.filter(|state| Some(state.supervisor.pid) == supervisor.id());
        if let Some(state) = &state {
            show_ready(state, &mut shown);
            if state.all_ready() && state.processes.len() > 1 {
                let pid = state.supervisor.pid;
                let line =
                    format!("everything is ready, supervised by process {pid}; duet status, duet down\n");
                terminal::print(&line);
                return Ok(());
            }
        }
        if interrupted.is_requested() {
            end(&mut supervisor, settings.patience.stop_within).await;
            return Err(UpError::Interrupted);
        }
        if Instant::now() >= deadline {
            let reason = state.as_ref().map_or_else(|| "it has not begun".to_owned(), not_ready);
            end(&mut supervisor, settings.patience.stop_within).await;
            return Err(UpError::NotReady { reason, within: settings.ready_within });
        }
        sleep_until((Instant::now() + LOOK_EVERY).min(deadline)).await;
    }
}

/// This very command again, as the supervisor.
fn start(programs: &Programs, log: &Log) -> std::io::Result<Child> {
    // Its first argument is `up`, or this would not be it.
    let mut args: Vec<OsString> = std::env::args_os().skip(1).collect();
    args.insert(1.min(args.len()), "--detached".into());
    let output = log.open()?;
    let errors = output.try_clone()?;
    Command::new(programs.duet()).args(args).stdin(Stdio::null()).stdout(output).stderr(errors).spawn()
}

async fn end(supervisor: &mut Child, within: Duration) {
    let pid = supervisor.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // An error means that it has ended.
        let _ = kill_process(pid, Signal::TERM);
    }
    if timeout(within + GRACE, supervisor.wait()).await.is_err() {
        let _ = supervisor.kill().await;
    }
}

fn show_ready(state: &State, shown: &mut BTreeSet<String>) {
    for entry in &state.processes {
        if entry.doing == Doing::Ready && shown.insert(entry.name.clone()) {
            let scheme = if entry.id.program == Program::Bus { "tcp" } else { "http" };
            let address = entry.address.map_or_else(String::new, |address| format!(": {scheme}://{address}"));
            let usual = usual_port(entry.id).port();
            let elsewhere = match entry.address {
                Some(address) if usual != 0 && address.port() != usual => {
                    format!(" (not {usual}: another program has that port)")
                }
                _ => String::new(),
            };
            terminal::print(&format!("{} is ready{address}{elsewhere}\n", entry.name));
        }
    }
}

/// What is not ready, and why; of one that has ended, also what its log says last.
fn not_ready(state: &State) -> String {
    let waiting = state.processes.iter().filter(|entry| entry.doing != Doing::Ready);
    let told = waiting.map(|entry| {
        let mut told = format!("\n  {}: {}", entry.name, entry.reason.as_deref().unwrap_or("it starts"));
        if entry.doing != Doing::Waiting {
            let tail = Log::at(entry.log.clone()).tail(0, LOG_LINES_SHOWN);
            told.extend(tail.iter().map(|line| format!("\n    {line}")));
        }
        told
    });
    told.collect()
}
