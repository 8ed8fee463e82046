//! Runs executions against scripted functions.

use std::collections::BTreeMap;

use asl::Definition;
use asl::resource::{called_function, payload};
use engine::{
    Call, Effect, Execution, Fact, HistoryEvent, Integrations, JournalEntry, Phase, Refusal, Rules, Step,
    Tally, TaskId,
};
use serde_json::{Value, json};

use crate::drive::{Past, World, drive};

/// The order flow: the largest example there is.
const ORDER: &str = include_str!("../../../order-flow/order.asl.json");

pub(crate) const FUNCTIONS: [&str; 13] = [
    "record-order",
    "close-order",
    "authorise-payment",
    "void-payment",
    "capture-payment",
    "start-preparation",
    "dispatch-order",
    "deliver-order",
    "request-acceptance",
    "cancel-acceptance",
    "notify-customer",
    "f",
    "g",
];

pub(crate) const START_MS: u64 = 1_700_000_000_000;

pub(crate) fn definition(text: &str) -> Definition {
    asl::parse(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Refuses calls of functions that nobody offers.
pub(crate) struct Offered;

impl Integrations for Offered {
    fn refusal(&self, call: &Call) -> Option<Refusal> {
        let (function, _) = called(call);
        let cause = format!("there is no function '{function}'");
        let error = "Lambda.ResourceNotFoundException".to_owned();
        (!FUNCTIONS.contains(&function.as_str())).then_some(Refusal { error, cause })
    }
}

/// The function that a call names, and what it is given.
pub(crate) fn called(call: &Call) -> (String, Value) {
    let function = called_function(&call.resource, &call.parameters).expect("it names a function");
    (function.to_owned(), payload(&call.resource, call.parameters.clone()))
}

pub(crate) fn order_definition() -> Definition {
    definition(ORDER)
}

pub(crate) fn order_input() -> Value {
    json!({
        "order": {
            "order_id": "o1", "customer_id": "c1", "restaurant_id": "r1", "currency": "EUR", "total_minor": 700,
            "items": [{"name": "soup", "quantity": 1, "unit_price_minor": 700}],
        },
        "settings": {"restaurant_timeout_s": 30, "preparation_s": 0, "dispatch_s": 0, "delivery_s": 0},
    })
}

/// How a function answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Ok(Value),
    /// An error, so many times; then success.
    Error(String, usize),
    /// Never.
    Silence,
}

/// One failure, then success.
pub(crate) fn error(name: &str) -> Answer {
    Answer::Error(name.to_owned(), 1)
}

impl Answer {
    pub(crate) fn times(self, times: usize) -> Self {
        match self {
            Self::Error(name, _) => Self::Error(name, times),
            other => other,
        }
    }

    pub(crate) fn always(self) -> Self {
        self.times(usize::MAX)
    }
}

/// What each function answers; an empty object where nothing is said.
pub(crate) struct Script(BTreeMap<String, Answer>);

/// A finished (or stuck) run.
pub(crate) struct RunLog {
    pub(crate) execution: Execution,
    pub(crate) journal: Vec<JournalEntry>,
    pub(crate) history: Vec<HistoryEvent>,
    pub(crate) effects: Vec<Effect>,
    /// All steps together.
    pub(crate) tally: Tally,
}

impl Script {
    pub(crate) fn new(script: &[(&str, Answer)]) -> Self {
        Self(script.iter().map(|(name, answer)| ((*name).to_owned(), answer.clone())).collect())
    }

    fn answer_of(&mut self, function: &str, task: TaskId) -> Option<Fact> {
        match self.0.get_mut(function) {
            None => Some(Fact::FunctionReturned { task, output: json!({}) }),
            Some(Answer::Ok(output)) => Some(Fact::FunctionReturned { task, output: output.clone() }),
            Some(Answer::Error(_, 0)) => Some(Fact::FunctionReturned { task, output: json!({}) }),
            Some(Answer::Error(name, times)) => {
                *times -= 1;
                Some(Fact::TaskFailed { task, error: name.clone(), cause: Some("because".to_owned()) })
            }
            Some(Answer::Silence) => None,
        }
    }

    /// Runs until the execution ends or nothing can happen any more.
    pub(crate) fn run(self, definition: &Definition, input: Value) -> RunLog {
        let start = Fact::Started {
            execution: "e1".to_owned(),
            input,
            seed: 7,
            first_id: 1,
            identity: None,
            express: false,
            rules: Rules::TODAY,
        };
        let (journal, effects, tally) = (Vec::new(), Vec::new(), Tally::default());
        let mut scripted = Scripted { now_ms: START_MS, script: self, journal, effects, tally };
        let past = drive(&mut scripted, definition, Past::default(), start);
        let Past { execution, history, .. } = past.unwrap_or_else(|wrong| panic!("{wrong}"));
        let execution = execution.unwrap();
        let Scripted { journal, effects, tally, .. } = scripted;
        RunLog { execution, journal, history, effects, tally }
    }
}

/// A script, and what came of it.
struct Scripted {
    now_ms: u64,
    script: Script,
    journal: Vec<JournalEntry>,
    effects: Vec<Effect>,
    tally: Tally,
}

impl World for Scripted {
    fn integrations(&self) -> &dyn Integrations {
        &Offered
    }

    fn now_ms(&mut self) -> &mut u64 {
        &mut self.now_ms
    }

    fn answer(&mut self, call: &Call) -> Vec<(u64, Fact)> {
        let answer = call.is_awaited.then(|| self.script.answer_of(&called(call).0, call.task));
        answer.flatten().into_iter().map(|fact| (0, fact)).collect()
    }

    fn bring_about(&mut self, _: &Definition, effect: &Effect) -> Result<Option<Fact>, String> {
        match effect {
            Effect::Finished { .. } => Ok(None),
            effect => Err(format!("no Map in distributed mode is run here: {effect:?}")),
        }
    }

    fn told(&mut self) -> Option<(u64, Fact)> {
        None
    }

    fn see(&mut self, entry: JournalEntry, step: &Step) {
        self.journal.push(entry);
        self.effects.extend(step.effects.iter().cloned());
        self.tally.transitions += step.tally.transitions;
        self.tally.retries += step.tally.retries;
        self.tally.caught += step.tally.caught;
    }
}

impl RunLog {
    /// The functions called, with what tells calls of one function apart.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = self.effects.iter().filter_map(|effect| match effect {
            Effect::Call(call) => {
                let (function, payload) = called(call);
                let which = payload.get("milestone").or(payload.get("status")).and_then(Value::as_str);
                Some(which.map_or_else(|| function.clone(), |which| format!("{function} {which}")))
            }
            _ => None,
        });
        calls.collect()
    }

    pub(crate) fn error(&self) -> Option<&str> {
        match self.execution.phase() {
            Phase::Ended(ending) => ending.error.as_deref(),
            Phase::Running(_) => None,
        }
    }

    pub(crate) fn cause(&self) -> Option<&str> {
        match self.execution.phase() {
            Phase::Ended(ending) => ending.cause.as_deref(),
            Phase::Running(_) => None,
        }
    }

    pub(crate) fn output(&self) -> Option<&Value> {
        match self.execution.phase() {
            Phase::Ended(ending) => ending.output.as_ref(),
            Phase::Running(_) => None,
        }
    }

    pub(crate) fn event_types(&self) -> Vec<String> {
        self.history.iter().map(HistoryEvent::type_name).collect()
    }
}
