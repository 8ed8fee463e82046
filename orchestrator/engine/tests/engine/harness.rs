//! Runs executions against scripted functions, with a clock that jumps from timer to timer.

use std::collections::BTreeMap;

use asl::Definition;
use asl::resource::{called_function, payload};
use engine::{
    Call, Effect, Execution, Fact, History, HistoryEvent, Integrations, JournalEntry, Phase, Refusal,
    Stepped, Tally, TaskId, TimerId, replay, step,
};
use serde_json::{Value, json};

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

    fn answer(&mut self, function: &str, task: TaskId) -> Option<Fact> {
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

    /// Runs until the execution ends or nothing can happen any more. Answers come at once, in the order of the calls;
    /// timers fire when nothing else is left.
    pub(crate) fn run(mut self, definition: &Definition, input: Value) -> RunLog {
        let mut now_ms = START_MS;
        let mut facts = vec![Fact::Started {
            execution: "e1".to_owned(),
            input,
            seed: 7,
            first_id: 1,
            identity: None,
            express: false,
        }];
        let mut timers: BTreeMap<(u64, TimerId), ()> = BTreeMap::new();
        let mut log = (None, Vec::new(), Vec::new(), Vec::new());
        let mut tally = Tally::default();
        loop {
            let fact = if facts.is_empty() {
                let Some(((at_ms, timer), ())) = timers.pop_first() else { break };
                now_ms = at_ms;
                Fact::TimerFired { timer }
            } else {
                facts.remove(0)
            };
            let stepped = step(definition, log.0.take(), fact.clone(), now_ms, &Offered, History::Keep);
            match stepped.expect("a legal fact") {
                Stepped::Stale(execution) => log.0 = Some(*execution),
                Stepped::Advanced(step) => {
                    log.1.push(JournalEntry { at_ms: now_ms, fact, refused: step.refused });
                    log.2.extend(step.history);
                    for effect in &step.effects {
                        match effect {
                            Effect::Call(call) if call.is_awaited => {
                                facts.extend(self.answer(&called(call).0, call.task));
                            }
                            Effect::Call(_) | Effect::Finished { .. } => {}
                            Effect::StartChild(_)
                            | Effect::StopChildren { .. }
                            | Effect::ReadItems(_)
                            | Effect::WriteResults(_)
                            | Effect::MapRunEnded(_) => panic!("no Map in distributed mode is run here"),
                            Effect::SetTimer { timer, at_ms } => {
                                timers.insert((*at_ms, *timer), ());
                            }
                            Effect::CancelTimer { timer } => timers.retain(|(_, id), ()| id != timer),
                        }
                    }
                    log.3.extend(step.effects);
                    tally.transitions += step.tally.transitions;
                    tally.retries += step.tally.retries;
                    tally.caught += step.tally.caught;
                    let bytes = step.execution.encode();
                    let read = Execution::decode(&bytes).expect("a snapshot reads back");
                    assert_eq!(read, step.execution);
                    log.0 = Some(read);
                }
            }
        }
        assert!(timers.is_empty());
        RunLog { execution: log.0.expect("it began"), journal: log.1, history: log.2, effects: log.3, tally }
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

    /// What must hold of every run: replay gives it again, and events are numbered in order.
    pub(crate) fn assert_sound(&self, definition: &Definition) {
        let (execution, history) =
            replay(definition, self.journal.iter().cloned()).expect("a journal replays");
        assert_eq!(execution, self.execution);
        assert_eq!(history, self.history);
        assert_eq!(history.len() as u64, execution.history_len());
        for (event, id) in history.iter().zip(1..) {
            assert_eq!(event.id, id);
            assert!(event.previous_event_id < id);
        }
    }
}
