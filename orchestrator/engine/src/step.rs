//! The step function.

use std::ops::ControlFlow;

use asl::map::Mode;
use asl::resource::{Pattern, ResourceKind};
use asl::syntax::Machine;
use asl::{Definition, StateKind};

use crate::child::ChildStart;
use crate::cut;
use crate::drive::Rest;
use crate::effect::{Effect, GivenUp, Integrations};
use crate::execution::{Ending, Execution, Head, Phase};
use crate::fact::{Fact, IllegalFact, Refused};
use crate::failure::Failure;
use crate::frame::{Awaited, Frame, Target};
use crate::history::{Detail, HistoryEvent};
use crate::quotas;
use crate::recorder::Events;
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
    /// The calls that took too long, or that the execution gave up for another reason, in this step.
    pub given_up: Vec<GivenUp>,
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
    let events = match history {
        History::Skip => Events::Skipped,
        History::Keep => Events::Kept(Vec::new()),
    };
    stepped(definition, execution, fact, now_ms, integrations, events)
}

/// As [`step()`], with the events of the history told one by one as they happen, so that a long step need not hold them:
/// [`Step::history`] is empty. When `see` breaks, the step comes to an end before the next state, as a failure that is none of the
/// execution's: whoever broke it is to throw it away.
///
/// # Errors
/// As [`step()`].
pub fn step_seen<'d>(
    definition: &'d Definition,
    execution: Option<Execution>,
    fact: Fact,
    now_ms: u64,
    integrations: &'d dyn Integrations,
    see: &'d mut dyn FnMut(HistoryEvent) -> ControlFlow<()>,
) -> Result<Stepped, IllegalFact> {
    stepped(definition, execution, fact, now_ms, integrations, Events::Told(see))
}

fn stepped<'d>(
    definition: &'d Definition,
    execution: Option<Execution>,
    fact: Fact,
    now_ms: u64,
    integrations: &'d dyn Integrations,
    events: Events<'d>,
) -> Result<Stepped, IllegalFact> {
    match (execution, fact) {
        (None, Fact::Started { execution, input, seed, first_id, identity, express, rules }) => {
            let head = Head { next_id: first_id, ..Head::new(definition, (execution, seed), now_ms, &input) };
            let head = Box::new(Head { express, identity, rules, ..head });
            let stepper = Stepper::new(definition, integrations, (head, Threads::default()), now_ms, events);
            Ok(Stepped::Advanced(Box::new(stepper.start(input))))
        }
        (None, Fact::ChildStarted(start)) => {
            let ChildStart {
                execution,
                map,
                map_run_arn: _,
                input,
                item,
                seed,
                identity,
                express,
                first_id,
                rules,
            } = *start;
            let machine = processor(definition, &map).ok_or(IllegalFact::Damaged)?;
            let head = Head::new(definition, (execution, seed), now_ms, &input);
            let head = Box::new(Head { express, identity, next_id: first_id, is_child: true, rules, ..head });
            let stepper = Stepper::new(definition, integrations, (head, Threads::default()), now_ms, events);
            let thread = Thread { item: item.map(Box::new), ..Thread::root() };
            Ok(Stepped::Advanced(Box::new(stepper.begin_with(thread, machine, input, None))))
        }
        (None, _) => Err(IllegalFact::NotStarted),
        (Some(execution), fact) => resume(definition, execution, fact, now_ms, |head, threads| {
            Stepper::new(definition, integrations, (head, threads), now_ms, events)
        }),
    }
}

fn resume<'d>(
    definition: &Definition,
    execution: Execution,
    fact: Fact,
    now_ms: u64,
    stepper: impl FnOnce(Box<Head>, Threads) -> Stepper<'d>,
) -> Result<Stepped, IllegalFact> {
    if execution.definition() != definition.fingerprint() {
        let pinned = execution.definition().to_owned();
        return Err(IllegalFact::WrongDefinition { pinned, given: definition.fingerprint().to_owned() });
    }
    let (mut head, threads) = match execution.brought_up_to_date(definition)? {
        Execution { head, phase: Phase::Running(threads), .. } => (head, threads),
        ended if fact == Fact::Redriven => return redrive(definition, ended, now_ms, stepper),
        ended => return Ok(Stepped::Stale(Box::new(ended))),
    };
    let (target, signal) = match fact {
        Fact::FunctionReturned { task, output } => (Target::Task(task), Signal::Returned(output)),
        Fact::TaskSucceeded { task, output } => (Target::Task(task), Signal::Succeeded(output)),
        Fact::TaskFailed { task, error, cause } => (Target::Task(task), Signal::Failed { error, cause }),
        Fact::TaskSubmitFailed { task, error, cause } => {
            (Target::Task(task), Signal::SubmitFailed { error, cause })
        }
        Fact::ActivityStarted { task, worker } => (Target::Task(task), Signal::Taken { worker }),
        Fact::TaskSubmitted { task, output } => (Target::Task(task), Signal::Submitted(output)),
        Fact::TaskHeartbeat { task } => (Target::Task(task), Signal::Heartbeat),
        Fact::TimerFired { timer } if head.deadline.is_some_and(|deadline| deadline.id == timer) => {
            head.deadline = None;
            return Ok(Stepped::Advanced(Box::new(stepper(head, threads).time_out())));
        }
        Fact::TimerFired { timer } => (Target::Timer(timer), Signal::Fired(timer)),
        Fact::Stopped { error, cause } => {
            let (error, cause) = (error.map(cut::error), cause.map(cut::cause));
            return Ok(Stepped::Advanced(Box::new(stepper(head, threads).stop(error, cause))));
        }
        Fact::MapRun { run, news } => (Target::MapRun(run), Signal::MapRun(news)),
        Fact::Started { .. } | Fact::ChildStarted(_) | Fact::Redriven => return Ok(stale(head, threads)),
    };
    let Some(thread) = threads.that_awaits(target) else { return Ok(stale(head, threads)) };
    if !threads.fits(thread, definition) {
        return Err(IllegalFact::Damaged);
    }
    if threads.get(thread).is_some_and(|waiting| is_late(&waiting.frame, definition, &signal, head.redrives))
    {
        return Ok(stale(head, threads));
    }
    let mut stepper = stepper(head, threads);
    let rest = stepper.deliver(thread, signal);
    Ok(Stepped::Advanced(Box::new(stepper.end_of(rest))))
}

/// Goes on with what an execution that has ended left undone, if it may.
fn redrive<'d>(
    definition: &Definition,
    ended: Execution,
    now_ms: u64,
    stepper: impl FnOnce(Box<Head>, Threads) -> Stepper<'d>,
) -> Result<Stepped, IllegalFact> {
    if ended.redrivable(now_ms).is_err() {
        return Ok(Stepped::Stale(Box::new(ended)));
    }
    let Execution { head, phase: Phase::Ended(ending), .. } = ended else { return Err(IllegalFact::Damaged) };
    let Some(unfinished) = ending.unfinished else { return Err(IllegalFact::Damaged) };
    if !unfinished.fits(definition) {
        return Err(IllegalFact::Damaged);
    }
    let mut stepper = stepper(head, Threads::default());
    let rest = stepper.redrive(*unfinished);
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
fn is_late(frame: &Frame, definition: &Definition, signal: &Signal, redrives: u32) -> bool {
    if let (Awaited::MapRun(run), Signal::MapRun(news)) = (&frame.awaited, signal) {
        return run.is_late(news, redrives);
    }
    let Awaited::Task { heartbeat, progress, .. } = &frame.awaited else { return false };
    let called = || match frame.state.of(definition).map(|state| &state.kind) {
        Some(StateKind::Task(task)) => Some(&task.resource.kind),
        _ => None,
    };
    let is_activity = || called() == Some(&ResourceKind::Activity);
    let is_begun_only = || {
        let integration = called().and_then(ResourceKind::integration);
        integration.is_some_and(|it| it.pattern != Pattern::RequestResponse)
    };
    match signal {
        Signal::Heartbeat => heartbeat.is_none(),
        Signal::Taken { .. } => progress.is_under_way || !is_activity(),
        Signal::Submitted(_) | Signal::SubmitFailed { .. } => progress.is_under_way || !is_begun_only(),
        Signal::Returned(_)
        | Signal::Succeeded(_)
        | Signal::Failed { .. }
        | Signal::Fired(_)
        | Signal::MapRun(_) => false,
    }
}

fn stale(head: Box<Head>, threads: Threads) -> Stepped {
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
        self.begin_time(timeout_s);
        // AWS gives the first state no event before it.
        let rest =
            self.drive(Outcome::Go(Cursor { thread, state: machine.start, data: input, last_event: 0 }));
        self.end_of(rest)
    }

    /// Ends the execution because its time is over.
    fn time_out(mut self) -> Step {
        let last_event = self.give_up();
        let (error, cause) = (Some(asl::error::TIMEOUT.to_owned()), None);
        let detail = Detail::ExecutionTimedOut { error: error.clone(), cause: cause.clone() };
        let unfinished = self.unfinished();
        let status = Status::TimedOut;
        let ending = Ending { status, at_ms: self.now_ms, output: None, error, cause, unfinished };
        self.finish(last_event, detail, ending)
    }

    /// Ends the execution because it is told to stop.
    fn stop(mut self, error: Option<String>, cause: Option<String>) -> Step {
        let last_event = self.give_up();
        let detail = Detail::ExecutionAborted { error: error.clone(), cause: cause.clone() };
        let unfinished = self.unfinished();
        let status = Status::Aborted;
        let ending = Ending { status, at_ms: self.now_ms, output: None, error, cause, unfinished };
        self.finish(last_event, detail, ending)
    }

    /// Gives up all threads. The last event of the outermost.
    fn give_up(&mut self) -> u64 {
        self.abandon(ThreadId::ROOT);
        let Some(root) = self.threads.remove(ThreadId::ROOT) else { return self.history.len() };
        let last_event = self.abort(&root);
        self.leaves_waiting(root, last_event);
        last_event
    }

    /// The step, when the outermost machine has come to rest.
    fn end_of(mut self, rest: Rest) -> Step {
        let now_ms = self.now_ms;
        match rest {
            Rest::RunsAway => self.time_out(),
            Rest::Waits => {
                self.bound_time();
                let threads = std::mem::take(&mut self.threads);
                self.step(Phase::Running(threads))
            }
            Rest::Ended { output, last_event } => {
                let keep = self.history.keeps().then(|| output.to_string());
                let detail = Detail::ExecutionSucceeded { output: keep.unwrap_or_default() };
                let status = Status::Succeeded;
                let (output, error, cause) = (Some(output), None, None);
                let ending = Ending { status, at_ms: now_ms, output, error, cause, unfinished: None };
                self.finish(last_event, detail, ending)
            }
            Rest::Failed { failure: Failure { error, cause, .. }, last_event } => {
                let error = Some(error).filter(|error| !error.is_empty());
                let detail = Detail::ExecutionFailed { error: error.clone(), cause: cause.clone() };
                let unfinished = self.unfinished();
                let status = Status::Failed;
                let ending = Ending { status, at_ms: now_ms, output: None, error, cause, unfinished };
                self.finish(last_event, detail, ending)
            }
        }
    }

    fn finish(mut self, last_event: u64, detail: Detail, ending: Ending) -> Step {
        let deadline = self.head.deadline.take();
        self.cancel(deadline);
        self.history.push_last(last_event, || detail);
        self.effects.push(Effect::Finished { status: ending.status });
        self.step(Phase::Ended(Box::new(ending)))
    }

    fn step(mut self, phase: Phase) -> Step {
        self.head.history_len = self.history.len();
        self.head.draws = self.draws.get();
        let (history, taken) = self.history.finish();
        Step {
            execution: Execution::new(self.head, phase),
            effects: self.effects,
            given_up: self.given_up,
            refused: self.refused,
            history,
            taken,
            tally: self.tally,
        }
    }
}
