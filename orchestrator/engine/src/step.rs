//! The step function.

use asl::map::Mode;
use asl::resource::ResourceKind;
use asl::syntax::Machine;
use asl::{Definition, StateKind};

use crate::child::ChildStart;
use crate::drive::Rest;
use crate::effect::{Effect, Integrations};
use crate::execution::{Ending, Execution, Head, Phase};
use crate::fact::{Fact, IllegalFact, Refused};
use crate::failure::Failure;
use crate::frame::{Awaited, Frame, Target};
use crate::history::{Detail, HistoryEvent};
use crate::quotas;
use crate::status::Status;
use crate::stepper::{Cursor, Outcome, Signal, Stepper};
use crate::taken::Taken;
use crate::tally::Tally;
use crate::thread::{Thread, ThreadId};
use crate::threads::Threads;

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
    /// The calls that could not be sent: part of the fact's journal entry.
    pub refused: Vec<Refused>,
    /// The events of this step; empty with [`History::Skip`].
    pub history: Vec<HistoryEvent>,
    /// The ways that were taken in this step, in order; empty with [`History::Skip`].
    pub taken: Vec<Taken>,
    /// How much happened.
    pub tally: Tally,
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
/// `now_ms` is the time in milliseconds since 1970. `integrations` is asked of every call whether it can be sent.
///
/// # Errors
/// [`IllegalFact`] if the fact cannot be about this execution. Late and repeated facts are not errors, but stale.
pub fn step(
    definition: &Definition,
    execution: Option<Execution>,
    fact: Fact,
    now_ms: u64,
    integrations: &dyn Integrations,
    history: History,
) -> Result<Stepped, IllegalFact> {
    let keep = history == History::Keep;
    match (execution, fact) {
        (None, Fact::Started { execution, input, seed, first_id, identity, express }) => {
            let head = Head {
                id: execution,
                definition: definition.fingerprint().to_owned(),
                seed,
                started_ms: now_ms,
                next_id: first_id,
                history_len: 0,
                draws: 0,
                express,
                identity,
                input: definition.reads_execution_input().then(|| input.clone()),
                deadline: None,
            };
            let stepper = Stepper::new(definition, integrations, (head, Threads::default()), now_ms, keep);
            Ok(Stepped::Advanced(Box::new(stepper.start(input))))
        }
        (None, Fact::ChildStarted(start)) => {
            let ChildStart { execution, map, map_run_arn: _, input, item, seed, identity, express } = *start;
            let machine = processor(definition, &map).ok_or(IllegalFact::Damaged)?;
            let head = Head {
                id: execution,
                definition: definition.fingerprint().to_owned(),
                seed,
                started_ms: now_ms,
                next_id: 1,
                history_len: 0,
                draws: 0,
                express,
                identity,
                input: definition.reads_execution_input().then(|| input.clone()),
                deadline: None,
            };
            let stepper = Stepper::new(definition, integrations, (head, Threads::default()), now_ms, keep);
            let thread = Thread { item: item.map(Box::new), ..Thread::root() };
            Ok(Stepped::Advanced(Box::new(stepper.begin_with(thread, machine, input, None))))
        }
        (None, _) => Err(IllegalFact::NotStarted),
        (Some(execution), fact) => resume(definition, execution, fact, |head, threads| {
            Stepper::new(definition, integrations, (head, threads), now_ms, keep)
        }),
    }
}

fn resume<'d>(
    definition: &Definition,
    execution: Execution,
    fact: Fact,
    stepper: impl FnOnce(Head, Threads) -> Stepper<'d>,
) -> Result<Stepped, IllegalFact> {
    if execution.definition() != definition.fingerprint() {
        let pinned = execution.definition().to_owned();
        return Err(IllegalFact::WrongDefinition { pinned, given: definition.fingerprint().to_owned() });
    }
    let (head, threads) = match execution.brought_up_to_date(definition)? {
        Execution { head, phase: Phase::Running(threads), .. } => (head, threads),
        ended => return Ok(Stepped::Stale(Box::new(ended))),
    };
    let (target, signal) = match fact {
        Fact::FunctionReturned { task, output } => (Target::Task(task), Signal::Returned(output)),
        Fact::TaskSucceeded { task, output } => (Target::Task(task), Signal::Succeeded(output)),
        Fact::TaskFailed { task, error, cause } => (Target::Task(task), Signal::Failed { error, cause }),
        Fact::ActivityStarted { task, worker } => (Target::Task(task), Signal::Taken { worker }),
        Fact::TaskSubmitted { task, output } => (Target::Task(task), Signal::Submitted(output)),
        Fact::TaskHeartbeat { task } => (Target::Task(task), Signal::Heartbeat),
        Fact::TimerFired { timer } if head.deadline.is_some_and(|deadline| deadline.id == timer) => {
            return Ok(Stepped::Advanced(Box::new(stepper(head, threads).time_out())));
        }
        Fact::TimerFired { timer } => (Target::Timer(timer), Signal::Fired(timer)),
        Fact::Stopped { error, cause } => {
            return Ok(Stepped::Advanced(Box::new(stepper(head, threads).stop(error, cause))));
        }
        Fact::MapRun { run, news } => (Target::MapRun(run), Signal::MapRun(news)),
        Fact::Started { .. } | Fact::ChildStarted(_) => return Ok(stale(head, threads)),
    };
    let Some(thread) = threads.that_awaits(target) else { return Ok(stale(head, threads)) };
    if !threads.fits(thread, definition) {
        return Err(IllegalFact::Damaged);
    }
    if threads.get(thread).is_some_and(|waiting| is_late(&waiting.frame, definition, &signal)) {
        return Ok(stale(head, threads));
    }
    let mut stepper = stepper(head, threads);
    let rest = stepper.deliver(thread, signal);
    Ok(Stepped::Advanced(Box::new(stepper.end_of(rest))))
}

/// What the Map of that name runs for each item, if it is one in distributed mode.
fn processor<'d>(definition: &'d Definition, map: &str) -> Option<&'d Machine> {
    match &definition.state_named(map)?.kind {
        StateKind::Map(map) if map.mode != Mode::Inline => Some(&map.processor),
        _ => None,
    }
}

/// Whether the frame waits for the task or Map run, and was told that before, or never can be.
fn is_late(frame: &Frame, definition: &Definition, signal: &Signal) -> bool {
    if let (Awaited::MapRun(run), Signal::MapRun(news)) = (&frame.awaited, signal) {
        return run.is_late(news);
    }
    let Awaited::Task { heartbeat, progress, .. } = &frame.awaited else { return false };
    let is_activity = || match frame.state.of(definition).map(|state| &state.kind) {
        Some(StateKind::Task(task)) => task.resource.kind == ResourceKind::Activity,
        _ => false,
    };
    match signal {
        Signal::Heartbeat => heartbeat.is_none(),
        Signal::Taken { .. } => progress.is_under_way || !is_activity(),
        Signal::Submitted(_) => progress.is_under_way || is_activity(),
        Signal::Returned(_)
        | Signal::Succeeded(_)
        | Signal::Failed { .. }
        | Signal::Fired(_)
        | Signal::MapRun(_) => false,
    }
}

fn stale(head: Head, threads: Threads) -> Stepped {
    Stepped::Stale(Box::new(Execution::new(head, Phase::Running(threads))))
}

impl Stepper<'_> {
    fn start(self, input: serde_json::Value) -> Step {
        let (machine, timeout_s) = (self.definition.machine(), self.definition.timeout_s());
        self.begin_with(Thread::root(), machine, input, timeout_s)
    }

    /// Begins a machine, as that thread.
    fn begin_with(
        mut self,
        thread: Thread,
        machine: &Machine,
        input: serde_json::Value,
        timeout_s: Option<u64>,
    ) -> Step {
        let identity = self.head.identity.as_deref();
        let (role_arn, version_arn, alias_arn) = identity.map_or((None, None, None), |it| {
            (Some(it.role_arn.clone()), it.version_arn.clone(), it.alias_arn.clone())
        });
        let started = self.history.push(0, || Detail::ExecutionStarted {
            input: input.to_string(),
            role_arn,
            version_arn,
            alias_arn,
        });
        if let Err(failure) = quotas::check(&input, &self.head.id) {
            return self.end_of(Rest::Failed { failure, last_event: started });
        }
        if let Some(seconds) = timeout_s {
            self.head.deadline = Some(self.set_timer(seconds * 1000));
        }
        // AWS gives the first state no event before it.
        let rest =
            self.drive(Outcome::Go(Cursor { thread, state: machine.start, data: input, last_event: 0 }));
        self.end_of(rest)
    }

    /// Ends the execution because its time is over.
    fn time_out(mut self) -> Step {
        self.head.deadline = None;
        let last_event = self.give_up();
        let (error, cause) = (Some(asl::error::TIMEOUT.to_owned()), None);
        let detail = Detail::ExecutionTimedOut { error: error.clone(), cause: cause.clone() };
        let ending = Ending { status: Status::TimedOut, at_ms: self.now_ms, output: None, error, cause };
        self.finish(last_event, detail, ending)
    }

    /// Ends the execution because it is told to stop.
    fn stop(mut self, error: Option<String>, cause: Option<String>) -> Step {
        let last_event = self.give_up();
        let detail = Detail::ExecutionAborted { error: error.clone(), cause: cause.clone() };
        let ending = Ending { status: Status::Aborted, at_ms: self.now_ms, output: None, error, cause };
        self.finish(last_event, detail, ending)
    }

    /// Gives up all threads. The last event of the outermost.
    fn give_up(&mut self) -> u64 {
        self.abandon(ThreadId::ROOT);
        let Some(root) = self.threads.remove(ThreadId::ROOT) else { return self.history.len() };
        self.abort(&root)
    }

    /// The step, when the outermost machine has come to rest.
    fn end_of(mut self, rest: Rest) -> Step {
        let now_ms = self.now_ms;
        match rest {
            Rest::Waits => {
                let threads = std::mem::take(&mut self.threads);
                self.step(Phase::Running(threads))
            }
            Rest::Ended { output, last_event } => {
                let keep = self.history.keeps().then(|| output.to_string());
                let detail = Detail::ExecutionSucceeded { output: keep.unwrap_or_default() };
                let status = Status::Succeeded;
                let ending = Ending { status, at_ms: now_ms, output: Some(output), error: None, cause: None };
                self.finish(last_event, detail, ending)
            }
            Rest::Failed { failure: Failure { error, cause, .. }, last_event } => {
                let error = Some(error).filter(|error| !error.is_empty());
                let detail = Detail::ExecutionFailed { error: error.clone(), cause: cause.clone() };
                let ending = Ending { status: Status::Failed, at_ms: now_ms, output: None, error, cause };
                self.finish(last_event, detail, ending)
            }
        }
    }

    fn finish(mut self, last_event: u64, detail: Detail, ending: Ending) -> Step {
        let deadline = self.head.deadline.take();
        self.cancel(deadline);
        self.history.push_last(last_event, || detail);
        self.effects.push(Effect::Finished { status: ending.status });
        self.step(Phase::Ended(ending))
    }

    fn step(mut self, phase: Phase) -> Step {
        self.head.history_len = self.history.len();
        self.head.draws = self.draws.get();
        let (history, taken) = self.history.finish();
        Step {
            execution: Execution::new(self.head, phase),
            effects: self.effects,
            refused: self.refused,
            history,
            taken,
            tally: self.tally,
        }
    }
}
