//! Why a system is not brought up, looked at, changed or ended.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use telemetry::Code;

use super::control::AskError;
use super::folder::{Folder, FolderError};
use crate::processes::keeper::Exit;
use crate::processes::{MissingPrograms, ProcessId};

/// Why `up`, `status`, `scale` or `down` did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum UpError {
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
        id: ProcessId,
        /// How it ended.
        exit: Exit,
    },
    /// The control socket cannot be made.
    #[error("the socket {} cannot be made", socket.display())]
    Control {
        socket: PathBuf,
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
            Self::WrongFlags { .. } | Self::Refused(_) | Self::NotUp { usage: true, .. } => Code::Usage,
            Self::Interrupted => Code::Interrupted,
            _ => Code::Failure,
        }
    }

    /// That another supervisor has the folder, with its process where that is written down.
    pub(super) fn taken(folder: &Folder) -> Self {
        let state = folder.read_state().ok().flatten();
        Self::Taken { folder: folder.path().to_owned(), holder: state.map(|state| state.supervisor.pid) }
    }
}
