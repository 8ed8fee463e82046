//! A call that is to be answered, and its answer.

use std::sync::Arc;

use asl::resource::{Pattern, Resource, ResourceKind};
use engine::Call;
use serde_json::Value;

/// A call that is to be answered.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The state whose task it is.
    pub state: Arc<str>,
    /// What is called.
    pub resource: Resource,
    /// What is passed to it.
    pub parameters: Value,
}

/// How a call is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// With the task's result.
    Result(Value),
    /// With what the function returned that was called: its resource says what the task's result is.
    Returned(Value),
    /// With an error.
    Failed {
        /// Its name, for `Retry` and `Catch`.
        error: String,
        /// What happened, for people.
        cause: Option<String>,
    },
}

impl Asked {
    /// The call as it is asked, or `None` if what it calls cannot be called at all.
    pub fn of(call: &Call) -> Option<Self> {
        let resource = Resource::parse(&call.resource)?;
        Some(Self { state: Arc::clone(&call.state), resource, parameters: call.parameters.clone() })
    }

    /// When the task is done.
    pub fn pattern(&self) -> Pattern {
        self.resource.kind.integration().map_or(Pattern::RequestResponse, |it| it.pattern)
    }

    /// What the call can be answered by: the function's name, `service:action` without the suffix of the pattern, or the name of
    /// the activity. `None` if it is a function's and names none.
    pub fn name(&self) -> Option<String> {
        match &self.resource.kind {
            ResourceKind::Function => self.resource.function(&self.parameters).map(str::to_owned),
            ResourceKind::Activity => self.resource.arn.rsplit(':').next().map(str::to_owned),
            ResourceKind::Integration(it) if it.is_invoke() => {
                self.resource.function(&self.parameters).map(str::to_owned)
            }
            ResourceKind::Integration(it) => {
                let action = it.action.split('.').next().unwrap_or_default();
                Some(format!("{}:{action}", it.service))
            }
        }
    }

    /// What the function is given that the call names; of any other call everything that is passed.
    pub fn payload(&self) -> Value {
        self.resource.payload(self.parameters.clone())
    }

    /// What a function's return is to this call: to a function that is called and awaited, what it returned; to anything else
    /// the task's result.
    pub fn returned(&self, output: Value) -> Answer {
        match self.pattern() {
            Pattern::RequestResponse => Answer::Returned(output),
            Pattern::Sync | Pattern::WaitForTaskToken => Answer::Result(output),
        }
    }
}
