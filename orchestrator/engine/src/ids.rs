//! What attempts and timers are called.

use serde::{Deserialize, Serialize};

/// One attempt of a task. Unique in its execution, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub u64);

/// A timer. Unique in its execution, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimerId(pub u64);

/// A run of a Map in distributed mode. Unique in its execution, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MapRunId(pub u64);

/// A timer that is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// What names it in facts and effects.
    #[serde(rename = "i")]
    pub id: TimerId,
    /// When it fires, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub at_ms: u64,
}

/// Greater than any id or count of an execution can become.
pub(crate) const NUMBER_MAX: u64 = 1 << 60;
