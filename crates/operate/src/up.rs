//! `duet up`, `status`, `scale` and `down`: the system as processes of this machine, and a supervisor that keeps them
//! running.
//!
//! - [`policy`]: when a process is started, started again, asked to end and killed; pure;
//! - `supervisor`: does what the policy says, and tells it what happens;
//! - [`folder`], [`state`]: what all four commands agree on: who has the folder, and what runs in it;
//! - [`mark`]: how a process proves that it belongs to the folder's system;
//! - [`control`]: requests to a running supervisor;
//! - `detach`, `status`, `scale`, `down`: the commands beside `up` itself; [`orphans`]: what a supervisor left behind
//!   that was killed.

pub mod control;
mod detach;
mod down;
pub mod folder;
pub mod mark;
pub mod orphans;
pub mod policy;
mod scale;
pub mod settings;
pub mod state;
mod status;
mod supervisor;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use daemon::ConfigError;
use telemetry::Code;

use crate::processes::keeper::Exit;
use crate::processes::{MissingPrograms, PlannedBus, ProcessId, Program, Programs};
use control::AskError;
use folder::{Folder, FolderError};
use supervisor::say;

pub use down::{DownArgs, main as down};
pub use scale::{ScaleArgs, main as scale};
pub use settings::UpArgs;
pub use status::{StatusArgs, main as status};

/// Why `up`, `status`, `scale` or `down` did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// A flag cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Programs are missing.
    #[error(transparent)]
    Missing(#[from] MissingPrograms),
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The supervisor cannot be asked.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Another supervisor has the folder.
    #[error(
        "{} is taken by a running system{}: duet status shows it, duet down ends it; or choose another folder with --dir",
        folder.display(), holder.map_or_else(String::new, |pid| format!(" (supervised by process {pid})"))
    )]
    Taken {
        /// Which.
        folder: PathBuf,
        /// The other supervisor's process.
        holder: Option<u32>,
    },
    /// Nothing runs in the folder.
    #[error("nothing runs in {}: duet up starts it", .0.display())]
    NothingRuns(PathBuf),
    /// A process has wrong flags, so that the system cannot come up.
    #[error("{id} {exit}")]
    WrongFlags {
        /// Which.
        id: ProcessId,
        /// How it ended.
        exit: Exit,
    },
    /// The control socket cannot be made.
    #[error("the socket {} cannot be made", socket.display())]
    Control {
        /// Which.
        socket: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The supervisor that was started by `up --detach` has ended.
    #[error("the system did not come up: {reason}")]
    NotUp {
        /// What it said about it.
        reason: String,
        /// Its flags were wrong.
        usage: bool,
    },
    /// Not everything was ready in time.
    #[error("not everything is ready after {} s, so all of it was ended again: {reason}", within.as_secs())]
    NotReady {
        /// What was not.
        reason: String,
        /// How long it was waited for.
        within: Duration,
    },
    /// The supervisor refuses.
    #[error("{0}")]
    Refused(String),
    /// Scaling takes too long. It goes on.
    #[error("it goes on, but after {} s {what}", within.as_secs())]
    NotScaled {
        /// What is not as it is to be.
        what: String,
        /// How long it was waited for.
        within: Duration,
    },
    /// Something does not end.
    #[error("{what} still runs after {} s", within.as_secs())]
    NotEnded {
        /// What.
        what: String,
        /// How long it was waited for.
        within: Duration,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// The operating system refuses what is needed.
    #[error("the operating system refuses what a supervisor needs")]
    System(#[source] io::Error),
}

impl UpError {
    /// The exit code it ends the program with.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Config(_)
            | Self::WrongFlags { .. }
            | Self::Refused(_)
            | Self::NotUp { usage: true, .. } => Code::Usage,
            Self::Interrupted => Code::Interrupted,
            _ => Code::Failure,
        }
    }
}

/// Runs `duet up`.
///
/// # Errors
/// The system cannot be brought up.
pub fn main(args: &UpArgs) -> Result<ExitCode, UpError> {
    let settings = args.settings()?;
    let programs = Programs::beside_this_one().map_err(UpError::System)?;
    let embedded = matches!(settings.bus, PlannedBus::Embedded).then_some(Program::Bus);
    programs.check(Program::PARTICIPANTS.into_iter().chain(embedded))?;
    let folder = Folder::new(settings.dir.clone());
    folder.make()?;
    if let settings::Stores::Sqlite(dir) = &settings.stores {
        std::fs::create_dir_all(dir).map_err(|source| FolderError { path: dir.clone(), source })?;
    }
    if args.detach && !args.detached {
        return on_one_thread(detach::main(&settings, &folder, &programs));
    }
    if args.detached {
        // A session of its own: neither the terminal's end nor its Ctrl-C is for this process.
        rustix::process::setsid().map_err(|errno| UpError::System(errno.into()))?;
    }
    let Some(lock) = folder.lock()? else { return Err(taken(&folder)) };
    on_one_thread(async {
        // A supervisor that was killed may have left some; two of a kind would be in each other's way.
        for ended in orphans::end(&folder, settings.patience.stop_within).await? {
            say(&format!("{ended}, which an earlier supervisor had left behind"));
        }
        supervisor::run(settings, folder, programs, lock).await
    })
}

fn taken(folder: &Folder) -> UpError {
    let state = folder.read_state().ok().flatten();
    UpError::Taken { folder: folder.path().to_owned(), holder: state.map(|state| state.supervisor.pid) }
}

/// Runs it to its end on a runtime of this thread.
fn on_one_thread<T>(work: impl Future<Output = Result<T, UpError>>) -> Result<T, UpError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(UpError::System)?.block_on(work)
}
