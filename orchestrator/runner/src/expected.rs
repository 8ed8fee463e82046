//! What is expected of an execution, and how it differs from that.

use engine::{Ending, Status};
use serde::Deserialize;
use serde_json::Value;

use crate::coverage::Coverage;
use crate::difference::differences;
use crate::golden::{Golden, Seen};
use crate::mock_line::given;

/// What is expected of an execution. What is not said may be anything.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Expected {
    status: Option<ExpectedStatus>,
    #[serde(default, deserialize_with = "given")]
    output: Option<Value>,
    error: Option<String>,
    cause: Option<String>,
    #[serde(default)]
    pub(crate) visits: Vec<String>,
    #[serde(default)]
    pub(crate) never_visits: Vec<String>,
    /// Its events.
    pub(crate) history: Option<Golden>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ExpectedStatus {
    Succeeded,
    Failed,
    TimedOut,
}

impl Expected {
    /// How an execution differs from this, a line for each difference.
    pub(crate) fn differences(&self, ending: &Ending, coverage: &Coverage, history: &[Seen]) -> Vec<String> {
        let mut told = Vec::new();
        let (expected, was) = (self.status(), ending.status.name());
        if expected != was {
            let mut line = format!("status: expected {expected}, was {was}");
            if let Some(error) = &ending.error {
                line += &format!(" with {error}");
            }
            if let Some(cause) = &ending.cause {
                line += &format!(": {cause}");
            }
            told.push(line);
        }
        match (&self.output, &ending.output) {
            (Some(expected), Some(was)) => {
                told.extend(differences(expected, was).into_iter().map(|line| format!("output {line}")));
            }
            (Some(_), None) if expected == was => told.push("output: expected one, there is none".to_owned()),
            _ => {}
        }
        for (what, expected, was) in
            [("error", &self.error, &ending.error), ("cause", &self.cause, &ending.cause)]
        {
            if let Some(expected) = expected
                && Some(expected) != was.as_ref()
            {
                let was = was.as_ref().map_or("none".to_owned(), |was| format!("{was:?}"));
                told.push(format!("{what}: expected {expected:?}, was {was}"));
            }
        }
        let missed: Vec<_> = self.visits.iter().filter(|state| !coverage.entered(state)).collect();
        match missed.as_slice() {
            [] => {}
            [state] => told.push(format!("visits: expected {state:?}, was never entered")),
            [first, rest @ ..] => {
                let rest: String = rest.iter().map(|state| format!(", {state:?}")).collect();
                told.push(format!("visits: expected {first:?}{rest}, which were never entered"));
            }
        }
        let entered = self.never_visits.iter().filter(|state| coverage.entered(state));
        told.extend(entered.map(|state| format!("visits: {state:?} was entered, which it never is to be")));
        told.extend(self.history.iter().flat_map(|golden| golden.differences(history)));
        told
    }

    fn status(&self) -> &'static str {
        let is_failure = self.error.is_some() || self.cause.is_some();
        match self.status {
            Some(ExpectedStatus::Failed) => Status::Failed,
            Some(ExpectedStatus::TimedOut) => Status::TimedOut,
            None if is_failure => Status::Failed,
            Some(ExpectedStatus::Succeeded) | None => Status::Succeeded,
        }
        .name()
    }
}
