//! Answers that stand in a file, by state or by function.
//!
//! ```json
//! {"States": {"Pay": [{"Throw": {"Error": "Busy", "Cause": "try again"}, "Times": 2}, {"Return": {"paid": true}}]},
//!  "Functions": {"quote": {"Return": 12}}}
//! ```
//!
//! The answers to a state's calls are used in their order, each once or as often as `Times` says; the last one answers all further calls.
//! One with `When` answers only calls whose parameters contain what it says: all of them, or as many as `Times` says, the last or not.
//! Under `States` a `Return` is the task's result, under `Functions` what the function returns. A state is looked up before a function; a
//! function, by the names of [`Asked::name`].

use std::collections::{BTreeMap, BTreeSet};

use asl::Definition;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

use crate::answer::{Answers, NoneLeft, Reply};
use crate::asked::{Answer, Asked};
use crate::called::called_names;
use crate::mock_line::Line;
use crate::near::did_you_mean;
use crate::settings::Machine;

/// Mocks of functions that nothing calls.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the function {function:?} is called by no state{meant}; called are {called}")]
pub struct NoSuchFunction {
    /// What is named.
    pub function: String,
    /// What could be.
    pub called: String,
    /// What was perhaps meant, as the end of a sentence.
    pub meant: String,
}

/// Refuses a name of a function that no state of the definition calls; where a state computes what it calls, any may be called.
///
/// # Errors
/// [`NoSuchFunction`] for the first.
pub fn check_called<'n>(
    definition: &Definition,
    machines: &[Machine],
    functions: impl IntoIterator<Item = &'n str>,
) -> Result<(), NoSuchFunction> {
    let all = with(definition, machines).map(called_names).collect::<Option<Vec<_>>>();
    let Some(called) = all.map(|all| all.into_iter().flatten().collect::<BTreeSet<_>>()) else {
        return Ok(());
    };
    let Some(function) = functions.into_iter().find(|name| !called.contains(*name)) else { return Ok(()) };
    let meant = did_you_mean(function, called.iter().map(String::as_str));
    let called = called.into_iter().collect::<Vec<_>>().join(", ");
    let called = if called.is_empty() { "none".to_owned() } else { called };
    Err(NoSuchFunction { function: function.to_owned(), called, meant })
}

/// A definition, and those that its tasks can start.
fn with<'d>(definition: &'d Definition, machines: &'d [Machine]) -> impl Iterator<Item = &'d Definition> {
    std::iter::once(definition).chain(machines.iter().map(|machine| &machine.definition))
}

/// Answers by state and by function.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Mocks {
    /// By the name of the state.
    #[serde(default)]
    pub states: BTreeMap<String, Script>,
    /// By the name of the function, `service:action`, or the name of the activity.
    #[serde(default)]
    pub functions: BTreeMap<String, Script>,
}

/// The answers to the calls of one state, or of one function.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    lines: Vec<Line>,
    /// How often each was used.
    used: Vec<u64>,
    /// Whether the last answers all further calls. If not, what the script is called, for people.
    pub(crate) ends: Option<String>,
}

/// One answer, or several in an array: by hand, because an untagged enum does not say what is wrong.
impl<'de> Deserialize<'de> for Script {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lines = match Value::deserialize(deserializer)? {
            Value::Array(lines) if lines.is_empty() => {
                return Err(D::Error::custom("there is no answer in []"));
            }
            Value::Array(lines) => lines,
            line => vec![line],
        };
        let lines: Result<Vec<Line>, _> = lines.into_iter().map(serde_json::from_value).collect();
        lines.map(Self::new).map_err(D::Error::custom)
    }
}

/// Mocks that do not fit the definition.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the mocks answer for {state:?}, and the definition has no Task of that name{meant}; its Tasks are {tasks}"
)]
pub struct NoSuchTask {
    /// What they name.
    pub state: String,
    /// What they could name.
    pub tasks: String,
    /// What was perhaps meant, as the end of a sentence.
    pub meant: String,
}

impl Script {
    pub(crate) fn new(lines: Vec<Line>) -> Self {
        Self { used: vec![0; lines.len()], lines, ends: None }
    }

    /// The answer to the next call.
    fn next(&mut self, parameters: &Value) -> Result<Option<&Line>, NoneLeft> {
        let fits = |line: &Line| line.when.as_ref().is_none_or(|when| contains(parameters, when));
        let (mut last, mut chosen) = (None, None);
        for (index, line) in self.lines.iter().enumerate().filter(|(_, line)| fits(line)) {
            last = Some(index).filter(|_| !line.is_counted).or(last);
            if self.used[index] < line.times {
                chosen = Some(index);
                break;
            }
        }
        if chosen.is_none()
            && let Some(whose) = &self.ends
        {
            let call = self.used.iter().sum::<u64>() as usize;
            return Err(NoneLeft { whose: whose.clone(), call });
        }
        let Some(index) = chosen.or(last) else { return Ok(None) };
        self.used[index] += 1;
        Ok(self.lines.get(index))
    }
}

/// Whether a value has all that is asked for: of an object each member, of anything else the same.
fn contains(value: &Value, asked: &Value) -> bool {
    match (value, asked) {
        (Value::Object(members), Value::Object(asked)) => {
            asked.iter().all(|(name, asked)| members.get(name).is_some_and(|value| contains(value, asked)))
        }
        _ => value == asked,
    }
}

impl Mocks {
    /// Refuses mocks of states that are not there: in the definition, or in a machine that its tasks can start.
    ///
    /// # Errors
    /// [`NoSuchTask`] for the first.
    pub fn check(&self, definition: &Definition, machines: &[Machine]) -> Result<(), NoSuchTask> {
        // A Map in distributed mode asks for items, and for results to be written.
        let is_task = |name: &str| {
            let mut found = with(definition, machines).filter_map(|it| it.state_named(name));
            found.any(|state| match &state.kind {
                asl::StateKind::Task(_) => true,
                asl::StateKind::Map(map) => map.mode != asl::map::Mode::Inline,
                _ => false,
            })
        };
        let Some(state) = self.states.keys().find(|name| !is_task(name)) else { return Ok(()) };
        let states = with(definition, machines).flat_map(Definition::states);
        let tasks: Vec<_> = states.map(|(_, state)| &*state.name).filter(|name| is_task(name)).collect();
        let meant = did_you_mean(state, tasks.iter().copied());
        let tasks = if tasks.is_empty() { "none".to_owned() } else { tasks.join(", ") };
        Err(NoSuchTask { state: state.clone(), tasks, meant })
    }
}

impl Mocks {
    /// Refuses mocks of functions that nothing calls, of the definition or of a machine that its tasks can start.
    ///
    /// # Errors
    /// [`NoSuchFunction`] for the first.
    pub fn check_functions(
        &self,
        definition: &Definition,
        machines: &[Machine],
    ) -> Result<(), NoSuchFunction> {
        check_called(definition, machines, self.functions.keys().map(String::as_str))
    }
}

impl Answers for Mocks {
    fn answer(&mut self, asked: &Asked) -> Result<Option<Reply>, NoneLeft> {
        if let Some(script) = self.states.get_mut(&*asked.state)
            && let Some(line) = script.next(&asked.parameters)?
        {
            return Ok(Some(Reply::Told(line.course(Answer::Result))));
        }
        let script = asked.name().and_then(|name| self.functions.get_mut(&name));
        let Some(script) = script else { return Ok(None) };
        let line = script.next(&asked.payload())?;
        Ok(line.map(|line| Reply::Told(line.course(|output| asked.returned(output)))))
    }
}
