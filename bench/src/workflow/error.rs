//! Why the API cannot be measured.

use daemon::{ConfigError, DaemonError};
use operate::processes::ProcessesError;

/// Why it cannot be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum WorkflowError {
    /// There is no room for its files.
    #[error("{folder} cannot be written: choose another place with --store sqlite:DIR")]
    Folder {
        folder: String,
        #[source]
        source: std::io::Error,
    },
    /// The store's URL is none.
    #[error(transparent)]
    Url(#[from] ConfigError),
    /// The store cannot be used, or cannot be rid of what was put into it.
    #[error(transparent)]
    Store(#[from] DaemonError),
    /// The operating system does not say where the programs are.
    #[error("the program of the server cannot be found")]
    Programs(#[source] std::io::Error),
    /// The server does not run.
    #[error(transparent)]
    Server(#[from] ProcessesError),
    /// It does not answer, or not as it has to.
    #[error("{0}")]
    Answer(String),
    /// Executions are gone.
    #[error("{started} executions were started, and {kept} are in the store")]
    Lost { started: u64, kept: u64 },
}
