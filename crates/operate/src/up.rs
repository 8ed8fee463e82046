//! `duet up`, `status`, `scale` and `down`: the system as processes of this machine, and a supervisor that keeps them
//! running.
//!
//! - [`policy`]: when a process is started, started again, asked to end and killed; pure;
//! - `supervisor`: does what the policy says, and tells it what happens;
//! - [`folder`], [`state`]: what all four commands agree on: who has the folder, and what runs in it;
//! - [`mark`]: how a process proves that it belongs to the folder's system;
//! - [`control`]: requests to a running supervisor;
//! - `detach`, [`scale`], [`down`]: what is done beside that; [`orphans`]: what a supervisor left behind that was killed.

pub mod control;
mod detach;
pub mod down;
mod error;
pub mod folder;
pub mod mark;
pub mod orphans;
pub mod policy;
pub mod scale;
pub mod settings;
pub mod state;
mod supervisor;

use crate::processes::{PlannedBus, Program, Programs};
pub use error::UpError;
use folder::{Folder, FolderError};
use settings::{Stores, UpSettings};
use supervisor::say;

/// Where the supervisor lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// In this process, at its terminal.
    Here,
    /// In a process of its own, which goes on when everything is ready and this one has ended.
    Detached,
    /// In this process, which was started for that and takes a session of its own.
    OwnSession,
}

/// Runs `duet up`.
///
/// # Errors
/// The system cannot be brought up.
pub fn main(settings: UpSettings, seat: Seat) -> Result<(), UpError> {
    let programs = Programs::beside_this_one().map_err(UpError::System)?;
    let embedded = matches!(settings.bus, PlannedBus::Embedded).then_some(Program::Bus);
    programs.check(Program::PARTICIPANTS.into_iter().chain(embedded))?;
    let folder = Folder::new(settings.dir.clone());
    folder.make()?;
    if let Stores::Sqlite(dir) = &settings.stores {
        std::fs::create_dir_all(dir).map_err(|source| FolderError { path: dir.clone(), source })?;
    }
    match seat {
        Seat::Here => {}
        Seat::Detached => return on_one_thread(detach::main(&settings, &folder, &programs)),
        // Neither the terminal's end nor its Ctrl-C is for this process.
        Seat::OwnSession => {
            rustix::process::setsid().map_err(|errno| UpError::System(errno.into()))?;
        }
    }
    let Some(lock) = folder.lock()? else { return Err(UpError::taken(&folder)) };
    on_one_thread(async {
        // A supervisor that was killed may have left some; two of a kind would be in each other's way.
        for ended in orphans::end(&folder, settings.patience.stop_within).await? {
            say(&format!("{ended}, which an earlier supervisor had left behind"));
        }
        supervisor::run(settings, folder, programs, lock).await
    })
}

/// Runs it to its end on a runtime of this thread.
///
/// # Errors
/// Those of the work; or the operating system gives no runtime.
pub fn on_one_thread<T>(work: impl Future<Output = Result<T, UpError>>) -> Result<T, UpError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(UpError::System)?.block_on(work)
}
