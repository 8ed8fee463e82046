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
//! A case's own mocks are asked first, then those of the mock configuration file, then those that all cases of the file share. Without `Status`, the execution is to succeed, unless `Error` or
//! `Cause` is expected: then it is to fail. `MockFile` names a mock configuration file beside this one, `TestCase` the case of it.

use std::path::{Path, PathBuf};

use asl::Definition;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::expected::Expected;
use crate::mock_config::{MockError, read_mocks};
use crate::mocks::{Mocks, NoSuchFunction, NoSuchTask};
use crate::near::did_you_mean;
use crate::settings::Machine;
use crate::source::{SourceError, read_text};

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
    /// What answers its calls: the first that has an answer.
    pub(crate) mocks: Vec<Mocks>,
    pub(crate) start_ms: Option<u64>,
    pub(crate) expected: Expected,
}

/// Why a file of cases cannot be used.
#[derive(Debug, Error)]
pub enum CaseError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] SourceError),
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
    #[error("it expects something of the state {state:?}, and the definition has none of that name{meant}")]
    NoSuchState {
        /// What it names.
        state: String,
        /// What was perhaps meant, as the end of a sentence.
        meant: String,
    },
    /// Its mocks answer for a function that nothing calls.
    #[error(transparent)]
    NoSuchFunction(#[from] NoSuchFunction),
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
    machines: &[Machine],
) -> Result<Vec<Case>, CaseError> {
    let text = read_text(file)?;
    let malformed = |error| CaseError::Malformed(file.into(), error);
    let File { mocks, mock_file, cases, .. } = serde_json::from_str(&text).map_err(malformed)?;
    let beside = mock_file.map(|name| file.parent().unwrap_or(Path::new("")).join(name));
    let case = |(name, written)| {
        let case = case(written, &mocks, beside.as_deref(), machine, (definition, machines));
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
    (definition, machines): (&Definition, &[Machine]),
) -> Result<Case, CaseProblem> {
    let written: Written = serde_json::from_value(written).map_err(CaseProblem::Malformed)?;
    let configured = match (mock_file, written.test_case) {
        (Some(file), Some(case)) => read_mocks(file, machine, Some(&case))?,
        (None, Some(_)) => return Err(CaseProblem::NoMockFile),
        (_, None) => Mocks::default(),
    };
    let mocks = vec![written.mocks, configured, shared.clone()];
    for mocks in &mocks {
        mocks.check(definition, machines)?;
        mocks.check_functions(definition, machines)?;
    }
    let expected = written.expect;
    let named = expected.visits.iter().chain(&expected.never_visits);
    for state in named {
        if definition.state_named(state).is_none() {
            let known = definition.states().map(|(_, state)| &*state.name);
            return Err(CaseProblem::NoSuchState { state: state.clone(), meant: did_you_mean(state, known) });
        }
    }
    let start_ms = written.start_time.and_then(|at| u64::try_from(at.as_millisecond()).ok());
    Ok(Case { name: String::new(), input: written.input, mocks, start_ms, expected })
}
