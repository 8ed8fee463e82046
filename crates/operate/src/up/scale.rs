//! More or fewer instances of a program in a running system.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::UpError;
use super::control::{Answer, Request, ask};
use super::folder::Folder;
use super::settings::Instances;
use super::state::{Doing, State};
use crate::processes::ProcessId;

/// How often it is looked what the supervisor has written down.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What was done so that a program has so many instances; shown as a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaled {
    wanted: Instances,
    added: Vec<ProcessId>,
    removed: Vec<ProcessId>,
}

impl fmt::Display for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wanted: Instances { program, count }, added, removed } = self;
        let list = |ids: &[ProcessId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        write!(f, "{program}={count}: ")?;
        match (added.is_empty(), removed.is_empty()) {
            (true, true) => write!(f, "{program} has {count} already"),
            (false, _) => write!(f, "{} ready: {}", if added.len() == 1 { "is" } else { "are" }, list(added)),
            (true, false) => write!(f, "ended: {}", list(removed)),
        }
    }
}

/// Starts or ends instances, and waits until that is done.
///
/// # Errors
/// Nothing runs in the folder, the supervisor refuses, or it takes longer than `within`.
pub async fn scale(folder: &Folder, wanted: Instances, within: Duration) -> Result<Scaled, UpError> {
    let Instances { program, count } = wanted;
    let state = running(folder)?;
    let (added, removed) = match ask(&state.control, &Request::Scale { program, instances: count }).await? {
        Answer::Begun { added, removed } => (added, removed),
        Answer::Refused { reason } => return Err(UpError::Refused(reason)),
    };
    let deadline = Instant::now() + within;
    loop {
        let left = left(&running(folder)?, &added, &removed);
        if left.is_empty() {
            break;
        }
        if Instant::now() >= deadline {
            return Err(UpError::NotScaled { what: left.join("; "), within });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(Scaled { wanted, added, removed })
}

/// What is still to be waited for.
fn left(state: &State, added: &[ProcessId], removed: &[ProcessId]) -> Vec<String> {
    let of = |id: &ProcessId| state.processes.iter().find(|entry| entry.id == *id);
    let starting = added.iter().filter_map(|id| match of(id) {
        Some(entry) if entry.doing == Doing::Ready => None,
        Some(entry) => Some(format!("{id} is not ready: {}", entry.reason.as_deref().unwrap_or("it starts"))),
        None => Some(format!("{id} is not there yet")),
    });
    let ending = removed.iter().filter(|id| of(id).is_some()).map(|id| format!("{id} has not ended"));
    starting.chain(ending).collect()
}

fn running(folder: &Folder) -> Result<State, UpError> {
    let nothing = || UpError::NothingRuns(folder.path().to_owned());
    if !folder.is_supervised()? {
        return Err(nothing());
    }
    folder.read_state()?.ok_or_else(nothing)
}
