//! What of an execution's history is logged, and in which shape: as AWS sends it to CloudWatch Logs.

use engine::{Execution, Fact, HistoryEvent, Identity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The members of an event's details that are data of the execution: they are left out where no data is wanted.
pub const EXECUTION_DATA: [&str; 6] =
    ["input", "inputDetails", "output", "outputDetails", "assignedVariables", "assignedVariablesDetails"];
/// What a task of an integration is given: data, too, which the model of GetExecutionHistory requires to be there.
const PARAMETERS: &str = "parameters";

/// Data of the events of one decision, in bytes: beyond it they are logged without.
/// A batch has hundreds of decisions, and what it logs is committed with it.
const DATA_BYTES_MAX: usize = 256 * 1024;

/// Which events of an execution are logged: as its machine said when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logging {
    #[serde(rename = "l")]
    level: Level,
    /// Whether inputs and outputs are told.
    #[serde(rename = "d", default, skip_serializing_if = "std::ops::Not::not")]
    has_data: bool,
}

/// `OFF` is to have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Level {
    #[serde(rename = "a")]
    All,
    #[serde(rename = "e")]
    Error,
    #[serde(rename = "f")]
    Fatal,
}

impl Level {
    /// Whether events of that type are logged: the table "Log levels" of AWS's documentation. It has not every type; those that
    /// it lacks go by the rule that all of its rows keep.
    fn has(self, event_type: &str) -> bool {
        let is_fatal = matches!(event_type, "ExecutionAborted" | "ExecutionFailed" | "ExecutionTimedOut");
        let is_error = event_type == "FailStateEntered"
            || ["Failed", "TimedOut", "Aborted"].iter().any(|end| event_type.ends_with(end));
        match self {
            Self::All => true,
            Self::Error => is_error,
            Self::Fatal => is_fatal,
        }
    }
}

impl Logging {
    /// As a machine's configuration says (`loggingConfiguration`); `None` if nothing is logged.
    #[must_use]
    pub fn of(configuration: &Map<String, Value>) -> Option<Self> {
        let logging = configuration.get("loggingConfiguration")?;
        let level = match logging.get("level")?.as_str()? {
            "ALL" => Level::All,
            "ERROR" => Level::Error,
            "FATAL" => Level::Fatal,
            _ => return None,
        };
        let has_data = logging.get("includeExecutionData").and_then(Value::as_bool).unwrap_or(false);
        Some(Self { level, has_data })
    }
}

/// An event as it is logged: numbers are text, as AWS has them there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedEvent {
    /// Its number in the history, from 1.
    pub id: String,
    /// What it is.
    #[serde(rename = "type")]
    pub event_type: String,
    /// What GetExecutionHistory has in `…EventDetails`, if the type has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// How often the execution had been redriven.
    pub redrive_count: String,
    /// The number of the event that led to it; 0 for the first.
    pub previous_event_id: String,
    /// When, in milliseconds since 1970.
    pub event_timestamp: String,
    /// Whose it is.
    pub execution_arn: String,
}

/// Whose events are seen during a step.
pub(crate) struct Subject {
    arn: String,
    redrives: u32,
}

impl Subject {
    /// Of the execution before the step, and the fact that it is told.
    pub(crate) fn new(execution: Option<&Execution>, fact: &Fact) -> Self {
        let identity: Option<&Identity> = match fact {
            Fact::Started { identity, .. } => identity.as_deref(),
            Fact::ChildStarted(start) => start.identity.as_deref(),
            _ => execution.and_then(Execution::identity),
        };
        let arn = identity.map(|identity| identity.execution_arn.clone()).unwrap_or_default();
        let before = execution.map_or(0, Execution::redrives);
        Self { arn, redrives: before + u32::from(*fact == Fact::Redriven) }
    }

    fn region(&self) -> &str {
        self.arn.split(':').nth(3).unwrap_or_default()
    }
}

/// The events of one decision that are to be logged.
#[derive(Debug, Default)]
pub(crate) struct Logged {
    events: Vec<LoggedEvent>,
    data_bytes: usize,
}

impl Logged {
    /// An event has happened.
    pub(crate) fn see(&mut self, logging: Logging, subject: &Subject, event: &HistoryEvent) {
        let event_type = event.type_name();
        if !logging.level.has(&event_type) {
            return;
        }
        self.data_bytes = self.data_bytes.saturating_add(event.bytes());
        let is_cut = logging.has_data && self.data_bytes > DATA_BYTES_MAX;
        let Value::Object(told) = event.to_json(subject.region()) else { return };
        let details = told.into_iter().find(|(name, _)| name.ends_with("EventDetails"));
        let details = details.map(|(_, mut details)| {
            if !logging.has_data || is_cut {
                leave_out_data(&mut details, is_cut);
            }
            details
        });
        self.events.push(LoggedEvent {
            id: event.id.to_string(),
            event_type,
            details,
            redrive_count: subject.redrives.to_string(),
            previous_event_id: event.previous_event_id.to_string(),
            event_timestamp: event.timestamp_ms.to_string(),
            execution_arn: subject.arn.clone(),
        });
    }

    /// Those seen so far.
    pub(crate) fn take(&mut self) -> Vec<LoggedEvent> {
        std::mem::take(&mut self.events)
    }
}

/// Says that it was cut where somebody wanted it.
fn leave_out_data(details: &mut Value, is_cut: bool) {
    let Some(details) = details.as_object_mut() else { return };
    details.retain(|name, value| {
        if is_cut
            && name.ends_with("Details")
            && let Some(truncated) = value.get_mut("truncated")
        {
            *truncated = true.into();
            return true;
        }
        name != PARAMETERS && !EXECUTION_DATA.contains(&name.as_str())
    });
}

#[cfg(test)]
mod tests {
    use engine::Detail;
    use serde_json::json;

    use super::*;

    fn logging(level: &str, has_data: bool) -> Option<Logging> {
        let configuration =
            json!({"loggingConfiguration": {"level": level, "includeExecutionData": has_data}});
        Logging::of(configuration.as_object().unwrap())
    }

    #[test]
    fn each_level_has_the_types_that_aws_says() {
        // The rows of AWS's table, by the least level that has them.
        let fatal = ["ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"];
        let error = [
            "FailStateEntered",
            "LambdaFunctionFailed",
            "LambdaFunctionScheduleFailed",
            "LambdaFunctionStartFailed",
            "LambdaFunctionTimedOut",
            "MapIterationAborted",
            "MapIterationFailed",
            "MapStateAborted",
            "MapStateFailed",
            "ParallelStateAborted",
            "ParallelStateFailed",
            "TaskFailed",
            "TaskStartFailed",
            "TaskStateAborted",
            "TaskSubmitFailed",
            "TaskTimedOut",
            "WaitStateAborted",
        ];
        let all = [
            "ChoiceStateEntered",
            "ChoiceStateExited",
            "ExecutionStarted",
            "ExecutionSucceeded",
            "LambdaFunctionScheduled",
            "LambdaFunctionStarted",
            "LambdaFunctionSucceeded",
            "MapIterationStarted",
            "MapIterationSucceeded",
            "MapStateEntered",
            "MapStateExited",
            "MapStateStarted",
            "MapStateSucceeded",
            "ParallelStateEntered",
            "ParallelStateExited",
            "ParallelStateStarted",
            "ParallelStateSucceeded",
            "PassStateEntered",
            "PassStateExited",
            "SucceedStateEntered",
            "SucceedStateExited",
            "TaskScheduled",
            "TaskStarted",
            "TaskStateEntered",
            "TaskStateExited",
            "TaskSubmitted",
            "TaskSucceeded",
            "WaitStateEntered",
            "WaitStateExited",
        ];
        let had_by =
            |event_type: &str| [Level::All, Level::Error, Level::Fatal].map(|level| level.has(event_type));
        for event_type in fatal {
            assert_eq!(had_by(event_type), [true, true, true], "{event_type}");
        }
        for event_type in error {
            assert_eq!(had_by(event_type), [true, true, false], "{event_type}");
        }
        for event_type in all {
            assert_eq!(had_by(event_type), [true, false, false], "{event_type}");
        }
        assert_eq!(logging("OFF", true), None);
        assert_eq!(Logging::of(&Map::new()), None);
    }

    #[test]
    fn an_event_has_the_shape_that_cloudwatch_logs_has() {
        let subject = Subject { arn: "arn:aws:states:eu-west-1:1:execution:m:e".to_owned(), redrives: 2 };
        let detail =
            Detail::StateEntered { state_type: "Pass", name: "P".into(), input: "{\"a\":1}".to_owned() };
        let event = HistoryEvent { id: 2, previous_event_id: 0, timestamp_ms: 1_700_000_000_123, detail };
        let told = |has_data| {
            let mut logged = Logged::default();
            logged.see(logging("ALL", has_data).unwrap(), &subject, &event);
            serde_json::to_value(logged.take().pop().unwrap()).unwrap()
        };
        let whole = json!({
            "id": "2", "type": "PassStateEntered",
            "details": {"name": "P", "input": "{\"a\":1}", "inputDetails": {"truncated": false}},
            "redrive_count": "2", "previous_event_id": "0", "event_timestamp": "1700000000123",
            "execution_arn": "arn:aws:states:eu-west-1:1:execution:m:e",
        });
        assert_eq!(told(true), whole);
        assert_eq!(told(false)["details"], json!({"name": "P"}));
    }

    #[test]
    fn what_one_decision_logs_of_data_is_bounded() {
        let subject = Subject { arn: String::new(), redrives: 0 };
        let mut logged = Logged::default();
        let output = "x".repeat(DATA_BYTES_MAX / 2);
        for id in 1..=3 {
            let detail = Detail::ExecutionSucceeded { output: output.clone() };
            let event = HistoryEvent { id, previous_event_id: 0, timestamp_ms: 0, detail };
            logged.see(logging("ALL", true).unwrap(), &subject, &event);
        }
        let events = logged.take();
        let cut = json!({"outputDetails": {"truncated": true}});
        assert_eq!(events[0].details.as_ref().unwrap()["output"], output);
        assert_eq!((events.len(), events[2].details.as_ref().unwrap()), (3, &cut));
    }
}
