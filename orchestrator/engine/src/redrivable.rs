//! Whether an execution can be redriven.

use thiserror::Error;

use crate::execution::{Execution, Phase};
use crate::quotas::{DURATION_MS_MAX, HISTORY_EVENTS_MAX, REDRIVABLE_MS};
use crate::status::Status;

/// Why an execution cannot be redriven, in the words of AWS (`redriveStatusReason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotRedrivable {
    /// It has not ended.
    #[error("Execution is RUNNING and cannot be redriven")]
    Running,
    /// It ended well.
    #[error("Execution is SUCCEEDED and cannot be redriven")]
    Succeeded,
    /// It is an Express execution.
    #[error("Redrive is not supported for Express workflows")]
    Express,
    /// It began more than a year ago.
    #[error("Execution has exceeded the max execution time")]
    TooOld,
    /// It ended more than 14 days ago.
    #[error("Execution redrivable period exceeded")]
    TooLate,
    /// Its history has no place for the event that tells of it and one more.
    #[error("Execution history event limit exceeded")]
    HistoryFull,
    /// It is a child of a Map run, which redrives it: these words are not of AWS.
    #[error("Execution is a child of a Map Run and is redriven with it")]
    OfMapRun,
    /// What it left undone was not kept: it has no [`Identity`](crate::Identity), or ended before any was kept.
    #[error("Execution was started before the launch of RedriveExecution")]
    NotKept,
}

impl Execution {
    /// Whether it can be told [`Fact::Redriven`](crate::Fact::Redriven) at that time, in milliseconds since 1970.
    ///
    /// # Errors
    /// Why not.
    pub fn redrivable(&self, now_ms: u64) -> Result<(), NotRedrivable> {
        let Phase::Ended(ending) = self.phase() else { return Err(NotRedrivable::Running) };
        if ending.status == Status::Succeeded {
            return Err(NotRedrivable::Succeeded);
        }
        if self.is_express() {
            return Err(NotRedrivable::Express);
        }
        if now_ms.saturating_sub(self.started_ms()) > DURATION_MS_MAX {
            return Err(NotRedrivable::TooOld);
        }
        if now_ms.saturating_sub(ending.at_ms) > REDRIVABLE_MS {
            return Err(NotRedrivable::TooLate);
        }
        if self.history_len() + 1 >= HISTORY_EVENTS_MAX {
            return Err(NotRedrivable::HistoryFull);
        }
        if ending.unfinished.is_none() {
            return Err(NotRedrivable::NotKept);
        }
        Ok(())
    }
}
