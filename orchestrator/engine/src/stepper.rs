//! One step in the making: running a machine from state to state until all that is left waits for something.

use std::sync::Arc;

use asl::error::RUNTIME;
use asl::random::Random;
use asl::retry::Origin;
use asl::{Context, Definition, RuntimeError, Scope, State, StateId};
use serde_json::{Value, json};

use crate::effect::{Effect, Integrations};
use crate::execution::Head;
use crate::fact::Refused;
use crate::frame::{Awaited, Branch, Frame};
use crate::history::{Detail, Recorder};
use crate::ids::{TaskId, Timer, TimerId};
use crate::quotas::{HISTORY_EVENTS_MAX, TRANSITIONS_PER_STEP_MAX};
use crate::state_ref::StateRef;
use crate::tally::Tally;

/// One step in the making.
pub(crate) struct Stepper<'d> {
    pub(crate) definition: &'d Definition,
    pub(crate) integrations: &'d dyn Integrations,
    pub(crate) head: Head,
    pub(crate) now_ms: u64,
    pub(crate) effects: Vec<Effect>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) history: Recorder,
    pub(crate) tally: Tally,
}

/// A state about to be entered.
pub(crate) struct Cursor {
    pub(crate) state: StateId,
    pub(crate) data: Value,
    pub(crate) last_event: u64,
}

/// A state that was entered: a [`Frame`] that does not wait yet.
pub(crate) struct Entered<'d> {
    pub(crate) state: &'d State,
    pub(crate) data: Value,
    pub(crate) at_ms: u64,
    pub(crate) last_event: u64,
    pub(crate) retries: Vec<u32>,
}

/// An error on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: String,
    pub(crate) cause: Option<String>,
    pub(crate) origin: Origin,
}

/// What a state leads to.
pub(crate) enum Outcome {
    Go(Cursor),
    Wait(Frame),
    End { output: Value, last_event: u64 },
    Fail { failure: Failure, last_event: u64 },
}

/// Where a machine comes to rest: an [`Outcome`] with nowhere to go.
pub(crate) enum Rest {
    Waits(Frame),
    Ended { output: Value, last_event: u64 },
    Failed { failure: Failure, last_event: u64 },
}

/// What a waiting state is told.
pub(crate) enum Signal {
    Succeeded(Value),
    Failed { error: String, cause: Option<String> },
    Heartbeat,
    Fired(TimerId),
}

impl From<RuntimeError> for Failure {
    fn from(error: RuntimeError) -> Self {
        Self { error: error.name.to_owned(), cause: Some(error.cause), origin: Origin::State }
    }
}

impl Entered<'_> {
    pub(crate) fn wait(self, awaited: Awaited) -> Outcome {
        Outcome::Wait(Frame {
            state: StateRef::Named(Arc::clone(&self.state.name)),
            data: self.data,
            entered_ms: self.at_ms,
            last_event: self.last_event,
            retries: self.retries,
            awaited,
        })
    }

    pub(crate) fn fail(self, failure: impl Into<Failure>) -> Outcome {
        Outcome::Fail { failure: failure.into(), last_event: self.last_event }
    }
}

impl<'d> Stepper<'d> {
    pub(crate) fn new(
        definition: &'d Definition,
        integrations: &'d dyn Integrations,
        head: Head,
        now_ms: u64,
        keep_history: bool,
    ) -> Self {
        let history = Recorder::new(head.history_len, now_ms, keep_history);
        Self {
            definition,
            integrations,
            head,
            now_ms,
            effects: Vec::with_capacity(2),
            refused: Vec::new(),
            history,
            tally: Tally::default(),
        }
    }

    /// Runs a machine from that state on.
    pub(crate) fn run(&mut self, cursor: Cursor) -> Rest {
        self.drive(Outcome::Go(cursor))
    }

    /// Runs on until there is nowhere to go.
    pub(crate) fn drive(&mut self, mut outcome: Outcome) -> Rest {
        loop {
            outcome = match outcome {
                Outcome::Go(cursor) => self.enter(cursor),
                Outcome::Wait(frame) => return Rest::Waits(frame),
                Outcome::End { output, last_event } => return Rest::Ended { output, last_event },
                Outcome::Fail { failure, last_event } => return Rest::Failed { failure, last_event },
            };
        }
    }

    fn enter(&mut self, cursor: Cursor) -> Outcome {
        let Cursor { state: id, data, last_event } = cursor;
        self.tally.transitions += 1;
        if let Err(error) = self.guard() {
            return Outcome::Fail { failure: error.into(), last_event };
        }
        let Some(state) = self.definition.state(id) else {
            return Outcome::Fail { failure: misfit().into(), last_event };
        };
        let last_event = self.history.push(last_event, || Detail::StateEntered {
            state_type: state.kind.type_name(),
            name: state.name.to_string(),
            input: data.to_string(),
        });
        self.begin(Entered { state, data, at_ms: self.now_ms, last_event, retries: Vec::new() })
    }

    /// Refuses to go on when the execution runs away.
    pub(crate) fn guard(&self) -> Result<(), RuntimeError> {
        if self.tally.transitions > TRANSITIONS_PER_STEP_MAX {
            let cause = format!(
                "more than {TRANSITIONS_PER_STEP_MAX} states were entered without waiting: the definition has a loop \
                 that never waits"
            );
            return Err(RuntimeError::new(RUNTIME, cause));
        }
        if self.history.is_full() {
            let cause =
                format!("the execution reached the maximum number of history events ({HISTORY_EVENTS_MAX})");
            return Err(RuntimeError::new(RUNTIME, cause));
        }
        Ok(())
    }

    /// Evaluates something in the scope of a state over that data.
    pub(crate) fn scoped<R>(
        &self,
        entered: &Entered<'_>,
        data: &Value,
        eval: impl FnOnce(&Scope<'_>) -> R,
    ) -> R {
        let build = || self.context(entered);
        let context = Context::new(&build);
        // Every state adds to the history, so each evaluation has its own numbers, and replay the same ones.
        let random = Random::new(self.head.seed, self.history.len());
        eval(&Scope { now_ms: self.now_ms, ..Scope::of(data, &context, &random) })
    }

    fn context(&self, entered: &Entered<'_>) -> Value {
        let retries: u64 = entered.retries.iter().map(|count| u64::from(*count)).sum();
        json!({
            "Execution": {
                "Id": self.head.id,
                "Name": self.head.id,
                "Input": self.head.input,
                "StartTime": timestamp(self.head.started_ms),
            },
            "State": {
                "Name": &*entered.state.name,
                "EnteredTime": timestamp(entered.at_ms),
                "RetryCount": retries,
            },
        })
    }

    pub(crate) fn new_task(&mut self) -> TaskId {
        TaskId(self.new_id())
    }

    fn new_id(&mut self) -> u64 {
        let id = self.head.next_id;
        self.head.next_id += 1;
        id
    }

    pub(crate) fn set_timer(&mut self, after_ms: u64) -> Timer {
        self.set_timer_at(self.now_ms.saturating_add(after_ms))
    }

    pub(crate) fn set_timer_at(&mut self, at_ms: u64) -> Timer {
        let timer = Timer { id: TimerId(self.new_id()), at_ms };
        self.effects.push(Effect::SetTimer { timer: timer.id, at_ms });
        timer
    }

    pub(crate) fn cancel(&mut self, timer: Option<Timer>) {
        self.effects.extend(timer.map(|timer| Effect::CancelTimer { timer: timer.id }));
    }

    /// Cancels all timers of a frame and of those under it. Its tasks need nothing: their answers will be stale.
    pub(crate) fn abandon(&mut self, frame: &Frame) {
        let effects = &mut self.effects;
        frame.each(&mut |frame| {
            effects.extend(frame.timers().map(|timer| Effect::CancelTimer { timer: timer.id }));
        });
    }

    pub(crate) fn abandon_branches(&mut self, branches: &[Branch]) {
        for branch in branches {
            if let Branch::Running(frame) = branch {
                self.abandon(frame);
            }
        }
    }
}

/// What should have been found before the step.
pub(crate) fn misfit() -> RuntimeError {
    RuntimeError::new(RUNTIME, "the execution does not fit its definition")
}

/// The time in RFC 3339.
fn timestamp(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.unwrap_or(jiff::Timestamp::MAX).to_string()
}
