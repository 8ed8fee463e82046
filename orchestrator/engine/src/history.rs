//! The history of an execution, in the shape of AWS `GetExecutionHistory`.

use std::sync::Arc;

use asl::resource::{Integration, Resource, ResourceKind};
use serde_json::{Map, Value, json};

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

/// What happened. Data is JSON text, as AWS has it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names are those of AWS, and explained there")]
pub enum Detail {
    ExecutionStarted {
        input: String,
        role_arn: Option<String>,
        version_arn: Option<String>,
        alias_arn: Option<String>,
    },
    ExecutionSucceeded {
        output: String,
    },
    ExecutionFailed {
        error: Option<String>,
        cause: Option<String>,
    },
    ExecutionTimedOut {
        error: Option<String>,
        cause: Option<String>,
    },
    ExecutionAborted {
        error: Option<String>,
        cause: Option<String>,
    },
    ExecutionRedriven {
        redrive_count: u32,
    },
    StateEntered {
        state_type: &'static str,
        name: Arc<str>,
        input: String,
    },
    StateExited {
        state_type: &'static str,
        name: Arc<str>,
        output: String,
        assigned: Vec<(String, String)>,
    },
    StateAborted {
        state_type: &'static str,
    },
    /// An event of what a task calls.
    Task {
        called: Called,
        event: TaskEvent,
    },
    ParallelStateStarted,
    ParallelStateSucceeded,
    ParallelStateFailed,
    MapStateStarted {
        length: usize,
    },
    MapStateSucceeded,
    MapStateFailed,
    MapIteration {
        what: &'static str,
        name: Arc<str>,
        index: u32,
    },
    EvaluationFailed {
        error: String,
        cause: String,
        location: String,
        state: Arc<str>,
    },
    MapRunStarted {
        map_run_arn: String,
    },
    /// The run goes on with the children that did not succeed.
    MapRunRedriven {
        map_run_arn: String,
        /// How often it was, this time included.
        redrive_count: u32,
    },
    MapRunSucceeded,
    MapRunFailed {
        error: String,
        cause: Option<String>,
    },
    MapRunAborted,
}

/// What a task calls, as the history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    /// A function by its own ARN.
    Function(Arc<str>),
    /// An activity by its own ARN.
    Activity(Arc<str>),
    /// An action of a service.
    Integration(Integration),
}

impl Called {
    pub(crate) fn of(resource: &Resource) -> Self {
        match &resource.kind {
            ResourceKind::Function => Self::Function(Arc::clone(&resource.arn)),
            ResourceKind::Activity => Self::Activity(Arc::clone(&resource.arn)),
            ResourceKind::Integration(integration) => Self::Integration(integration.clone()),
        }
    }

    fn prefix(&self) -> &'static str {
        match self {
            Self::Function(_) => "LambdaFunction",
            Self::Activity(_) => "Activity",
            Self::Integration(_) => "Task",
        }
    }
}

/// What happened to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of AWS, and explained there")]
pub enum TaskEvent {
    Scheduled { input: String, timeout_s: Option<u64>, heartbeat_s: Option<u64>, credentials: Option<String> },
    Started { worker: Option<String> },
    Submitted { output: String },
    Succeeded { output: String },
    Failed { error: String, cause: Option<String> },
    TimedOut { error: String, cause: Option<String> },
    ScheduleFailed { error: String, cause: Option<String> },
    StartFailed { error: String, cause: Option<String> },
    SubmitFailed { error: String, cause: Option<String> },
}

impl TaskEvent {
    fn suffix(&self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "Scheduled",
            Self::Started { .. } => "Started",
            Self::Submitted { .. } => "Submitted",
            Self::Succeeded { .. } => "Succeeded",
            Self::Failed { .. } => "Failed",
            Self::TimedOut { .. } => "TimedOut",
            Self::ScheduleFailed { .. } => "ScheduleFailed",
            Self::StartFailed { .. } => "StartFailed",
            Self::SubmitFailed { .. } => "SubmitFailed",
        }
    }
}

impl HistoryEvent {
    /// The event's `type`.
    pub fn type_name(&self) -> String {
        match &self.detail {
            Detail::StateEntered { state_type, .. } => format!("{state_type}StateEntered"),
            Detail::StateExited { state_type, .. } => format!("{state_type}StateExited"),
            Detail::StateAborted { state_type } => format!("{state_type}StateAborted"),
            other => other.name(),
        }
    }

    /// About how many bytes it takes in memory: its data, mostly.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.detail.data_bytes()
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
            let name = self.detail.name();
            let (first, rest) = name.split_at(1);
            event.insert(format!("{}{rest}EventDetails", first.to_ascii_lowercase()), fields);
        }
        Value::Object(event)
    }
}

impl Detail {
    fn data_bytes(&self) -> usize {
        match self {
            Self::ExecutionStarted { input: data, .. }
            | Self::ExecutionSucceeded { output: data }
            | Self::StateEntered { input: data, .. }
            | Self::EvaluationFailed { cause: data, .. }
            | Self::Task { event: TaskEvent::Scheduled { input: data, .. }, .. }
            | Self::Task { event: TaskEvent::Submitted { output: data }, .. }
            | Self::Task { event: TaskEvent::Succeeded { output: data }, .. } => data.len(),
            Self::StateExited { output, assigned, .. } => {
                output.len() + assigned.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
            }
            Self::ExecutionFailed { cause, .. }
            | Self::ExecutionTimedOut { cause, .. }
            | Self::ExecutionAborted { cause, .. }
            | Self::MapRunFailed { cause, .. }
            | Self::Task { event: TaskEvent::Failed { cause, .. }, .. } => {
                cause.as_ref().map_or(0, String::len)
            }
            _ => 0,
        }
    }

    /// What its details are called after.
    fn name(&self) -> String {
        let fixed = match self {
            Self::ExecutionStarted { .. } => "ExecutionStarted",
            Self::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Self::ExecutionFailed { .. } => "ExecutionFailed",
            Self::ExecutionTimedOut { .. } => "ExecutionTimedOut",
            Self::ExecutionAborted { .. } => "ExecutionAborted",
            Self::ExecutionRedriven { .. } => "ExecutionRedriven",
            Self::StateEntered { .. } => "StateEntered",
            Self::StateExited { .. } => "StateExited",
            Self::StateAborted { .. } => "StateAborted",
            Self::Task { called, event } => return format!("{}{}", called.prefix(), event.suffix()),
            Self::ParallelStateStarted => "ParallelStateStarted",
            Self::ParallelStateSucceeded => "ParallelStateSucceeded",
            Self::ParallelStateFailed => "ParallelStateFailed",
            Self::MapStateStarted { .. } => "MapStateStarted",
            Self::MapStateSucceeded => "MapStateSucceeded",
            Self::MapStateFailed => "MapStateFailed",
            Self::MapIteration { what, .. } => return format!("MapIteration{what}"),
            Self::EvaluationFailed { .. } => "EvaluationFailed",
            Self::MapRunStarted { .. } => "MapRunStarted",
            Self::MapRunRedriven { .. } => "MapRunRedriven",
            Self::MapRunSucceeded => "MapRunSucceeded",
            Self::MapRunFailed { .. } => "MapRunFailed",
            Self::MapRunAborted => "MapRunAborted",
        };
        fixed.to_owned()
    }

    /// The fields of the `…EventDetails`, or `None` for an event without.
    fn fields(&self, region: &str) -> Option<Value> {
        let mut fields = match self {
            Self::ExecutionStarted { input, role_arn, version_arn, alias_arn } => json!({
                "input": input, "inputDetails": whole(), "roleArn": role_arn,
                "stateMachineAliasArn": alias_arn, "stateMachineVersionArn": version_arn,
            }),
            Self::ExecutionSucceeded { output } => json!({"output": output, "outputDetails": whole()}),
            Self::ExecutionFailed { error, cause }
            | Self::ExecutionAborted { error, cause }
            | Self::ExecutionTimedOut { error, cause } => json!({"error": error, "cause": cause}),
            Self::ExecutionRedriven { redrive_count } => json!({"redriveCount": redrive_count}),
            Self::StateEntered { name, input, .. } => {
                json!({"name": **name, "input": input, "inputDetails": whole()})
            }
            Self::StateExited { name, output, assigned, .. } => exited(name, output, assigned),
            Self::Task { called, event } => task_fields(called, event, region)?,
            Self::MapStateStarted { length } => json!({"length": length}),
            Self::MapIteration { name, index, .. } => json!({"name": **name, "index": index}),
            Self::EvaluationFailed { error, cause, location, state } => {
                json!({"error": error, "cause": cause, "location": location, "state": **state})
            }
            Self::MapRunStarted { map_run_arn } => json!({"mapRunArn": map_run_arn}),
            Self::MapRunRedriven { map_run_arn, redrive_count } => {
                json!({"mapRunArn": map_run_arn, "redriveCount": redrive_count})
            }
            Self::MapRunFailed { error, cause } => json!({"error": error, "cause": cause}),
            Self::MapRunSucceeded
            | Self::MapRunAborted
            | Self::StateAborted { .. }
            | Self::ParallelStateStarted
            | Self::ParallelStateSucceeded
            | Self::ParallelStateFailed
            | Self::MapStateSucceeded
            | Self::MapStateFailed => return None,
        };
        if let Value::Object(fields) = &mut fields {
            fields.retain(|_, value| !value.is_null());
        }
        Some(fields)
    }
}

/// That data was not cut: it never is here.
fn whole() -> Value {
    json!({"truncated": false})
}

fn exited(name: &str, output: &str, assigned: &[(String, String)]) -> Value {
    let mut fields = json!({"name": name, "output": output, "outputDetails": whole()});
    if !assigned.is_empty() {
        let variables: Map<String, Value> =
            assigned.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        fields["assignedVariables"] = variables.into();
        fields["assignedVariablesDetails"] = whole();
    }
    fields
}

fn task_fields(called: &Called, event: &TaskEvent, region: &str) -> Option<Value> {
    let (mut fields, integration) = match called {
        Called::Function(_) | Called::Activity(_) => (json!({}), None),
        Called::Integration(it) => (json!({"resourceType": *it.service, "resource": *it.action}), Some(it)),
    };
    match event {
        TaskEvent::Scheduled { input, timeout_s, heartbeat_s, credentials } => {
            if integration.is_some() {
                fields["region"] = region.into();
                fields["parameters"] = input.as_str().into();
            } else if let Called::Function(arn) | Called::Activity(arn) = called {
                fields["resource"] = json!(**arn);
                fields["input"] = input.as_str().into();
                fields["inputDetails"] = whole();
            }
            fields["timeoutInSeconds"] = json!(timeout_s);
            if !matches!(called, Called::Function(_)) {
                fields["heartbeatInSeconds"] = json!(heartbeat_s);
            }
            if let Some(role_arn) = credentials {
                fields["taskCredentials"] = json!({"roleArn": role_arn});
            }
        }
        TaskEvent::Started { worker } => match called {
            Called::Function(_) => return None,
            Called::Activity(_) => fields["workerName"] = json!(worker),
            Called::Integration(_) => {}
        },
        TaskEvent::Submitted { output } | TaskEvent::Succeeded { output } => {
            fields["output"] = output.as_str().into();
            fields["outputDetails"] = whole();
        }
        TaskEvent::Failed { error, cause }
        | TaskEvent::TimedOut { error, cause }
        | TaskEvent::ScheduleFailed { error, cause }
        | TaskEvent::StartFailed { error, cause }
        | TaskEvent::SubmitFailed { error, cause } => {
            fields["error"] = error.as_str().into();
            fields["cause"] = json!(cause);
        }
    }
    Some(fields)
}
