//! The history of an execution, in the shape of AWS `GetExecutionHistory`.

use serde_json::{Map, Value, json};

use crate::quotas::HISTORY_EVENTS_MAX;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEvent {
    /// Its number, from 1.
    pub id: u64,
    /// The number of the event that led to it; 0 for the first.
    pub previous_event_id: u64,
    /// When, in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// What.
    pub detail: Detail,
}

/// What a task called that is no function: service (`resourceType`) and action (`resource`).
pub type Integration = (&'static str, &'static str);

/// What happened. Data is JSON text, as AWS has it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names are those of AWS, and explained there")]
pub enum Detail {
    ExecutionStarted { input: String },
    ExecutionSucceeded { output: String },
    ExecutionFailed { error: Option<String>, cause: Option<String> },
    ExecutionTimedOut,
    ExecutionAborted { error: Option<String>, cause: Option<String> },
    StateEntered { state_type: &'static str, name: String, input: String },
    StateExited { state_type: &'static str, name: String, output: String },
    LambdaFunctionScheduled { resource: String, input: String, timeout_s: Option<u64> },
    LambdaFunctionStarted,
    LambdaFunctionSucceeded { output: String },
    LambdaFunctionFailed { error: String, cause: Option<String> },
    LambdaFunctionTimedOut { error: String, cause: Option<String> },
    TaskScheduled { integration: Integration, parameters: String, timeout_s: Option<u64> },
    TaskStarted { integration: Integration },
    TaskSucceeded { integration: Integration, output: String },
    TaskFailed { integration: Integration, error: String, cause: Option<String> },
    TaskTimedOut { integration: Integration, error: String, cause: Option<String> },
    ParallelStateStarted,
    ParallelStateSucceeded,
    ParallelStateFailed,
}

impl HistoryEvent {
    /// The event's `type`.
    pub fn type_name(&self) -> String {
        match &self.detail {
            Detail::StateEntered { state_type, .. } => format!("{state_type}StateEntered"),
            Detail::StateExited { state_type, .. } => format!("{state_type}StateExited"),
            other => other.fixed_name().to_owned(),
        }
    }

    /// The event as AWS writes it. `region` is where the integrations of tasks are said to be.
    pub fn to_json(&self, region: &str) -> Value {
        let mut event = Map::new();
        // AWS JSON protocols write points in time as seconds with a fraction.
        event.insert("timestamp".to_owned(), json!(self.timestamp_ms as f64 / 1000.0));
        event.insert("type".to_owned(), json!(self.type_name()));
        event.insert("id".to_owned(), json!(self.id));
        event.insert("previousEventId".to_owned(), json!(self.previous_event_id));
        if let Some(fields) = self.detail.fields(region) {
            let (first, rest) = self.detail.fixed_name().split_at(1);
            event.insert(format!("{}{rest}EventDetails", first.to_ascii_lowercase()), fields);
        }
        Value::Object(event)
    }
}

impl Detail {
    fn fixed_name(&self) -> &'static str {
        match self {
            Self::ExecutionStarted { .. } => "ExecutionStarted",
            Self::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Self::ExecutionFailed { .. } => "ExecutionFailed",
            Self::ExecutionTimedOut => "ExecutionTimedOut",
            Self::ExecutionAborted { .. } => "ExecutionAborted",
            Self::StateEntered { .. } => "stateEntered",
            Self::StateExited { .. } => "stateExited",
            Self::LambdaFunctionScheduled { .. } => "LambdaFunctionScheduled",
            Self::LambdaFunctionStarted => "LambdaFunctionStarted",
            Self::LambdaFunctionSucceeded { .. } => "LambdaFunctionSucceeded",
            Self::LambdaFunctionFailed { .. } => "LambdaFunctionFailed",
            Self::LambdaFunctionTimedOut { .. } => "LambdaFunctionTimedOut",
            Self::TaskScheduled { .. } => "TaskScheduled",
            Self::TaskStarted { .. } => "TaskStarted",
            Self::TaskSucceeded { .. } => "TaskSucceeded",
            Self::TaskFailed { .. } => "TaskFailed",
            Self::TaskTimedOut { .. } => "TaskTimedOut",
            Self::ParallelStateStarted => "ParallelStateStarted",
            Self::ParallelStateSucceeded => "ParallelStateSucceeded",
            Self::ParallelStateFailed => "ParallelStateFailed",
        }
    }

    /// The fields of the `…EventDetails`, or `None` for an event without.
    fn fields(&self, region: &str) -> Option<Value> {
        let failure =
            |error: Option<&String>, cause: &Option<String>| json!({"error": error, "cause": cause});
        let mut fields = match self {
            Self::ExecutionStarted { input } => json!({"input": input}),
            Self::ExecutionSucceeded { output } | Self::LambdaFunctionSucceeded { output } => {
                json!({"output": output})
            }
            Self::ExecutionFailed { error, cause } | Self::ExecutionAborted { error, cause } => {
                failure(error.as_ref(), cause)
            }
            Self::ExecutionTimedOut => json!({"error": asl::error::TIMEOUT}),
            Self::StateEntered { name, input, .. } => json!({"name": name, "input": input}),
            Self::StateExited { name, output, .. } => json!({"name": name, "output": output}),
            Self::LambdaFunctionScheduled { resource, input, timeout_s } => {
                json!({"resource": resource, "input": input, "timeoutInSeconds": timeout_s})
            }
            Self::LambdaFunctionFailed { error, cause } | Self::LambdaFunctionTimedOut { error, cause } => {
                failure(Some(error), cause)
            }
            Self::TaskScheduled { integration: (service, action), parameters, timeout_s } => json!({
                "resourceType": service, "resource": action, "region": region,
                "parameters": parameters, "timeoutInSeconds": timeout_s,
            }),
            Self::TaskStarted { integration: (service, action) } => {
                json!({"resourceType": service, "resource": action})
            }
            Self::TaskSucceeded { integration: (service, action), output } => {
                json!({"resourceType": service, "resource": action, "output": output})
            }
            Self::TaskFailed { integration: (service, action), error, cause }
            | Self::TaskTimedOut { integration: (service, action), error, cause } => {
                json!({"resourceType": service, "resource": action, "error": error, "cause": cause})
            }
            Self::LambdaFunctionStarted
            | Self::ParallelStateStarted
            | Self::ParallelStateSucceeded
            | Self::ParallelStateFailed => return None,
        };
        if let Value::Object(fields) = &mut fields {
            fields.retain(|_, value| !value.is_null());
        }
        Some(fields)
    }
}

/// Numbers the events of a step, and keeps them if they are wanted: most steps want only the numbers.
pub(crate) struct Recorder {
    len: u64,
    now_ms: u64,
    events: Option<Vec<HistoryEvent>>,
}

impl Recorder {
    pub(crate) fn new(len: u64, now_ms: u64, keep: bool) -> Self {
        Self { len, now_ms, events: keep.then(Vec::new) }
    }

    /// Whether events are kept, and their data is worth writing out.
    pub(crate) fn keeps(&self) -> bool {
        self.events.is_some()
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Whether only the execution's last event has a place left.
    pub(crate) fn is_full(&self) -> bool {
        self.len + 1 >= HISTORY_EVENTS_MAX
    }

    /// Adds an event; when the history is full, nothing.
    pub(crate) fn push(&mut self, previous_event_id: u64, detail: impl FnOnce() -> Detail) -> u64 {
        if self.is_full() {
            return previous_event_id;
        }
        self.push_last(previous_event_id, detail)
    }

    /// Adds the execution's last event.
    pub(crate) fn push_last(&mut self, previous_event_id: u64, detail: impl FnOnce() -> Detail) -> u64 {
        self.len += 1;
        if let Some(events) = &mut self.events {
            events.push(HistoryEvent {
                id: self.len,
                previous_event_id,
                timestamp_ms: self.now_ms,
                detail: detail(),
            });
        }
        self.len
    }

    pub(crate) fn into_events(self) -> Vec<HistoryEvent> {
        self.events.unwrap_or_default()
    }
}
