//! Why items cannot be read.

use thiserror::Error;

/// Why items cannot be read: the cause of `States.ItemReaderFailed`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ReadError(pub String);

impl ReadError {
    /// That what was read is not what it should be.
    pub(crate) fn invalid(what: &str, why: impl std::fmt::Display) -> Self {
        Self(format!("The {what} could not be read: {why}"))
    }
}
