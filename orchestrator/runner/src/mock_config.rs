//! The mock configuration file that AWS documented for Step Functions Local ("Using mocked service integrations"): test cases of
//! state machines, each saying which response a state has; and responses by the number of the call, `"0"`, `"1-2"`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::mock_line::{Line, Outcome, Throw};
use crate::mocks::{Mocks, Script};
use crate::near::did_you_mean;
use crate::source::{SourceError, read_text};

/// Why a file of mocks cannot be used.
#[derive(Debug, Error)]
pub enum MockError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] SourceError),
    /// It is not what it should be.
    #[error("{} holds no mocks", .0.display())]
    Malformed(PathBuf, #[source] serde_json::Error),
    /// It has test cases, and none was chosen.
    #[error("{} has several test cases: say which with --case; they are {known}", .file.display())]
    NoCase {
        /// Where it was read from.
        file: PathBuf,
        /// Its cases.
        known: String,
    },
    /// It has no such test case.
    #[error("{} has no test case {case:?}{meant}; they are {known}", .file.display())]
    UnknownCase {
        /// Where it was read from.
        file: PathBuf,
        /// What was asked for.
        case: String,
        /// What was perhaps meant, as the end of a sentence.
        meant: String,
        /// Its cases.
        known: String,
    },
    /// The file has no test cases.
    #[error("{} has no test cases, and {case:?} was asked for: leave out --case", .file.display())]
    Caseless {
        /// Where it was read from.
        file: PathBuf,
        /// What was asked for.
        case: String,
    },
    /// A state has a response that is not there.
    #[error("{}: the state {state:?} has the response {response:?}, which is not under MockedResponses", .file.display())]
    UnknownResponse {
        /// Where it was read from.
        file: PathBuf,
        /// Which, by name.
        state: String,
        /// What it names.
        response: String,
    },
    /// A response does not say what the first call, or one in between, is answered by.
    #[error("{}: the response {response:?} {problem}", .file.display())]
    Numbers {
        /// Where it was read from.
        file: PathBuf,
        /// The name under `MockedResponses`.
        response: String,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    state_machines: BTreeMap<String, Machine>,
    #[serde(default)]
    mocked_responses: BTreeMap<String, BTreeMap<String, Response>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Machine {
    test_cases: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Clone, Deserialize)]
enum Response {
    Return(Value),
    Throw(Throw),
}

/// Reads mocks from a file of either format. `machine` is what the state machine is called, `case` the test case: its name, or
/// `MACHINE#CASE`; not needed where there is only one.
///
/// # Errors
/// [`MockError`] says what is wrong with the file, and what would be right.
pub fn read_mocks(file: &Path, machine: &str, case: Option<&str>) -> Result<Mocks, MockError> {
    let text = read_text(file)?;
    parse_mocks(&text, file, machine, case)
}

pub(crate) fn parse_mocks(
    text: &str,
    file: &Path,
    machine: &str,
    case: Option<&str>,
) -> Result<Mocks, MockError> {
    let malformed = |error| MockError::Malformed(file.into(), error);
    let value: Value = serde_json::from_str(text).map_err(malformed)?;
    if value.get("StateMachines").is_some() {
        let config: Config = serde_json::from_str(text).map_err(malformed)?;
        return config.mocks(file, machine, case);
    }
    match case {
        Some(case) => Err(MockError::Caseless { file: file.into(), case: case.to_owned() }),
        None => serde_json::from_str(text).map_err(malformed),
    }
}

impl Config {
    fn mocks(&self, file: &Path, machine: &str, case: Option<&str>) -> Result<Mocks, MockError> {
        let mut mocks = Mocks::default();
        for (state, response) in self.case(file, machine, case)? {
            let unknown = || MockError::UnknownResponse {
                file: file.into(),
                state: state.clone(),
                response: response.clone(),
            };
            let numbered = self.mocked_responses.get(response).ok_or_else(unknown)?;
            let mut script = script(numbered).map_err(|problem| MockError::Numbers {
                file: file.into(),
                response: response.clone(),
                problem,
            })?;
            script.ends = Some(format!("the mocked response {response:?} of the state {state:?}"));
            mocks.states.insert(state.clone(), script);
        }
        Ok(mocks)
    }

    /// The states of a case, by its name: first of the machine at hand, then of any.
    fn case(
        &self,
        file: &Path,
        machine: &str,
        case: Option<&str>,
    ) -> Result<&BTreeMap<String, String>, MockError> {
        let own = self.state_machines.get_key_value(machine);
        let machines: Vec<_> = own.map_or_else(|| self.state_machines.iter().collect(), |own| vec![own]);
        let all: Vec<(String, &str, _)> = machines
            .into_iter()
            .flat_map(|(machine, it)| {
                let cases = it.test_cases.iter();
                cases.map(move |(case, states)| (format!("{machine}#{case}"), case.as_str(), states))
            })
            .collect();
        let known = || all.iter().map(|(full, ..)| full.as_str()).collect::<Vec<_>>().join(", ");
        match (case, all.as_slice()) {
            (None, [(.., states)]) => Ok(*states),
            (None, _) => Err(MockError::NoCase { file: file.into(), known: known() }),
            (Some(case), _) => {
                let full = all.iter().find(|(full, ..)| full == case);
                let mut short = all.iter().filter(|(_, short, _)| *short == case);
                // A short name is one only as long as no other machine has a case of that name.
                let found = full.or_else(|| short.next().filter(|_| short.next().is_none()));
                found.map(|(.., states)| *states).ok_or_else(|| MockError::UnknownCase {
                    file: file.into(),
                    case: case.to_owned(),
                    meant: did_you_mean(case, all.iter().flat_map(|(full, short, _)| [full, *short])),
                    known: known(),
                })
            }
        }
    }
}

/// The answers in the order of their numbers, which must be all from 0 on.
fn script(numbered: &BTreeMap<String, Response>) -> Result<Script, String> {
    let mut ranges = Vec::new();
    for (key, response) in numbered {
        let (first, last) = key.split_once('-').unwrap_or((key, key));
        let range = first.trim().parse::<u64>().ok().zip(last.trim().parse::<u64>().ok());
        let Some((first, last)) = range.filter(|(first, last)| first <= last) else {
            return Err(format!("has {key:?} where a number of a call is due: \"0\", \"1-2\""));
        };
        ranges.push((first, last, response));
    }
    ranges.sort_by_key(|(first, ..)| *first);
    let mut lines = Vec::new();
    let mut next = 0;
    for (first, last, response) in ranges {
        if first != next {
            let problem = if first > next { "says nothing of" } else { "says twice what answers" };
            return Err(format!("{problem} call {}", first.min(next)));
        }
        next = last.saturating_add(1);
        let outcome = match response.clone() {
            Response::Return(result) => Outcome::Return(result),
            Response::Throw(error) => Outcome::Throw(error),
        };
        lines.push(Line::new(next - first, outcome));
    }
    if lines.is_empty() { Err("has no answer at all".to_owned()) } else { Ok(Script::new(lines)) }
}
