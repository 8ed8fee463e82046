//! Running a machine: from state to state until all that is left waits for something.

use asl::error::{DATA_LIMIT_EXCEEDED, RUNTIME};
use asl::random::Random;
use asl::retry::Origin;
use asl::{Context, Definition, RuntimeError, Scope, State, StateId, StateKind};
use serde_json::{Value, json};

use crate::execution::{Activity, Branch, Frame, Head, Target, Timer};
use crate::fact::{Effect, TaskId, TimerId};
use crate::history::{Detail, Recorder};
use crate::limits::{PAYLOAD_BYTES_MAX, TRANSITIONS_PER_STEP_MAX};
use crate::step::Tally;

/// One step in the making.
pub(crate) struct Stepper<'d> {
    pub(crate) definition: &'d Definition,
    pub(crate) head: Head,
    pub(crate) now_ms: u64,
    pub(crate) effects: Vec<Effect>,
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
pub(crate) struct Visit<'d> {
    pub(crate) id: StateId,
    pub(crate) state: &'d State,
    pub(crate) data: Value,
    pub(crate) entered_ms: u64,
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

/// What a machine leads to: an [`Outcome`] with nowhere to go.
pub(crate) enum Run {
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

impl Visit<'_> {
    pub(crate) fn wait(self, activity: Activity) -> Outcome {
        Outcome::Wait(Frame {
            state: self.id,
            data: self.data,
            entered_ms: self.entered_ms,
            last_event: self.last_event,
            retries: self.retries,
            activity,
        })
    }

    pub(crate) fn fail(self, failure: impl Into<Failure>) -> Outcome {
        Outcome::Fail { failure: failure.into(), last_event: self.last_event }
    }
}

impl<'d> Stepper<'d> {
    /// Runs a machine from that state on.
    pub(crate) fn run(&mut self, cursor: Cursor) -> Run {
        self.drive(Outcome::Go(cursor))
    }

    pub(crate) fn drive(&mut self, mut outcome: Outcome) -> Run {
        loop {
            outcome = match outcome {
                Outcome::Go(cursor) => self.enter(cursor),
                Outcome::Wait(frame) => return Run::Waits(frame),
                Outcome::End { output, last_event } => return Run::Ended { output, last_event },
                Outcome::Fail { failure, last_event } => return Run::Failed { failure, last_event },
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
            let error = RuntimeError::new(RUNTIME, "the execution does not fit its definition");
            return Outcome::Fail { failure: error.into(), last_event };
        };
        let last_event = self.history.push(last_event, || Detail::StateEntered {
            state_type: state.kind.type_name(),
            name: state.name.clone(),
            input: data.to_string(),
        });
        self.begin(Visit { id, state, data, entered_ms: self.now_ms, last_event, retries: Vec::new() })
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
            return Err(RuntimeError::new(
                RUNTIME,
                "the execution reached the maximum number of history events (25000)",
            ));
        }
        Ok(())
    }

    /// Does what the state does: at its entry, and again at each retry.
    pub(crate) fn begin(&mut self, visit: Visit<'d>) -> Outcome {
        let state = visit.state;
        match &state.kind {
            StateKind::Task(task) => self.begin_task(visit, task),
            StateKind::Parallel(parallel) => self.begin_parallel(visit, parallel),
            StateKind::Choice(choice) => self.choose(visit, choice),
            StateKind::Pass(pass) => self.pass(visit, pass),
            StateKind::Wait(wait) => self.begin_wait(visit, wait),
            StateKind::Succeed(ends) => self.succeed(visit, ends),
            StateKind::Fail(fail) => self.fail(visit, fail),
        }
    }

    /// Tells the frame that waits for it a signal, and runs on from there.
    pub(crate) fn deliver(&mut self, frame: Frame, target: Target, signal: Signal) -> Run {
        let Frame { state: id, data, entered_ms, last_event, retries, activity } = frame;
        let Some(state) = self.definition.state(id) else {
            let error = RuntimeError::new(RUNTIME, "the execution does not fit its definition");
            return Run::Failed { failure: error.into(), last_event };
        };
        let visit = Visit { id, state, data, entered_ms, last_event, retries };
        let outcome = match (activity, &state.kind) {
            (Activity::Task { task, timeout, heartbeat }, StateKind::Task(syntax)) => {
                self.resume_task(visit, syntax, (task, timeout, heartbeat), signal)
            }
            (Activity::Branches(mut branches), StateKind::Parallel(parallel)) => {
                let waiting =
                    branches.iter_mut().enumerate().find_map(|(i, branch)| Some((i, branch.take(target)?)));
                match waiting {
                    Some((index, frame)) => {
                        let run = self.deliver(frame, target, signal);
                        self.resume_parallel(visit, parallel, branches, index, run)
                    }
                    None => visit.wait(Activity::Branches(branches)),
                }
            }
            (Activity::Wait(_), StateKind::Wait(wait)) => self.end_wait(visit, wait),
            // What is left is the end of a back-off.
            (_, _) => match self.guard() {
                Ok(()) => self.begin(visit),
                Err(error) => visit.fail(error),
            },
        };
        self.drive(outcome)
    }

    /// Evaluates something in the scope of a state over that data.
    pub(crate) fn scoped<R>(&self, visit: &Visit<'_>, data: &Value, eval: impl FnOnce(&Scope<'_>) -> R) -> R {
        let build = || self.context(visit);
        let context = Context::new(&build);
        // Every state adds to the history, so each evaluation has its own numbers, and replay the same ones.
        let random = Random::new(self.head.seed, self.history.len());
        eval(&Scope { data, context: &context, random: &random })
    }

    fn context(&self, visit: &Visit<'_>) -> Value {
        let retries: u64 = visit.retries.iter().map(|count| u64::from(*count)).sum();
        json!({
            "Execution": {
                "Id": self.head.id,
                "Name": self.head.id,
                "Input": self.head.input,
                "StartTime": timestamp(self.head.started_ms),
            },
            "State": {
                "Name": visit.state.name,
                "EnteredTime": timestamp(visit.entered_ms),
                "RetryCount": retries,
            },
        })
    }

    pub(crate) fn new_task(&mut self) -> TaskId {
        TaskId(self.new_id())
    }

    pub(crate) fn new_id(&mut self) -> u64 {
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
        frame.visit(&mut |frame| {
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

/// Refuses a payload that is too large.
pub(crate) fn limited(value: Value, what: &str) -> Result<Value, RuntimeError> {
    let bytes = asl::data::json_len(&value);
    if bytes > PAYLOAD_BYTES_MAX {
        let cause = format!("the {what} has {bytes} bytes, more than the limit of {PAYLOAD_BYTES_MAX}");
        return Err(RuntimeError::new(DATA_LIMIT_EXCEEDED, cause));
    }
    Ok(value)
}

/// The time in RFC 3339.
fn timestamp(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.unwrap_or(jiff::Timestamp::MAX).to_string()
}
