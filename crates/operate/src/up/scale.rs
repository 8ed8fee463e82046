//! `duet scale NAME=N`: more or fewer instances of a program in a running system.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use super::control::{Answer, Request, ask};
use super::folder::Folder;
use super::settings::{DirArgs, Instances};
use super::state::{Doing, State};
use super::{UpError, on_one_thread};
use crate::processes::ProcessId;

/// How often it is looked what the supervisor has written down.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Flags of `duet scale`.
#[derive(Clone, Debug, Args)]
pub struct ScaleArgs {
    /// The program and how many instances it is to have, e.g. order-status=3.
    #[arg(value_name = "NAME=N", required = true)]
    pub instances: Vec<Instances>,
    /// How long to wait until new ones are ready and others have ended, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub wait_s: u32,
    /// The folder.
    #[command(flatten)]
    pub dir: DirArgs,
}

/// Scales, and waits until that is done.
///
/// # Errors
/// Nothing runs, the supervisor refuses, or it takes too long.
pub fn main(args: &ScaleArgs) -> Result<ExitCode, UpError> {
    let folder = Folder::new(args.dir.absolute().map_err(UpError::System)?);
    let within = Duration::from_secs(args.wait_s.into());
    on_one_thread(async {
        for wanted in &args.instances {
            scale(&folder, *wanted, within).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn scale(
    folder: &Folder,
    Instances { program, count }: Instances,
    within: Duration,
) -> Result<(), UpError> {
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
    let list = |ids: &[ProcessId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let line = match (added.is_empty(), removed.is_empty()) {
        (true, true) => format!("{program} has {count} already"),
        (false, _) => format!("{} ready: {}", if added.len() == 1 { "is" } else { "are" }, list(&added)),
        (true, false) => format!("ended: {}", list(&removed)),
    };
    terminal::print(&format!("{program}={count}: {line}\n"));
    Ok(())
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
