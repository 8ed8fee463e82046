//! Why a binary did not start or did not go on.

use std::path::PathBuf;

use participant::ParticipantError;
use store::StoreError;
use telemetry::{Code, LogError};

use crate::serve::ServeError;

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flag}: found {value}, expected {expected}")]
pub struct ConfigError {
    /// The flag, e.g. `--bus`.
    pub flag: &'static str,
    /// The value found, without secrets.
    pub value: String,
    /// What would be right.
    pub expected: String,
}

impl ConfigError {
    /// `flag` has `value` and should have `expected`. The value is shown as it is: leave secrets out of it.
    pub fn new(flag: &'static str, value: impl std::fmt::Display, expected: impl Into<String>) -> Self {
        Self { flag, value: value.to_string(), expected: expected.into() }
    }
}

impl From<traces::InvalidSetting> for ConfigError {
    fn from(invalid: traces::InvalidSetting) -> Self {
        Self::new(invalid.variable, invalid.value, invalid.expected)
    }
}

/// Why a binary ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DaemonError {
    /// A setting cannot be used; nothing was started.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Logging cannot be set up.
    #[error("logging cannot be set up")]
    Log(#[from] LogError),
    /// Traces cannot be exported.
    #[error(transparent)]
    Traces(#[from] traces::StartError),
    /// The operating system gave no threads.
    #[error("the runtime cannot be started")]
    Runtime(#[source] std::io::Error),
    /// The store cannot be opened.
    #[error("the store {address} cannot be opened")]
    Store {
        /// Its address, without secrets.
        address: String,
        /// Why not.
        source: StoreError,
    },
    /// A file named by a flag cannot be used.
    #[error("the file {flag} {} cannot be used: name one in a folder that this user may write to", path.display())]
    File {
        /// The one that is wrong, e.g. `--store`.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Something that only this service needs is missing or wrong.
    #[error("the service cannot start")]
    Start(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// HTTP cannot be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The participant gave up.
    #[error("the service cannot go on")]
    Participant(#[from] ParticipantError),
    /// The metrics' names collide: a mistake of the program.
    #[error("the metrics cannot be registered")]
    Metrics(#[from] prometheus::Error),
    /// A part of the program ended by a panic, which the log shows.
    #[error("{0} ended by a panic")]
    Panicked(&'static str),
}

impl DaemonError {
    /// The exit code it ends the process with.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Config(_) | Self::Log(_) => Code::Usage,
            _ => Code::Failure,
        }
    }
}
