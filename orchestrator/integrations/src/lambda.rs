//! Functions, as Lambda has them.

use std::sync::Arc;

use asl::data::NESTING_MAX;
use asl::error::DATA_LIMIT_EXCEEDED;
use asl::resource::{Pattern, Resource, invoked};
use async_trait::async_trait;
use engine::quotas::PAYLOAD_BYTES_MAX;
use engine::{Call, Fact, TaskId, cut};
use functions::{Failed, Functions};
use participant::{CallId, Caller, Lane};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// A call of a function; kept until its outcome is committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invocation {
    /// The attempt.
    #[serde(rename = "t")]
    pub task: TaskId,
    /// The function's name.
    #[serde(rename = "f")]
    pub function: String,
    /// What it is given.
    #[serde(rename = "p")]
    pub payload: Value,
    /// Whether the task waits for its token, and not for the function.
    #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_submitted: bool,
}

impl Invocation {
    /// What is to be invoked for a call of a function; `None` if the call is of something else, or names none.
    pub(crate) fn of(call: &Call) -> Option<Self> {
        let resource = Resource::parse(&call.resource)?;
        let function = resource.function(&call.parameters)?.to_owned();
        let pattern = resource.kind.integration().map(|it| it.pattern);
        Some(Self {
            task: call.task,
            function,
            payload: resource.payload(call.parameters.clone()),
            is_submitted: pattern == Some(Pattern::WaitForTaskToken),
        })
    }
}

/// Invokes functions.
#[derive(Clone, Debug)]
pub struct Invoked {
    functions: Arc<Functions>,
    runtime: Handle,
}

impl Invoked {
    /// Those functions, on that runtime: to begin a program takes a millisecond, for which a participant's own thread is too dear.
    #[must_use]
    pub fn new(functions: Arc<Functions>, runtime: Handle) -> Self {
        Self { functions, runtime }
    }

    async fn invoke(&self, id: &CallId, function: &str, payload: &Value) -> Option<Result<Value, Failed>> {
        let (functions, id) = (Arc::clone(&self.functions), id.to_string());
        let (function, payload) = (function.to_owned(), payload.clone());
        // It ends with whoever waits for it.
        let mut at_work = JoinSet::new();
        at_work
            .spawn_on(async move { functions.invoke(&function, &payload, Some(&id)).await }, &self.runtime);
        match at_work.join_next().await {
            Some(Ok(answer)) => answer,
            // It panicked, or the runtime ends: the next life tries it again.
            Some(Err(_)) | None => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Caller<Invocation, Fact> for Invoked {
    fn lane<'c>(&'c self, call: &'c Invocation) -> Option<Lane<'c>> {
        Some(Lane { name: &call.function, at_once: self.functions.at_once() })
    }

    async fn call(&self, id: &CallId, call: &Invocation) -> Fact {
        let Invocation { task, function, payload, is_submitted } = call;
        let (task, answer) = (*task, self.invoke(id, function, payload).await);
        match answer.unwrap_or_else(|| Err(gone(function))).and_then(within) {
            Ok(output) if *is_submitted => Fact::TaskSubmitted { task, output: invoked(output) },
            Ok(output) => Fact::FunctionReturned { task, output },
            Err(Failed { error, cause }) => {
                tracing::debug!(call = %id, function, error, "a function failed");
                Fact::TaskFailed { task, error: cut::error(error), cause: Some(cut::cause(cause)) }
            }
        }
    }
}

/// An answer as large as a task's result may be: a larger one is not even kept.
fn within(output: Value) -> Result<Value, Failed> {
    if asl::data::is_within(&output, PAYLOAD_BYTES_MAX, NESTING_MAX) {
        return Ok(output);
    }
    let cause =
        "The function returned a result with a size exceeding the maximum number of bytes service limit.";
    Err(Failed { error: DATA_LIMIT_EXCEEDED.to_owned(), cause: cause.to_owned() })
}

/// The call was committed by a server that had the function.
fn gone(function: &str) -> Failed {
    Failed {
        error: "Lambda.ResourceNotFoundException".to_owned(),
        cause: format!("Function not found: {function}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use functions::Function;
    use serde_json::json;

    use super::*;

    fn call(resource: &str, parameters: Value) -> Call {
        Call { task: TaskId(3), state: "S".into(), resource: resource.into(), parameters, is_awaited: true }
    }

    #[test]
    fn a_function_is_invoked_with_what_its_task_passes() {
        let by_name = json!({"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:f:live", "Payload": {"a": 1}});
        for (resource, parameters, payload, is_submitted) in [
            ("arn:aws:lambda:us-east-1:123456789012:function:f", json!([1]), json!([1]), false),
            ("arn:aws:states:::lambda:invoke", by_name.clone(), json!({"a": 1}), false),
            ("arn:aws:states:::lambda:invoke.waitForTaskToken", by_name, json!({"a": 1}), true),
            ("arn:aws:states:::lambda:invoke", json!({"FunctionName": "f"}), json!({}), false),
        ] {
            let call = call(resource, parameters);
            let invocation = Invocation::of(&call).unwrap();
            let expected = Invocation { task: TaskId(3), function: "f".to_owned(), payload, is_submitted };
            assert_eq!(invocation, expected, "{resource}");
        }
        for resource in
            ["arn:aws:states:::sqs:sendMessage", "arn:aws:states:us-east-1:123456789012:activity:a", "x"]
        {
            assert_eq!(Invocation::of(&call(resource, json!({"FunctionName": "f"}))), None, "{resource}");
        }
        assert_eq!(Invocation::of(&call("arn:aws:states:::lambda:invoke", json!({}))), None);
    }

    #[tokio::test]
    async fn what_a_function_answers_is_told_to_its_task() {
        let functions: Vec<Function> = ["echo=cat", "no=false", "slow=sleep 600", "much=seq -s0 1 100000"]
            .map(|text| text.parse().unwrap())
            .into();
        let functions = Arc::new(Functions::new(&functions, Duration::from_millis(500), 4));
        let invoked = Invoked::new(functions, Handle::current());
        let told = async |function: &str, is_submitted| {
            let (task, payload) = (TaskId(3), json!({"dish": "soup"}));
            let call = Invocation { task, function: function.to_owned(), payload, is_submitted };
            invoked.call(&CallId { key: "k".to_owned(), sequence: 1 }, &call).await
        };
        let (task, output) = (TaskId(3), json!({"dish": "soup"}));
        assert_eq!(told("echo", false).await, Fact::FunctionReturned { task, output: output.clone() });
        let output = json!({"Payload": output, "StatusCode": 200});
        assert_eq!(told("echo", true).await, Fact::TaskSubmitted { task, output });
        for (function, error) in [
            ("no", "Runtime.ExitError"),
            ("slow", "Sandbox.Timedout"),
            ("much", "States.DataLimitExceeded"),
            ("gone", "Lambda.ResourceNotFoundException"),
        ] {
            let Fact::TaskFailed { error: told, .. } = told(function, false).await else {
                panic!("{function}")
            };
            assert_eq!(told, error);
        }
    }
}
