//! Answers that stand in a file, by state or by function.
//!
//! ```json
//! {"States": {"Pay": [{"Throw": {"Error": "Busy", "Cause": "try again"}, "Times": 2}, {"Return": {"paid": true}}]},
//!  "Functions": {"quote": {"Return": 12}}}
//! ```
//!
//! The answers to a state's calls are used in their order, each once or as often as `Times` says; the last one answers all further calls.
//! One with `When` answers only calls whose parameters contain what it says, all of them unless `Times` says how many. `AfterSeconds` is how long the
//! answer takes on the execution's clock. Under `States` a `Return` is the task's result, under `Functions` what the function returns. A
//! state is looked up before a function; a function, by the names of [`Asked::name`].

use std::collections::BTreeMap;

use asl::Definition;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

use crate::answer::{Answer, Answers, Asked, NoneLeft, Reply};

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

/// One answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) struct Line {
    pub(crate) when: Option<Value>,
    pub(crate) times: u64,
    pub(crate) after_ms: u64,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Return(Value),
    Throw(Throw),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Throw {
    error: String,
    cause: Option<String>,
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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    when: Option<Value>,
    times: Option<u64>,
    after_seconds: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    r#return: Option<Value>,
    throw: Option<Throw>,
}

/// A field that is there, even if it is null.
pub(crate) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl TryFrom<Written> for Line {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let outcome = match (written.r#return, written.throw) {
            (Some(result), None) => Outcome::Return(result),
            (None, Some(error)) => Outcome::Throw(error),
            _ => return Err("an answer has either Return or Throw".to_owned()),
        };
        let after_s = written.after_seconds.unwrap_or_default();
        if !(0.0..=1e9).contains(&after_s) {
            return Err(format!("AfterSeconds is {after_s}; expected 0 to 1,000,000,000"));
        }
        let times = written.times.unwrap_or(if written.when.is_some() { u64::MAX } else { 1 });
        if times == 0 {
            return Err("Times is 0; expected at least 1".to_owned());
        }
        Ok(Self { when: written.when, times, after_ms: (after_s * 1000.0) as u64, outcome })
    }
}

/// Mocks that do not fit the definition.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the mocks answer for {state:?}, and the definition has no Task of that name; its Tasks are {tasks}")]
pub struct NoSuchTask {
    /// What they name.
    pub state: String,
    /// What they could name.
    pub tasks: String,
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
            last = Some(index);
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
    /// These, and of the others what these have not.
    #[must_use]
    pub fn over(mut self, others: &Self) -> Self {
        for (mine, others) in [(&mut self.states, &others.states), (&mut self.functions, &others.functions)] {
            for (name, script) in others {
                mine.entry(name.clone()).or_insert_with(|| script.clone());
            }
        }
        self
    }

    /// Refuses mocks of states that are not there.
    ///
    /// # Errors
    /// [`NoSuchTask`] for the first.
    pub fn check(&self, definition: &Definition) -> Result<(), NoSuchTask> {
        // A Map in distributed mode asks for items, and for results to be written.
        let is_task = |name: &str| {
            definition.state_named(name).is_some_and(|state| match &state.kind {
                asl::StateKind::Task(_) => true,
                asl::StateKind::Map(map) => map.mode != asl::map::Mode::Inline,
                _ => false,
            })
        };
        let Some(state) = self.states.keys().find(|name| !is_task(name)) else { return Ok(()) };
        let tasks: Vec<_> =
            definition.states().map(|(_, state)| &*state.name).filter(|name| is_task(name)).collect();
        let tasks = if tasks.is_empty() { "none".to_owned() } else { tasks.join(", ") };
        Err(NoSuchTask { state: state.clone(), tasks })
    }
}

impl Answers for Mocks {
    fn answer(&mut self, asked: &Asked) -> Result<Option<Reply>, NoneLeft> {
        if let Some(script) = self.states.get_mut(&*asked.state)
            && let Some(line) = script.next(&asked.parameters)?
        {
            return Ok(Some(line.reply(Answer::Result)));
        }
        let script = asked.name().and_then(|name| self.functions.get_mut(&name));
        let Some(script) = script else { return Ok(None) };
        let line = script.next(&asked.payload())?;
        Ok(line.map(|line| line.reply(|output| asked.returned(output))))
    }
}

impl Line {
    fn reply(&self, of: impl FnOnce(Value) -> Answer) -> Reply {
        let answer = match &self.outcome {
            Outcome::Return(result) => of(result.clone()),
            Outcome::Throw(Throw { error, cause }) => {
                Answer::Failed { error: error.clone(), cause: cause.clone() }
            }
        };
        Reply::After(self.after_ms, answer)
    }
}
