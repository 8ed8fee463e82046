//! What a call is told over time.

use asl::resource::{Pattern, ResourceKind};
use engine::{Fact, TaskId};
use serde_json::{Value, json};

use crate::asked::{Answer, Asked};

/// What a call is told over time, in milliseconds of the execution's clock since it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// What the call itself is answered where the task is not done by that (`.sync`, a token): the output of `TaskSubmitted`.
    pub submitted: Value,
    /// Who takes on the task of an activity.
    pub worker: Option<String>,
    /// How far heartbeats are apart, if there are any.
    pub beat_ms: Option<u64>,
    /// When and how it ends; `None`: never.
    pub end: Option<(u64, Answer)>,
}

impl Course {
    /// So, after so long.
    pub fn after(ms: u64, answer: Answer) -> Self {
        Self { end: Some((ms, answer)), ..Self::never() }
    }

    /// Not at all.
    pub fn never() -> Self {
        Self { submitted: json!({}), worker: None, beat_ms: None, end: None }
    }

    /// What is told at once, where AWS has an event of it: an activity is taken on, a call is answered that does not end its task.
    pub(crate) fn begun(&self, asked: &Asked, task: TaskId) -> Option<Fact> {
        if asked.resource.kind == ResourceKind::Activity {
            return Some(Fact::ActivityStarted { task, worker: self.worker.clone() });
        }
        let output = self.submitted.clone();
        (asked.pattern() != Pattern::RequestResponse).then_some(Fact::TaskSubmitted { task, output })
    }
}

impl Answer {
    /// What an execution is told of it.
    pub(crate) fn fact(self, task: TaskId) -> Fact {
        match self {
            Self::Result(output) => Fact::TaskSucceeded { task, output },
            Self::Returned(output) => Fact::FunctionReturned { task, output },
            Self::Failed { error, cause } => Fact::TaskFailed { task, error, cause },
        }
    }
}
