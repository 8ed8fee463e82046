//! The orchestrator as a participant: orders and replies in, commands out.
//!
//! One execution per order, under the order's id. Everything that moves it is a [`Fact`]; the engine decides what
//! follows. The execution's snapshot is the entity's state, the facts are its journal (see [`engine`]), and both
//! are committed together with the commands they lead to.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use asl::{Definition, StateId};
use bus::{Message, Topic};
use bytes::Bytes;
use contract::command::errors;
use contract::envelope::{self, Envelope};
use contract::{Event, Order, Reply, Style, TraceContext, command};
use engine::{Effect, Execution, Fact, History, JournalEntry, Phase, Stepped, TaskId, TimerId, step};
use participant::{Effects, Handler, Input, NoCalls, Rejected};
use registry::Definitions;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use traces::{KeyValue, Span, SpanKind, Tracer};

use crate::metrics::Metrics;
use crate::replay::{Replay, Replayed};

/// The orchestrator's consumer group.
pub const NAME: &str = contract::groups::ORCHESTRATOR;
/// The CloudEvents source of its messages.
pub const SOURCE: &str = "duet/orchestrator";

/// Orders that wait for one execution's first state, at the most; further ones are rejected at once.
const RIVALS_MAX: usize = 8;

/// What it subscribes to: orders placed in its style, and replies to its commands.
#[must_use]
pub fn topics() -> Vec<Topic> {
    contract::groups::orchestrator()
}

/// What the workflow is told beside the order, as `$.settings`; whole seconds, as ASL counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// How long a restaurant may take to answer.
    pub restaurant_timeout_s: u32,
    /// How long the kitchen takes.
    pub preparation_s: u32,
    /// How long it takes until a courier has it.
    pub dispatch_s: u32,
    /// How long the courier takes.
    pub delivery_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { restaurant_timeout_s: 2, preparation_s: 0, dispatch_s: 0, delivery_s: 0 }
    }
}

/// An execution as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Where it stands.
    pub execution: Execution,
    /// The trace that the order came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What the order was that it began with ([`envelope::fingerprint`]); `None` if it began before that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed: Option<String>,
    /// Other orders placed under its id while it is not known yet whether the id is its own: as long as it is in its first
    /// state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rivals: Vec<Rival>,
}

/// An order placed under the id of another whose execution has just begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rival {
    /// The order.
    pub order: Order,
    /// The trace that it came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl Run {
    /// Whether it failed because its order's id belongs to another order: nothing was done for it.
    #[must_use]
    pub fn was_refused(&self) -> bool {
        match self.execution.phase() {
            Phase::Ended(ending) => ending.error.as_deref() == Some(errors::DUPLICATE_ORDER),
            Phase::Running(_) => false,
        }
    }
}

/// Starts an execution for every order placed in its style and leads it to its end.
pub struct Conductor {
    definitions: Arc<Definitions>,
    settings: Settings,
    metrics: Metrics,
    tracer: Tracer,
}

impl Conductor {
    /// Leads new orders by the current one of these definitions.
    #[must_use]
    pub fn new(definitions: Arc<Definitions>, settings: Settings) -> Self {
        Self { definitions, settings, metrics: Metrics::unregistered(), tracer: Tracer::off() }
    }

    /// Counts there.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Records there how long executions wait in their states. Like what is counted, it may be told again when a commit has
    /// to be made again.
    #[must_use]
    pub fn with_tracer(mut self, tracer: Tracer) -> Self {
        self.tracer = tracer;
        self
    }

    fn on_message(
        &self,
        state: Option<Run>,
        message: &Message,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<Option<Run>, Rejected> {
        if message.topic == contract::topics::REPLIES {
            let fact = reply_fact(message)?;
            let run = state.ok_or_else(|| Rejected(format!("there is no execution {}", effects.key())))?;
            return self.advance(run, fact, effects).map(Some);
        }
        let envelope = Envelope::of(message).map_err(rejected)?;
        let Event::OrderPlaced { order } = Event::decode(message).map_err(rejected)? else {
            return Err(Rejected(
                "an execution begins with an order placed, and with nothing else".to_owned(),
            ));
        };
        let placed = envelope::fingerprint(&order, envelope.style);
        match state {
            // Placed again under another message id: the execution is this order's.
            Some(run) if run.placed.as_ref().is_none_or(|before| *before == placed) => Ok(Some(run)),
            // What was refused gives way: it has done nothing.
            Some(run) if run.was_refused() => {
                self.start(rival(order, envelope), run.execution.next_id(), effects).map(Some)
            }
            Some(mut run) if run.rivals.len() < RIVALS_MAX && self.is_in_doubt(&run)? => {
                let rival = rival(order, envelope);
                if !run.rivals.iter().any(|known| known.order == rival.order) {
                    run.rivals.push(rival);
                }
                Ok(Some(run))
            }
            Some(_) => {
                Err(Rejected(format!("another order is being executed under the id {}", order.order_id)))
            }
            None => self.start(rival(order, envelope), 1, effects).map(Some),
        }
    }

    /// Whether it may still be refused.
    fn is_in_doubt(&self, run: &Run) -> Result<bool, Rejected> {
        let Some(visit) = waiting(&run.execution) else { return Ok(false) };
        let definition = self.definitions.pinned(run.execution.definition()).map_err(rejected)?;
        Ok(visit.state == definition.machine().start)
    }

    /// Once it is known whose the id is: those that waited for it have their turn, or come again to be rejected.
    fn settle_rivals(&self, mut run: Run, effects: &mut Effects<NoCalls, Replayed>) -> Result<Run, Rejected> {
        if run.rivals.is_empty() || self.is_in_doubt(&run)? {
            return Ok(run);
        }
        let mut rivals = std::mem::take(&mut run.rivals);
        if run.was_refused() {
            let mut next = self.start(rivals.remove(0), run.execution.next_id(), effects)?;
            next.rivals = rivals;
            return Ok(next);
        }
        for Rival { order, traceparent } in rivals {
            let envelope = Envelope { traceparent, ..Envelope::new(Style::Orchestration) };
            let again = Event::OrderPlaced { order }.encode(&envelope, SOURCE, effects.now());
            effects.publish(again.topic, again.headers, again.body);
        }
        Ok(run)
    }

    /// Begins an execution whose tasks and timers have ids from `first_id` on.
    fn start(
        &self,
        placed: Rival,
        first_id: u64,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<Run, Rejected> {
        let Rival { order, traceparent } = placed;
        let placed = envelope::fingerprint(&order, Style::Orchestration);
        let fact = Fact::Started {
            execution: order.order_id.clone(),
            input: json!({ "order": order, "settings": self.settings }),
            seed: seed_of(&order.order_id),
            first_id,
        };
        let origin = Origin { traceparent, placed: Some(placed), rivals: Vec::new() };
        self.step(self.definitions.current(), None, fact, origin, effects)
    }

    fn advance(
        &self,
        run: Run,
        fact: Fact,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<Run, Rejected> {
        let definition = self.definitions.pinned(run.execution.definition()).map_err(rejected)?;
        let origin = Origin { traceparent: run.traceparent, placed: run.placed, rivals: run.rivals };
        let run = self.step(definition, Some(run.execution), fact, origin, effects)?;
        self.settle_rivals(run, effects)
    }

    fn step(
        &self,
        definition: &Definition,
        execution: Option<Execution>,
        fact: Fact,
        origin: Origin,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<Run, Rejected> {
        let Origin { traceparent, placed, rivals } = origin;
        let now_ms = effects.now().unsigned_abs();
        let entry = JournalEntry { at_ms: now_ms, fact };
        let (is_new, before) = (execution.is_none(), execution.as_ref().and_then(waiting));
        let record = serde_json::to_vec(&entry).expect("a fact has only string keys and finite numbers");
        match step(definition, execution, entry.fact, now_ms, History::Skip).map_err(rejected)? {
            Stepped::Stale(execution) => Ok(Run { execution: *execution, traceparent, placed, rivals }),
            Stepped::Advanced(step) => {
                effects.journal(record);
                if is_new {
                    self.metrics.started();
                }
                self.metrics.stepped(step.tally, step.execution.status());
                let after = waiting(&step.execution);
                if let Some(visit) = before.filter(|_| after != before) {
                    let name = definition.state(visit.state).map_or("unknown", |state| state.name.as_str());
                    self.metrics.left(name, now_ms.saturating_sub(visit.since_ms));
                    self.record(name, visit, now_ms, traceparent.as_deref(), effects.key());
                }
                // What is sent comes from the state in which the execution now waits or, once it has ended, from its last one.
                let cause = after.or(before).and_then(|visit| self.span_of(visit, traceparent.as_deref()));
                let cause = cause.map(|cause| cause.to_string()).or_else(|| traceparent.clone());
                let envelope = Envelope { traceparent: cause, ..Envelope::new(Style::Orchestration) };
                for effect in step.effects {
                    bring_about(effect, &envelope, effects)?;
                }
                Ok(Run { execution: step.execution, traceparent, placed, rivals })
            }
        }
    }
}

impl Conductor {
    /// Says again the commands to which the execution has no answer. One that has come meanwhile makes no difference: a command
    /// that was carried out changes nothing.
    fn say_again(
        &self,
        state: Option<Run>,
        replay: &Replay,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<Option<Run>, Rejected> {
        let Some(run) = state else {
            effects.answer(None);
            return Ok(None);
        };
        if run.execution.started_ms() != replay.started_ms {
            return Err(Rejected(
                "another execution has taken the place of the one that was looked at".to_owned(),
            ));
        }
        let cause = waiting(&run.execution).and_then(|visit| self.span_of(visit, run.traceparent.as_deref()));
        let traceparent = cause.map(|cause| cause.to_string()).or_else(|| run.traceparent.clone());
        let envelope = Envelope { traceparent, replayed: true, ..Envelope::new(Style::Orchestration) };
        for call in &replay.calls {
            bring_about(call.clone(), &envelope, effects)?;
        }
        effects.answer(Some(replay.calls.len()));
        Ok(Some(run))
    }
}

/// What an execution began with and keeps.
struct Origin {
    traceparent: Option<String>,
    placed: Option<String>,
    rivals: Vec<Rival>,
}

fn rival(order: Order, envelope: Envelope) -> Rival {
    Rival { order, traceparent: envelope.traceparent }
}

/// An execution's stay in a state of its outermost machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Visit {
    state: StateId,
    /// In milliseconds since 1970.
    since_ms: u64,
}

impl Conductor {
    /// The span of a stay, in the trace of an execution that is traced. By what identifies it, so that messages sent at its
    /// beginning name the span that is recorded at its end.
    fn span_of(&self, visit: Visit, traceparent: Option<&str>) -> Option<TraceContext> {
        let trace = self.tracer.joined(traceparent)?;
        Some(trace.derive(&format!("state/{:?}/{}", visit.state, visit.since_ms)))
    }

    fn record(&self, name: &str, visit: Visit, now_ms: u64, traceparent: Option<&str>, order_id: &str) {
        let Some(context) = self.span_of(visit, traceparent) else { return };
        let at = |ms| UNIX_EPOCH + Duration::from_millis(ms);
        self.tracer.record(Span {
            context,
            parent: self.tracer.joined(traceparent),
            name: format!("state {name}").into(),
            kind: SpanKind::Internal,
            began: at(visit.since_ms),
            ended: at(now_ms),
            attributes: vec![
                KeyValue::new("duet.state", name.to_owned()),
                KeyValue::new("duet.order.id", order_id.to_owned()),
            ],
            links: Vec::new(),
            failure: None,
        });
    }
}

/// Where an execution waits; `None` once it has ended.
fn waiting(execution: &Execution) -> Option<Visit> {
    match execution.phase() {
        Phase::Running(frame) => Some(Visit { state: frame.state, since_ms: frame.entered_ms }),
        Phase::Ended(_) => None,
    }
}

impl Handler for Conductor {
    type State = Run;
    type Call = NoCalls;
    type Outcome = NoCalls;
    type Request = Replay;
    type Answer = Replayed;

    fn handle(
        &self,
        state: Option<Run>,
        input: Input<'_, NoCalls, Replay>,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<Option<Run>, Rejected> {
        match input {
            Input::Message(message) => self.on_message(state, message, effects),
            Input::Timer(name) => {
                let timer = name
                    .parse()
                    .map(TimerId)
                    .map_err(|_| Rejected(format!("no timer is called {name:?}")))?;
                let run = state.ok_or_else(|| Rejected("a timer without an execution".to_owned()))?;
                self.advance(run, Fact::TimerFired { timer }, effects).map(Some)
            }
            Input::Outcome(outcome) => match *outcome {},
            Input::Request(replay) => self.say_again(state, replay, effects),
        }
    }
}

fn rejected(error: impl std::fmt::Display) -> Rejected {
    Rejected(error.to_string())
}

fn reply_fact(message: &Message) -> Result<Fact, Rejected> {
    let correlation = message.headers.get("correlationid");
    let task = correlation.and_then(|task| task.parse().ok()).map(TaskId).ok_or_else(|| {
        let expected = "the task id of the command that this answers";
        rejected(contract::Malformed::header("correlationid", correlation, expected))
    })?;
    Ok(match Reply::decode(message).map_err(rejected)? {
        Reply::Succeeded { output } => Fact::TaskSucceeded { task, output },
        Reply::Failed { error, cause } => Fact::TaskFailed { task, error, cause: Some(cause) },
    })
}

fn bring_about(
    effect: Effect,
    envelope: &Envelope,
    effects: &mut Effects<NoCalls, Replayed>,
) -> Result<(), Rejected> {
    match effect {
        Effect::Invoke { task, function, payload, fire_and_forget } => {
            let known = command::function(&function);
            let known =
                known.ok_or_else(|| Rejected(format!("no service offers the function {function}")))?;
            let task = (!fire_and_forget).then(|| task.0.to_string());
            let payload = Bytes::from(payload_text(&payload));
            let now = effects.now();
            let call = command::encode_call(known, payload, task.as_deref(), envelope, SOURCE, now);
            effects.publish(call.topic, call.headers, call.body);
        }
        Effect::SetTimer { timer, at_ms } => {
            effects.set_timer(timer.0.to_string(), i64::try_from(at_ms).unwrap_or(i64::MAX));
        }
        Effect::CancelTimer { timer } => effects.cancel_timer(timer.0.to_string()),
        Effect::Finished { .. } => {}
    }
    Ok(())
}

fn payload_text(payload: &Value) -> Vec<u8> {
    serde_json::to_vec(payload).expect("a JSON value has only string keys and finite numbers")
}

/// What an execution's jitter comes from: its id, so that a decision made again is the same.
fn seed_of(order_id: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(order_id.as_bytes())
}

#[cfg(test)]
mod tests;
