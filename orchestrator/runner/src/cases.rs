//! A file of cases: what goes into a definition, how its calls are answered, and what is expected of it.
//!
//! ```json
//! {"Mocks": {"States": {"Pay": {"Return": {"paid": true}}}},
//!  "Cases": {
//!    "a paid order is sent": {"Input": {"total": 12}, "Expect": {"Output": {"sent": true}, "Visits": ["Send"]}},
//!    "an unpaid one is not": {"Input": {"total": 12}, "Mocks": {"States": {"Pay": {"Throw": {"Error": "Declined"}}}},
//!                             "Expect": {"Status": "FAILED", "Error": "Declined", "NeverVisits": ["Send"]}}}}
//! ```
//!
//! A case's own mocks stand before those of the file, state by state. Without `Status`, the execution is to succeed, unless `Error` or
//! `Cause` is expected: then it is to fail. `MockFile` names a mock configuration file beside this one, `TestCase` the case of it.

use std::path::{Path, PathBuf};

use asl::Definition;
use engine::{Ending, Status};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::coverage::Coverage;
use crate::difference::differences;
use crate::mock_config::{MockError, read_mocks};
use crate::mocks::{Mocks, NoSuchTask, given};

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct File {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    #[serde(default)]
    mocks: Mocks,
    mock_file: Option<PathBuf>,
    cases: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    #[serde(default = "empty")]
    input: Value,
    #[serde(default)]
    mocks: Mocks,
    test_case: Option<String>,
    /// When the execution begins; for definitions that look at the time.
    #[serde(default, deserialize_with = "timestamp")]
    start_time: Option<jiff::Timestamp>,
    #[serde(default)]
    expect: Expected,
}

fn timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<jiff::Timestamp>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}

fn empty() -> Value {
    json!({})
}

/// A case of a definition.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) input: Value,
    pub(crate) mocks: Mocks,
    pub(crate) start_ms: Option<u64>,
    pub(crate) expected: Expected,
}

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
    visits: Vec<String>,
    #[serde(default)]
    never_visits: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ExpectedStatus {
    Succeeded,
    Failed,
    TimedOut,
}

/// Why a file of cases cannot be used.
#[derive(Debug, Error)]
pub enum CaseError {
    /// It cannot be read.
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// It is not what it should be.
    #[error("{} holds no cases", .0.display())]
    Malformed(PathBuf, #[source] serde_json::Error),
    /// A case is not what it should be.
    #[error("{}: the case {case:?}", .file.display())]
    Case {
        /// Where it was read from.
        file: PathBuf,
        /// What its author calls it, in quotes.
        case: String,
        /// What is wrong with it.
        #[source]
        problem: Box<CaseProblem>,
    },
}

/// What is wrong with a case.
#[derive(Debug, Error)]
pub enum CaseProblem {
    /// It is not what it should be.
    #[error("it is no case")]
    Malformed(#[source] serde_json::Error),
    /// Its mocks answer for a state that is not there.
    #[error(transparent)]
    NoSuchTask(#[from] NoSuchTask),
    /// It expects a state that is not there.
    #[error("it expects something of the state {0:?}, and the definition has none of that name")]
    NoSuchState(String),
    /// It names a test case, and there is no file that has it.
    #[error("it has a TestCase, and the file has no MockFile")]
    NoMockFile,
    /// The mock configuration file.
    #[error(transparent)]
    Mocks(#[from] MockError),
}

/// The cases of a file about a definition of that name.
pub(crate) fn read_cases(
    file: &Path,
    machine: &str,
    definition: &Definition,
) -> Result<Vec<Case>, CaseError> {
    let text = std::fs::read_to_string(file).map_err(|error| CaseError::Unreadable(file.into(), error))?;
    let malformed = |error| CaseError::Malformed(file.into(), error);
    let File { mocks, mock_file, cases, .. } = serde_json::from_str(&text).map_err(malformed)?;
    let beside = mock_file.map(|name| file.parent().unwrap_or(Path::new("")).join(name));
    let case = |(name, written)| {
        let case = case(written, &mocks, beside.as_deref(), machine, definition);
        match case {
            Ok(case) => Ok(Case { name, ..case }),
            Err(problem) => {
                let (file, problem) = (file.into(), Box::new(problem));
                Err(CaseError::Case { file, case: name, problem })
            }
        }
    };
    cases.into_iter().map(case).collect()
}

/// The case, without its name.
fn case(
    written: Value,
    shared: &Mocks,
    mock_file: Option<&Path>,
    machine: &str,
    definition: &Definition,
) -> Result<Case, CaseProblem> {
    let written: Written = serde_json::from_value(written).map_err(CaseProblem::Malformed)?;
    let configured = match (mock_file, written.test_case) {
        (Some(file), Some(case)) => read_mocks(file, machine, Some(&case))?,
        (None, Some(_)) => return Err(CaseProblem::NoMockFile),
        (_, None) => Mocks::default(),
    };
    let mocks = written.mocks.over(&configured).over(shared);
    mocks.check(definition)?;
    let expected = written.expect;
    let named = expected.visits.iter().chain(&expected.never_visits);
    for state in named {
        if definition.state_named(state).is_none() {
            return Err(CaseProblem::NoSuchState(state.clone()));
        }
    }
    let start_ms = written.start_time.and_then(|at| u64::try_from(at.as_millisecond()).ok());
    Ok(Case { name: String::new(), input: written.input, mocks, start_ms, expected })
}

impl Expected {
    /// How an execution differs from this, a line for each difference.
    pub(crate) fn differences(&self, ending: &Ending, coverage: &Coverage) -> Vec<String> {
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
        let missed = self.visits.iter().filter(|state| !coverage.entered(state));
        told.extend(missed.map(|state| format!("visits: expected {state:?}, was never entered")));
        let entered = self.never_visits.iter().filter(|state| coverage.entered(state));
        told.extend(entered.map(|state| format!("visits: {state:?} was entered, which it never is to be")));
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
