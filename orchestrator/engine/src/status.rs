//! How an execution is doing.

use serde::{Deserialize, Serialize};

/// How an execution is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It has not ended.
    Running,
    /// It ended with an output.
    Succeeded,
    /// It ended with an error that nothing caught.
    Failed,
    /// It took longer than the definition's `TimeoutSeconds`.
    TimedOut,
    /// It was stopped from outside.
    Aborted,
}

impl Status {
    /// As AWS writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}
