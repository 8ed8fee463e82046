//! `duet down`: ends what `duet up` started.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use rustix::process::Signal;
use tokio::time::Instant;

use super::control::{Request, ask};
use super::folder::Folder;
use super::orphans::{self, Ended};
use super::settings::DirArgs;
use super::state::{Entry, State};
use super::{UpError, on_one_thread};

/// How often it is looked whether the supervisor has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How much longer than its processes the supervisor may take: first the participants end, then the bus.
const GRACE: Duration = Duration::from_secs(10);

/// Flags of `duet down`.
#[derive(Clone, Debug, Args)]
pub struct DownArgs {
    /// The folder.
    #[command(flatten)]
    pub dir: DirArgs,
}

/// Ends everything in the folder and waits for it.
///
/// # Errors
/// Something does not end.
pub fn main(args: &DownArgs) -> Result<ExitCode, UpError> {
    let folder = Folder::new(args.dir.absolute().map_err(UpError::System)?);
    on_one_thread(async {
        let ended = if folder.is_supervised()? { end_supervised(&folder).await? } else { Vec::new() };
        // With the supervisor gone, nobody else may touch what is left while it is being ended.
        let left = match folder.path().is_dir() {
            true => match folder.lock()? {
                Some(_lock) => {
                    let within = folder.read_state()?.map_or(0, |state| state.stop_s);
                    orphans::end(&folder, Duration::from_secs(within)).await?
                }
                None => return Err(super::taken(&folder)),
            },
            false => Vec::new(),
        };
        show(&folder, &ended, &left);
        Ok(ExitCode::SUCCESS)
    })
}

fn show(folder: &Folder, ended: &[Ended], left: &[Ended]) {
    let mut lines: Vec<_> = ended.iter().map(ToString::to_string).collect();
    lines.extend(
        left.iter().map(|left| format!("{left}, which a supervisor that was killed had left behind")),
    );
    if lines.is_empty() {
        lines.push(format!("nothing runs in {}", folder.path().display()));
    }
    terminal::print(&(lines.join("\n") + "\n"));
}

/// Asks the supervisor to end everything, and waits until it has.
async fn end_supervised(folder: &Folder) -> Result<Vec<Ended>, UpError> {
    let Some(before) = folder.read_state()? else {
        // It has taken the folder, and not begun yet.
        return Err(super::taken(folder));
    };
    let signal = |signal| {
        let supervisor = before.supervisor;
        folder.is_supervisor(supervisor.pid) && supervisor.signal(signal)
    };
    // Who does not answer may still hear a signal.
    if let Err(error) = ask(&before.control, &Request::Down).await
        && !signal(Signal::TERM)
        && folder.is_supervised()?
    {
        return Err(error.into());
    }
    // The participants may take as long as they may, and then the bus as long again.
    let within = Duration::from_secs(before.stop_s) * 2 + GRACE;
    let (mut killed, mut deadline) = (false, Instant::now() + within);
    while folder.is_supervised()? {
        if Instant::now() >= deadline {
            // What it leaves behind is ended as what any killed supervisor leaves behind.
            let what = format!("the supervisor (process {})", before.supervisor.pid);
            if killed || !signal(Signal::KILL) {
                return Err(UpError::NotEnded { what, within });
            }
            (killed, deadline) = (true, Instant::now() + GRACE);
            terminal::print(&format!("{what} has not ended within {} s: killed it\n", within.as_secs()));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    if killed {
        return Ok(Vec::new());
    }
    let after = folder.read_state()?;
    Ok(before.processes.iter().filter_map(|entry| ended(entry, after.as_ref())).collect())
}

fn ended(before: &Entry, after: Option<&State>) -> Option<Ended> {
    let pid = before.process?.pid;
    let after = after.and_then(|state| state.processes.iter().find(|entry| entry.id == before.id));
    Some(Ended { id: before.id, pid, killed: after.is_some_and(|entry| entry.killed) })
}
