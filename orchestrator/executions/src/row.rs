//! What the participant of executions keeps under its keys.

use serde::{Deserialize, Serialize};

use crate::forgotten::Forgotten;
use crate::kept_run::KeptRun;
use crate::queue::Queue;
use crate::stored::Stored;

/// What stands under a key. The key says which it is: `execution/…`, `queue/…`, `map-run/…`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Row {
    /// Where an execution stands.
    #[serde(rename = "x")]
    Execution(Box<Stored>),
    /// The tasks of an activity that nobody has taken on.
    #[serde(rename = "q")]
    Queue(Queue),
    /// A Map run that is over.
    #[serde(rename = "m")]
    MapRun(Box<KeptRun>),
    /// What is left of an execution that is forgotten, while its Map runs go.
    #[serde(rename = "f")]
    Forgotten(Forgotten),
}

impl Row {
    /// That of an execution.
    #[must_use]
    pub fn of(stored: Stored) -> Self {
        Self::Execution(Box::new(stored))
    }

    /// The execution, if it is one.
    #[must_use]
    pub fn execution(self) -> Option<Stored> {
        match self {
            Self::Execution(stored) => Some(*stored),
            Self::Queue(_) | Self::MapRun(_) | Self::Forgotten(_) => None,
        }
    }
}
