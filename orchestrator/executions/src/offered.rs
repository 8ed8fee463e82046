//! A task that waits for a worker.

use engine::TaskId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A task of an activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// The key of the execution that waits for it.
    #[serde(rename = "x")]
    pub execution: String,
    /// The attempt.
    #[serde(rename = "t")]
    pub task: TaskId,
    /// What the worker is given.
    #[serde(rename = "i")]
    pub input: Value,
}
