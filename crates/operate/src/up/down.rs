//! Ends what `duet up` started.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::UpError;
use super::control::{Request, ask};
use super::folder::Folder;
use super::orphans::{self, Ended};
use super::state::{Entry, State};

/// How often it is looked whether the supervisor has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How much longer than its processes the supervisor may take: first the participants end, then the bus.
const GRACE: Duration = Duration::from_secs(10);

/// What was ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Down {
    /// By its supervisor.
    pub ended: Vec<Ended>,
    /// What a supervisor that was killed had left behind.
    pub left_behind: Vec<Ended>,
}

/// Ends everything in the folder and waits for it. A supervisor that does not end in time is killed; `killed` is told so.
///
/// # Errors
/// Something does not end.
pub async fn down(folder: &Folder, killed: impl FnMut(&str)) -> Result<Down, UpError> {
    let ended = if folder.is_supervised()? { end_supervised(folder, killed).await? } else { Vec::new() };
    // With the supervisor gone, nobody else may touch what is left while it is being ended.
    let left_behind = match folder.path().is_dir() {
        true => match folder.lock()? {
            Some(_lock) => {
                let within = folder.read_state()?.map_or(0, |state| state.stop_s);
                orphans::end(folder, Duration::from_secs(within)).await?
            }
            None => return Err(UpError::taken(folder)),
        },
        false => Vec::new(),
    };
    Ok(Down { ended, left_behind })
}

/// Asks the supervisor to end everything, and waits until it has.
async fn end_supervised(folder: &Folder, mut tell_killed: impl FnMut(&str)) -> Result<Vec<Ended>, UpError> {
    let Some(before) = folder.read_state()? else {
        // It has taken the folder, and not begun yet.
        return Err(UpError::taken(folder));
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
            tell_killed(&format!("{what} has not ended within {} s: killed it", within.as_secs()));
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
