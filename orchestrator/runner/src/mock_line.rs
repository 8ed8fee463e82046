//! One answer of a file of mocks, as it is written and as it is used.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::asked::Answer;
use crate::course::Course;

/// Longest time that a mock may take, in seconds.
const SECONDS_MAX: f64 = 1e9;

/// One answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) struct Line {
    /// What the parameters must contain of the calls that it answers.
    pub(crate) when: Option<Value>,
    /// How many calls it answers.
    pub(crate) times: u64,
    /// Whether calls beyond those are never answered by it, though it be the last.
    pub(crate) is_counted: bool,
    outcome: Outcome,
    after_ms: u64,
    submitted: Option<Value>,
    worker: Option<String>,
    beat_ms: Option<u64>,
}

/// What a task comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Return(Value),
    Throw(Throw),
    Never,
}

/// An error.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Throw {
    error: String,
    cause: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    when: Option<Value>,
    times: Option<u64>,
    after_seconds: Option<f64>,
    heartbeat_every_seconds: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    submitted: Option<Value>,
    worker: Option<String>,
    #[serde(default, deserialize_with = "given")]
    r#return: Option<Value>,
    throw: Option<Throw>,
    #[serde(default)]
    never: bool,
}

/// A field that is there, even if it is null.
pub(crate) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl TryFrom<Written> for Line {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let outcome = match (written.r#return, written.throw, written.never) {
            (Some(result), None, false) => Outcome::Return(result),
            (None, Some(error), false) => Outcome::Throw(error),
            (None, None, true) => Outcome::Never,
            _ => return Err("an answer has either Return, Throw or \"Never\": true".to_owned()),
        };
        if outcome == Outcome::Never && written.after_seconds.is_some() {
            return Err("an answer that is Never given comes after no AfterSeconds".to_owned());
        }
        let after_ms = milliseconds(written.after_seconds, "AfterSeconds", 0.0)?.unwrap_or_default();
        let beat_ms = milliseconds(written.heartbeat_every_seconds, "HeartbeatEverySeconds", 0.001)?;
        let is_counted = written.when.is_some() && written.times.is_some();
        let times = written.times.unwrap_or(if written.when.is_some() { u64::MAX } else { 1 });
        if times == 0 {
            return Err("Times is 0; expected at least 1".to_owned());
        }
        let Written { when, submitted, worker, .. } = written;
        Ok(Self { when, times, is_counted, outcome, after_ms, submitted, worker, beat_ms })
    }
}

fn milliseconds(seconds: Option<f64>, field: &str, min: f64) -> Result<Option<u64>, String> {
    match seconds {
        Some(seconds) if !(min..=SECONDS_MAX).contains(&seconds) => {
            Err(format!("{field} is {seconds}; expected {min} to 1,000,000,000"))
        }
        seconds => Ok(seconds.map(|seconds| (seconds * 1000.0).round() as u64)),
    }
}

impl Line {
    /// An answer to the next so many calls.
    pub(crate) fn new(times: u64, outcome: Outcome) -> Self {
        Self {
            when: None,
            times,
            is_counted: false,
            outcome,
            after_ms: 0,
            submitted: None,
            worker: None,
            beat_ms: None,
        }
    }

    /// What a call is told; `of` says what a `Return` is to it.
    pub(crate) fn course(&self, of: impl FnOnce(Value) -> Answer) -> Course {
        let end = match &self.outcome {
            Outcome::Return(result) => Some(of(result.clone())),
            Outcome::Throw(Throw { error, cause }) => {
                Some(Answer::Failed { error: error.clone(), cause: cause.clone() })
            }
            Outcome::Never => None,
        };
        Course {
            submitted: self.submitted.clone().unwrap_or_else(|| json!({})),
            worker: self.worker.clone(),
            beat_ms: self.beat_ms,
            end: end.map(|answer| (self.after_ms, answer)),
        }
    }
}
