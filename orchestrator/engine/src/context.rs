//! The context object.

use serde_json::{Map, Value, json};

use crate::execution::Head;
use crate::ids::TaskId;
use crate::thread::Thread;
use crate::token;

/// What the context object tells of a state.
pub(crate) struct StateView<'a> {
    pub(crate) name: &'a str,
    pub(crate) entered_ms: u64,
    pub(crate) retries: u64,
    /// The task whose token can be had.
    pub(crate) task: Option<TaskId>,
}

/// The context object (`$$`, in JSONata `$states.context`).
pub(crate) fn context(head: &Head, thread: &Thread, state: &StateView<'_>, item: Option<&Value>) -> Value {
    let mut context = Map::new();
    context.insert("Execution".to_owned(), execution(head));
    if let Some(item) = item.or(thread.item.as_deref()) {
        context.insert("Map".to_owned(), json!({"Item": item}));
    }
    context.insert(
        "State".to_owned(),
        json!({
            "EnteredTime": timestamp(state.entered_ms),
            "Name": state.name,
            "RetryCount": state.retries,
        }),
    );
    if let Some(identity) = &head.identity {
        context.insert(
            "StateMachine".to_owned(),
            json!({"Id": identity.machine_arn, "Name": identity.machine_name}),
        );
    }
    if let Some(task) = state.task {
        context.insert("Task".to_owned(), json!({"Token": token::encode(&head.id, task, head.token_key())}));
    }
    Value::Object(context)
}

fn execution(head: &Head) -> Value {
    let identity = head.identity.as_deref();
    let mut execution = json!({
        "Id": identity.map_or(head.id.as_str(), |identity| &identity.execution_arn),
        "Input": head.input,
        "Name": identity.map_or(head.id.as_str(), |identity| &identity.name),
        "StartTime": timestamp(head.started_ms),
        "RedriveCount": head.redrives,
    });
    if let Some(redriven_ms) = head.redriven_ms {
        execution["RedriveTime"] = timestamp(redriven_ms).into();
    }
    if let Some(identity) = identity {
        execution["RoleArn"] = identity.role_arn.as_str().into();
    }
    execution
}

/// The time in RFC 3339, in UTC, with milliseconds, as AWS writes it.
pub(crate) fn timestamp(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.unwrap_or(jiff::Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
