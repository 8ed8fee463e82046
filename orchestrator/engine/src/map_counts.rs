//! How many items or children of a Map run are how far.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sparse::is_default;
use crate::status::Status;

/// How many items, or children, of a Map run are how far: as `DescribeMapRun` counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MapRunCounts {
    /// Those that have not begun.
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    pub pending: u64,
    /// Those that are at work.
    #[serde(rename = "r", default, skip_serializing_if = "is_default")]
    pub running: u64,
    /// Those that succeeded.
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    pub succeeded: u64,
    /// Those that failed.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub failed: u64,
    /// Those that took too long.
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    pub timed_out: u64,
    /// Those that were stopped.
    #[serde(rename = "a", default, skip_serializing_if = "is_default")]
    pub aborted: u64,
    /// Those whose results were written.
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub results_written: u64,
    /// Those that ended without success, and are to be redriven: they are counted here only.
    #[serde(rename = "d", default, skip_serializing_if = "is_default")]
    pub pending_redrive: u64,
    /// Of those that failed, took too long or were stopped, those that cannot be redriven.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub not_redrivable: u64,
}

impl MapRunCounts {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.pending + self.running + self.pending_redrive + self.ended()
    }

    /// Those that have ended.
    pub fn ended(&self) -> u64 {
        self.succeeded + self.failed + self.timed_out + self.aborted
    }

    pub(crate) fn begin(&mut self, count: u64) {
        self.pending = self.pending.saturating_sub(count);
        self.running += count;
    }

    pub(crate) fn end(&mut self, count: u64, status: Status) {
        self.running = self.running.saturating_sub(count);
        *self.that_ended(status) += count;
    }

    fn that_ended(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Succeeded => &mut self.succeeded,
            Status::TimedOut => &mut self.timed_out,
            Status::Aborted => &mut self.aborted,
            Status::Failed | Status::Running => &mut self.failed,
        }
    }

    /// Those that ended so are to be redriven.
    pub(crate) fn wait_again(&mut self, count: u64, status: Status) {
        let ended = self.that_ended(status);
        *ended = ended.saturating_sub(count);
        self.pending_redrive += count;
    }

    /// Those that ended so are not to be redriven after all.
    pub(crate) fn stay(&mut self, count: u64, status: Status) {
        self.pending_redrive = self.pending_redrive.saturating_sub(count);
        *self.that_ended(status) += count;
    }

    pub(crate) fn begin_again(&mut self, count: u64) {
        self.pending_redrive = self.pending_redrive.saturating_sub(count);
        self.running += count;
    }

    /// As AWS writes them.
    pub fn to_json(&self) -> Value {
        json!({
            "pending": self.pending, "running": self.running, "succeeded": self.succeeded, "failed": self.failed,
            "timedOut": self.timed_out, "aborted": self.aborted, "total": self.total(),
            "resultsWritten": self.results_written, "failuresNotRedrivable": self.not_redrivable,
            "pendingRedrive": self.pending_redrive,
        })
    }
}
