//! What an execution is told.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::child::ChildStart;
use crate::cut;
use crate::effect::{Refusal, RefusedAt};
use crate::identity::Identity;
use crate::ids::{MapRunId, TaskId, TimerId};
use crate::map_news::MapNews;
use crate::rules::Rules;
use crate::sparse::{is_default, is_one, one};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fact {
    /// The execution begins. Stale if it has begun already.
    #[serde(rename = "start")]
    Started {
        /// The id of the execution.
        execution: String,
        /// What it begins with.
        input: Value,
        /// What jitter and the functions with randomness are computed from.
        seed: u64,
        /// The first id of its tasks and timers: 1, unless it takes the place of another execution under its id, whose own are
        /// not used again.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        first_id: u64,
        /// Who it is to AWS, if that matters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<Box<Identity>>,
        /// Whether it is an Express execution, whose history has no limit.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        express: bool,
        /// What it goes by from now on: [`Rules::TODAY`], whoever begins it.
        #[serde(default = "Rules::first", skip_serializing_if = "Rules::are_first")]
        rules: Rules,
    },
    /// The function that a task called returned: the task is done, and how the function was called says what its result is.
    #[serde(rename = "ok")]
    FunctionReturned {
        /// The attempt.
        task: TaskId,
        /// What the function returned.
        output: Value,
    },
    /// A task is done.
    #[serde(rename = "done")]
    TaskSucceeded {
        /// The attempt.
        task: TaskId,
        /// Its result.
        output: Value,
    },
    /// A worker has taken on the task of an activity.
    #[serde(rename = "taken")]
    ActivityStarted {
        /// The attempt.
        task: TaskId,
        /// Who, if it said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worker: Option<String>,
    },
    /// What a task called has answered, but the task is not done: it waits for a token or for what was begun to end.
    #[serde(rename = "sub")]
    TaskSubmitted {
        /// The attempt.
        task: TaskId,
        /// The answer.
        output: Value,
    },
    /// An attempt went wrong, or nobody knows the function.
    #[serde(rename = "err")]
    TaskFailed {
        /// The attempt.
        task: TaskId,
        /// The error name, for `Retry` and `Catch`.
        error: String,
        /// What happened, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    /// A task is still at work: its heartbeat time starts again.
    #[serde(rename = "beat")]
    TaskHeartbeat {
        /// The attempt.
        task: TaskId,
    },
    /// A timer is due.
    #[serde(rename = "timer")]
    TimerFired {
        /// The one that was due.
        timer: TimerId,
    },
    /// The execution is to stop.
    #[serde(rename = "stop")]
    Stopped {
        /// An error name, if one is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// Why, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    /// The execution, which did not end well, goes on with what it left undone. Stale if it [cannot](crate::NotRedrivable).
    #[serde(rename = "redrive")]
    Redriven,
    /// What a task called has refused to begin what the task would have waited for.
    #[serde(rename = "suberr")]
    TaskSubmitFailed {
        /// The attempt.
        task: TaskId,
        /// The error name, for `Retry` and `Catch`.
        error: String,
        /// What happened, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<String>,
    },
    /// The execution begins, as one of those of a Map in distributed mode. Stale if it has begun already.
    #[serde(rename = "child")]
    ChildStarted(Box<ChildStart>),
    /// Something that concerns a Map run.
    #[serde(rename = "map")]
    MapRun {
        /// Which.
        #[serde(rename = "i")]
        run: MapRunId,
        /// What.
        #[serde(rename = "n")]
        news: MapNews,
    },
}

impl Fact {
    /// The attempt that it is about, if it is about one.
    pub fn task(&self) -> Option<TaskId> {
        match self {
            Self::FunctionReturned { task, .. }
            | Self::TaskSucceeded { task, .. }
            | Self::TaskFailed { task, .. }
            | Self::TaskSubmitFailed { task, .. }
            | Self::TaskSubmitted { task, .. }
            | Self::ActivityStarted { task, .. }
            | Self::TaskHeartbeat { task } => Some(*task),
            Self::Started { .. }
            | Self::TimerFired { .. }
            | Self::Stopped { .. }
            | Self::Redriven
            | Self::ChildStarted(_)
            | Self::MapRun { .. } => None,
        }
    }
}

/// A fact, when it happened, and what it led to that does not follow from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub at_ms: u64,
    /// What.
    #[serde(rename = "f")]
    pub fact: Fact,
    /// The calls that could not be sent.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
}

impl JournalEntry {
    /// A fact after which every call could be sent.
    pub fn new(at_ms: u64, fact: Fact) -> Self {
        Self { at_ms, fact, refused: Vec::new() }
    }

    /// The entry as bytes (JSON).
    pub fn encode(&self) -> Vec<u8> {
        // Serialising to memory fails only for maps whose keys are no strings, and there are none.
        serde_json::to_vec(self).expect("a fact has only string keys and finite numbers")
    }

    /// An encoded entry with the calls that could not be sent. There are hardly ever any, and only then it is written twice.
    ///
    /// # Errors
    /// It cannot be read back.
    pub fn with_refused(encoded: Vec<u8>, refused: Vec<Refused>) -> Result<Vec<u8>, serde_json::Error> {
        if refused.is_empty() {
            return Ok(encoded);
        }
        let entry: Self = serde_json::from_slice(&encoded)?;
        Ok(Self { refused, ..entry }.encode())
    }
}

/// A call that could not be sent: its task failed at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The attempt; or, with the same number, the Map run.
    #[serde(rename = "t")]
    pub task: TaskId,
    /// The error name.
    #[serde(rename = "e")]
    pub error: String,
    /// What happened, for people.
    #[serde(rename = "c")]
    pub cause: String,
    /// How far it came.
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub at: RefusedAt,
}

impl Refused {
    pub(crate) fn new(task: TaskId, Refusal { error, cause }: Refusal, at: RefusedAt) -> Self {
        Self { task, error: cut::error(error), cause: cut::cause(cause), at }
    }
}

/// A fact that cannot be about this execution: something is wrong outside the engine.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IllegalFact {
    /// There is no execution, and the fact is not its start.
    #[error("the execution has not been started")]
    NotStarted,
    /// The execution began with another definition.
    #[error("the execution runs on definition {pinned}, not on {given}")]
    WrongDefinition {
        /// The fingerprint of the definition that the execution began with.
        pinned: String,
        /// The fingerprint of the definition that was given.
        given: String,
    },
    /// The execution does not fit the definition: what was stored is damaged.
    #[error("the stored execution does not fit its definition")]
    Damaged,
}
