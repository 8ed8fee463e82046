//! The step function.

use asl::Definition;

use crate::execution::{Ending, Execution, Head, Phase, Status, Target};
use crate::fact::{Effect, Fact, IllegalFact};
use crate::history::{Detail, HistoryEvent, Recorder};
use crate::run::{Cursor, Failure, Run, Signal, Stepper, limited};

/// Whether a step makes the events of the history. They are numbered either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// No: the journal is enough.
    Skip,
    /// Yes.
    Keep,
}

/// What a fact led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The execution after the fact.
    pub execution: Execution,
    /// What is to be brought about, in order.
    pub effects: Vec<Effect>,
    /// The events of this step; empty with [`History::Skip`].
    pub history: Vec<HistoryEvent>,
    /// How much happened.
    pub tally: Tally,
}

/// How much happened in a step, for whoever counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// States entered.
    pub transitions: u32,
    /// Failures for which a retrier decided on another attempt.
    pub retries: u32,
    /// Failures that led to the state of a catcher.
    pub caught: u32,
}

/// Whether a fact led to anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Stepped {
    /// It did: store the execution, put the fact in the journal, bring about the effects.
    Advanced(Box<Step>),
    /// The execution does not wait for it, or not any more. Nothing is to be stored.
    Stale(Box<Execution>),
}

/// Tells an execution a fact. Pure: the same arguments give the same result. Takes the execution apart rather than
/// copying it.
///
/// `now_ms` is the time in milliseconds since 1970.
///
/// # Errors
/// [`IllegalFact`] if the fact cannot be about this execution. Late and repeated facts are not errors, but stale.
pub fn step(
    definition: &Definition,
    execution: Option<Execution>,
    fact: Fact,
    now_ms: u64,
    history: History,
) -> Result<Stepped, IllegalFact> {
    let keep = history == History::Keep;
    match (execution, fact) {
        (None, Fact::Started { execution, input, seed, first_id }) => {
            let origin = Origin { id: execution, seed, first_id };
            Ok(Stepped::Advanced(Box::new(start(definition, origin, input, now_ms, keep))))
        }
        (None, _) => Err(IllegalFact::NotStarted),
        (Some(execution), fact) => resume(definition, execution, fact, now_ms, keep),
    }
}

/// What an execution is told at its start and keeps.
struct Origin {
    id: String,
    seed: u64,
    first_id: u64,
}

fn start(
    definition: &Definition,
    Origin { id, seed, first_id }: Origin,
    input: serde_json::Value,
    now_ms: u64,
    keep: bool,
) -> Step {
    let head = Head {
        id,
        definition: definition.fingerprint().to_owned(),
        seed,
        started_ms: now_ms,
        next_id: first_id,
        history_len: 0,
        input: definition.reads_execution_input().then(|| input.clone()),
        limit: None,
    };
    let mut stepper = Stepper {
        definition,
        head,
        now_ms,
        effects: Vec::with_capacity(2),
        history: Recorder::new(0, now_ms, keep),
        tally: Tally::default(),
    };
    let started = stepper.history.push(0, || Detail::ExecutionStarted { input: input.to_string() });
    let input = match limited(input, "execution's input") {
        Ok(input) => input,
        Err(error) => return stepper.end_of(Run::Failed { failure: error.into(), last_event: started }),
    };
    if let Some(seconds) = definition.timeout_s() {
        stepper.head.limit = Some(stepper.set_timer(seconds * 1000));
    }
    // AWS gives the first state no event before it.
    let run = stepper.run(Cursor { state: definition.machine().start, data: input, last_event: 0 });
    stepper.end_of(run)
}

fn resume(
    definition: &Definition,
    execution: Execution,
    fact: Fact,
    now_ms: u64,
    keep: bool,
) -> Result<Stepped, IllegalFact> {
    if execution.definition() != definition.fingerprint() {
        let pinned = execution.definition().to_owned();
        return Err(IllegalFact::WrongDefinition { pinned, given: definition.fingerprint().to_owned() });
    }
    let (head, frame) = match execution {
        Execution { head, phase: Phase::Running(frame), .. } => (head, frame),
        ended => return Ok(Stepped::Stale(Box::new(ended))),
    };
    if !frame.fits(definition) {
        return Err(IllegalFact::Damaged);
    }
    let history = Recorder::new(head.history_len, now_ms, keep);
    let (target, signal) = match fact {
        Fact::TaskSucceeded { task, output } => (Target::Task(task), Signal::Succeeded(output)),
        Fact::TaskFailed { task, error, cause } => (Target::Task(task), Signal::Failed { error, cause }),
        Fact::TaskHeartbeat { task } => (Target::Task(task), Signal::Heartbeat),
        Fact::TimerFired { timer } if head.limit.is_some_and(|limit| limit.id == timer) => {
            let mut stepper =
                Stepper { definition, head, now_ms, effects: Vec::new(), history, tally: Tally::default() };
            stepper.head.limit = None;
            stepper.abandon(&frame);
            let detail = Detail::ExecutionTimedOut;
            let cause = "the execution took longer than the definition's TimeoutSeconds";
            let ending = ending(Status::TimedOut, now_ms, asl::error::TIMEOUT, cause);
            return Ok(Stepped::Advanced(Box::new(stepper.finish(frame.last_event, detail, ending))));
        }
        Fact::TimerFired { timer } => (Target::Timer(timer), Signal::Fired(timer)),
        Fact::Stopped { error, cause } => {
            let mut stepper =
                Stepper { definition, head, now_ms, effects: Vec::new(), history, tally: Tally::default() };
            stepper.abandon(&frame);
            let detail = Detail::ExecutionAborted { error: error.clone(), cause: cause.clone() };
            let ending = Ending { status: Status::Aborted, at_ms: now_ms, output: None, error, cause };
            return Ok(Stepped::Advanced(Box::new(stepper.finish(frame.last_event, detail, ending))));
        }
        Fact::Started { .. } => return Ok(stale(head, frame)),
    };
    if !frame.awaits(target) {
        return Ok(stale(head, frame));
    }
    let mut stepper = Stepper {
        definition,
        head,
        now_ms,
        effects: Vec::with_capacity(2),
        history,
        tally: Tally::default(),
    };
    let run = stepper.deliver(frame, target, signal);
    Ok(Stepped::Advanced(Box::new(stepper.end_of(run))))
}

fn stale(head: Head, frame: crate::execution::Frame) -> Stepped {
    Stepped::Stale(Box::new(Execution::new(head, Phase::Running(frame))))
}

fn ending(status: Status, at_ms: u64, error: &str, cause: &str) -> Ending {
    Ending { status, at_ms, output: None, error: Some(error.to_owned()), cause: Some(cause.to_owned()) }
}

impl Stepper<'_> {
    /// The step, when the outermost machine has run as far as it goes.
    fn end_of(mut self, run: Run) -> Step {
        let now_ms = self.now_ms;
        match run {
            Run::Waits(frame) => {
                self.head.history_len = self.history.len();
                Step {
                    execution: Execution::new(self.head, Phase::Running(frame)),
                    effects: self.effects,
                    history: self.history.into_events(),
                    tally: self.tally,
                }
            }
            Run::Ended { output, last_event } => {
                let keep = self.history.keeps().then(|| output.to_string());
                let detail = Detail::ExecutionSucceeded { output: keep.unwrap_or_default() };
                let status = Status::Succeeded;
                let ending = Ending { status, at_ms: now_ms, output: Some(output), error: None, cause: None };
                self.finish(last_event, detail, ending)
            }
            Run::Failed { failure: Failure { error, cause, .. }, last_event } => {
                let error = Some(error).filter(|error| !error.is_empty());
                let detail = Detail::ExecutionFailed { error: error.clone(), cause: cause.clone() };
                let ending = Ending { status: Status::Failed, at_ms: now_ms, output: None, error, cause };
                self.finish(last_event, detail, ending)
            }
        }
    }

    fn finish(mut self, last_event: u64, detail: Detail, ending: Ending) -> Step {
        let limit = self.head.limit.take();
        self.cancel(limit);
        self.history.push_last(last_event, || detail);
        self.head.history_len = self.history.len();
        self.effects.push(Effect::Finished { status: ending.status });
        Step {
            execution: Execution::new(self.head, Phase::Ended(ending)),
            effects: self.effects,
            history: self.history.into_events(),
            tally: self.tally,
        }
    }
}
