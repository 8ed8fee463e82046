//! The orchestrator as a participant: orders and replies in, commands out.
//!
//! One execution per order, under the order's id. Everything that moves it is a [`Fact`]; the engine decides what
//! follows. The execution's snapshot is the entity's state, the facts are its journal (see [`engine`]), and both
//! are committed together with the commands they lead to.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use asl::Definition;
use bus::{Message, Topic};
use contract::envelope::{self, Envelope};
use contract::{Encoded, Event, Order, Reply, Style, TraceContext};
use engine::{
    Call, Effect, Execution, Fact, History, Integrations as _, JournalEntry, Rules, Stepped, TaskId, TimerId,
    step,
};
use participant::{Effects, Handler, Input, NoCalls, Rejected};
use registry::Definitions;
use serde_json::json;
use traces::{KeyValue, Span, SpanKind, Tracer};

use crate::execution::{Durations, OrderExecution, Rival};
use crate::functions::{self, Functions, SOURCE};
use crate::metrics::Metrics;
use crate::replay::{Replay, Replayed};

/// The orchestrator's consumer group.
pub const NAME: &str = contract::groups::ORCHESTRATOR;

/// Orders that wait for one execution's first state, at the most; further ones are rejected at once.
const RIVALS_MAX: usize = 8;

/// What it subscribes to: orders placed in its style, and replies to its commands.
#[must_use]
pub fn topics() -> Vec<Topic> {
    contract::groups::orchestrator()
}

/// Starts an execution for every order placed in its style and leads it to its end.
pub struct Conductor {
    definitions: Arc<Definitions>,
    durations: Durations,
    metrics: Metrics,
    tracer: Tracer,
}

impl Conductor {
    /// Leads new orders by the current one of these definitions.
    #[must_use]
    pub fn new(definitions: Arc<Definitions>, durations: Durations) -> Self {
        Self { definitions, durations, metrics: Metrics::unregistered(), tracer: Tracer::off() }
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
        state: Option<OrderExecution>,
        message: &Message,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<Option<OrderExecution>, Rejected> {
        if message.topic == contract::topics::REPLIES {
            let fact = reply_fact(message)?;
            let stored = state.ok_or_else(|| Rejected(format!("there is no execution {}", effects.key())))?;
            return self.advance(stored, fact, effects).map(Some);
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
            Some(stored) if stored.placed.as_ref().is_none_or(|before| *before == placed) => Ok(Some(stored)),
            // What was refused gives way: it has done nothing.
            Some(stored) if stored.was_refused() => {
                self.start(rival(order, envelope), stored.execution.next_id(), effects).map(Some)
            }
            Some(mut stored) if stored.rivals.len() < RIVALS_MAX && self.is_in_doubt(&stored)? => {
                let rival = rival(order, envelope);
                if !stored.rivals.iter().any(|known| known.order == rival.order) {
                    stored.rivals.push(rival);
                }
                Ok(Some(stored))
            }
            Some(_) => {
                Err(Rejected(format!("another order is being executed under the id {}", order.order_id)))
            }
            None => self.start(rival(order, envelope), 1, effects).map(Some),
        }
    }

    /// The execution in the layout that this program writes. Without its definition it stays as it is: whatever moves it is
    /// rejected.
    fn brought_up_to_date(&self, mut stored: OrderExecution) -> Result<OrderExecution, Rejected> {
        if stored.execution.is_of_earlier_layout()
            && let Ok(definition) = self.definitions.pinned(stored.execution.definition())
        {
            stored.execution = stored.execution.brought_up_to_date(definition).map_err(rejected)?;
        }
        Ok(stored)
    }

    /// Whether it may still be refused.
    fn is_in_doubt(&self, stored: &OrderExecution) -> Result<bool, Rejected> {
        let Some(stay) = waiting(&stored.execution) else { return Ok(false) };
        let definition = self.definitions.pinned(stored.execution.definition()).map_err(rejected)?;
        let start = definition.state(definition.machine().start);
        Ok(start.is_some_and(|start| start.name == stay.state))
    }

    /// Once it is known whose the id is: those that waited for it have their turn, or come again to be rejected.
    fn settle_rivals(
        &self,
        mut stored: OrderExecution,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<OrderExecution, Rejected> {
        if stored.rivals.is_empty() || self.is_in_doubt(&stored)? {
            return Ok(stored);
        }
        let mut rivals = std::mem::take(&mut stored.rivals);
        if stored.was_refused() {
            let mut next = self.start(rivals.remove(0), stored.execution.next_id(), effects)?;
            next.rivals = rivals;
            return Ok(next);
        }
        for Rival { order, traceparent } in rivals {
            let envelope = Envelope { traceparent, ..Envelope::new(Style::Orchestration) };
            let again = Event::OrderPlaced { order }.encode(&envelope, SOURCE, effects.now());
            effects.publish(again.topic, again.headers, again.body);
        }
        Ok(stored)
    }

    /// Begins an execution whose tasks and timers have ids from `first_id` on.
    fn start(
        &self,
        placed: Rival,
        first_id: u64,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<OrderExecution, Rejected> {
        let Rival { order, traceparent } = placed;
        let placed = envelope::fingerprint(&order, Style::Orchestration);
        let fact = Fact::Started {
            execution: order.order_id.clone(),
            input: json!({ "order": order, "settings": self.durations }),
            seed: seed_of(&order.order_id),
            first_id,
            identity: None,
            express: false,
            rules: Rules::TODAY,
        };
        let kept = Kept { traceparent, placed: Some(placed), rivals: Vec::new() };
        self.step(self.definitions.current(), None, fact, kept, effects)
    }

    fn advance(
        &self,
        stored: OrderExecution,
        fact: Fact,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<OrderExecution, Rejected> {
        let definition = self.definitions.pinned(stored.execution.definition()).map_err(rejected)?;
        let kept = Kept { traceparent: stored.traceparent, placed: stored.placed, rivals: stored.rivals };
        let stored = self.step(definition, Some(stored.execution), fact, kept, effects)?;
        self.settle_rivals(stored, effects)
    }

    fn step(
        &self,
        definition: &Definition,
        execution: Option<Execution>,
        fact: Fact,
        kept: Kept,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<OrderExecution, Rejected> {
        let now_ms = effects.now().unsigned_abs();
        let entry = JournalEntry::new(now_ms, fact);
        let (is_new, before) = (execution.is_none(), execution.as_ref().and_then(waiting));
        let record = entry.encode();
        let stepped = step(definition, execution, entry.fact, now_ms, &Functions, History::Skip);
        let step = match stepped.map_err(rejected)? {
            Stepped::Stale(execution) => return Ok(kept.of(*execution)),
            Stepped::Advanced(step) => *step,
        };
        effects.journal(JournalEntry::with_refused(record, step.refused).map_err(rejected)?);
        if is_new {
            self.metrics.started();
        }
        self.metrics.stepped(step.tally, step.execution.status());
        let after = waiting(&step.execution);
        let traceparent = kept.traceparent.as_deref();
        if let Some(stay) = before.as_ref().filter(|_| after != before) {
            self.metrics.left(&stay.state, now_ms.saturating_sub(stay.since_ms));
            self.record(stay, now_ms, traceparent, effects.key());
        }
        // What is sent comes from the state in which the execution now waits or, once it has ended, from its last one.
        let envelope = Envelope {
            traceparent: self.cause(after.or(before).as_ref(), traceparent),
            ..Envelope::new(Style::Orchestration)
        };
        for effect in step.effects {
            bring_about(effect, &envelope, effects)?;
        }
        Ok(kept.of(step.execution))
    }

    /// The trace context of what is sent from that stay.
    fn cause(&self, stay: Option<&Stay>, traceparent: Option<&str>) -> Option<String> {
        let span = stay.and_then(|stay| self.span_of(stay, traceparent));
        span.map(|span| span.to_string()).or_else(|| traceparent.map(str::to_owned))
    }
}

impl Conductor {
    /// Says again the commands to which the execution has no answer. One that has come meanwhile makes no difference: a command
    /// that was carried out changes nothing.
    fn say_again(
        &self,
        state: Option<OrderExecution>,
        replay: &Replay,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<Option<OrderExecution>, Rejected> {
        let Some(stored) = state else {
            effects.answer(None);
            return Ok(None);
        };
        if stored.execution.started_ms() != replay.started_ms {
            return Err(Rejected(
                "another execution has taken the place of the one that was looked at".to_owned(),
            ));
        }
        let traceparent = self.cause(waiting(&stored.execution).as_ref(), stored.traceparent.as_deref());
        let envelope = Envelope { traceparent, replayed: true, ..Envelope::new(Style::Orchestration) };
        // A function that is gone cannot be told again what it was told; the others can.
        let mut said = 0;
        for call in replay.calls.iter().filter(|call| Functions.refusal(call).is_none()) {
            send(call.clone(), &envelope, effects)?;
            said += 1;
        }
        effects.answer(Some(said));
        Ok(Some(stored))
    }
}

/// What an order's execution keeps beside where it stands.
struct Kept {
    traceparent: Option<String>,
    placed: Option<String>,
    rivals: Vec<Rival>,
}

impl Kept {
    fn of(self, execution: Execution) -> OrderExecution {
        let Self { traceparent, placed, rivals } = self;
        OrderExecution { execution, traceparent, placed, rivals }
    }
}

fn rival(order: Order, envelope: Envelope) -> Rival {
    Rival { order, traceparent: envelope.traceparent }
}

/// An execution's stay in a state of its outermost machine.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stay {
    /// The state's name.
    state: Arc<str>,
    /// In milliseconds since 1970.
    since_ms: u64,
}

impl Conductor {
    /// The span of a stay, in the trace of an execution that is traced. By what identifies it, so that messages sent at its
    /// beginning name the span that is recorded at its end.
    fn span_of(&self, stay: &Stay, traceparent: Option<&str>) -> Option<TraceContext> {
        let trace = self.tracer.joined(traceparent)?;
        Some(trace.derive(&format!("state/{}/{}", stay.state, stay.since_ms)))
    }

    fn record(&self, stay: &Stay, now_ms: u64, traceparent: Option<&str>, order_id: &str) {
        let Some(context) = self.span_of(stay, traceparent) else { return };
        let at = |ms| UNIX_EPOCH + Duration::from_millis(ms);
        self.tracer.record(Span {
            context,
            parent: self.tracer.joined(traceparent),
            name: format!("state {}", stay.state).into(),
            kind: SpanKind::Internal,
            began: at(stay.since_ms),
            ended: at(now_ms),
            attributes: vec![
                KeyValue::new("duet.state", stay.state.to_string()),
                KeyValue::new("duet.order.id", order_id.to_owned()),
            ],
            links: Vec::new(),
            failure: None,
        });
    }
}

/// Where an execution waits; `None` once it has ended.
fn waiting(execution: &Execution) -> Option<Stay> {
    let frame = execution.root()?;
    Some(Stay { state: Arc::clone(frame.state_name()?), since_ms: frame.entered_ms })
}

impl Handler for Conductor {
    type State = OrderExecution;
    type Call = NoCalls;
    type Outcome = NoCalls;
    type Request = Replay;
    type Answer = Replayed;

    fn handle(
        &self,
        state: Option<OrderExecution>,
        input: Input<'_, NoCalls, Replay>,
        effects: &mut Effects<NoCalls, Replayed>,
    ) -> Result<Option<OrderExecution>, Rejected> {
        let state = state.map(|stored| self.brought_up_to_date(stored)).transpose()?;
        match input {
            Input::Message(message) => self.on_message(state, message, effects),
            Input::Timer(name) => {
                let timer = name
                    .parse()
                    .map(TimerId)
                    .map_err(|_| Rejected(format!("no timer is called {name:?}")))?;
                let stored = state.ok_or_else(|| Rejected("a timer without an execution".to_owned()))?;
                self.advance(stored, Fact::TimerFired { timer }, effects).map(Some)
            }
            Input::Outcome(outcome) => match *outcome {},
            Input::Request(replay) => self.say_again(state, replay, effects),
        }
    }

    fn is_over(&self, state: &OrderExecution) -> bool {
        waiting(&state.execution).is_none()
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
        Reply::Succeeded { output } => Fact::FunctionReturned { task, output },
        Reply::Failed { error, cause } => Fact::TaskFailed { task, error, cause: Some(cause) },
    })
}

fn bring_about(
    effect: Effect,
    envelope: &Envelope,
    effects: &mut Effects<NoCalls, Replayed>,
) -> Result<(), Rejected> {
    match effect {
        Effect::Call(call) => send(call, envelope, effects)?,
        Effect::SetTimer { timer, at_ms } => {
            effects.set_timer(timer.0.to_string(), i64::try_from(at_ms).unwrap_or(i64::MAX));
        }
        Effect::CancelTimer { timer } => effects.cancel_timer(timer.0.to_string()),
        // Map runs are refused before they ask for anything.
        Effect::Finished { .. }
        | Effect::StartChild(_)
        | Effect::RedriveChild(_)
        | Effect::StopChildren { .. }
        | Effect::ReadItems(_)
        | Effect::WriteResults(_)
        | Effect::MapRunBegan { .. }
        | Effect::MapRunEnded(_) => {}
    }
    Ok(())
}

fn send(call: Call, envelope: &Envelope, effects: &mut Effects<NoCalls, Replayed>) -> Result<(), Rejected> {
    let command = functions::command(call, envelope, effects.now());
    let Encoded { topic, headers, body } = command.map_err(|refusal| Rejected(refusal.cause))?;
    effects.publish(topic, headers, body);
    Ok(())
}

/// What an execution's jitter comes from: its id, so that a decision made again is the same.
fn seed_of(order_id: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(order_id.as_bytes())
}

#[cfg(test)]
mod tests;
