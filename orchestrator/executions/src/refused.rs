//! Why an execution was not begun that a task asked for.

use engine::{Fact, TaskId};

use crate::errand::Waits;

/// Why an execution was not begun: AWS's name for it, and what there is to say.
pub(crate) struct Refused {
    pub(crate) error: &'static str,
    pub(crate) cause: String,
}

impl Refused {
    pub(crate) fn new(error: &'static str, cause: impl Into<String>) -> Self {
        Self { error, cause: cause.into() }
    }

    /// What the task is told that asked for it.
    pub(crate) fn fact(self, task: TaskId, waits: Waits) -> Fact {
        let Self { error, cause } = self;
        let (code, cause) = (error, cause.trim_end_matches('.'));
        let cause = format!("{cause} (Service: AWSStepFunctions; Status Code: 400; Error Code: {code})");
        let (error, cause) = (format!("StepFunctions.{error}Exception"), Some(cause));
        match waits {
            Waits::Begun => Fact::TaskFailed { task, error, cause },
            Waits::Token | Waits::Ended { .. } => Fact::TaskSubmitFailed { task, error, cause },
        }
    }
}
