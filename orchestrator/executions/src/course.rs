//! A fact told to an execution, with all that follows from it at once.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use asl::Definition;
use asl::error::RUNTIME;
use engine::{
    Effect, Execution, Fact, History, HistoryEvent, JournalEntry, MapRunId, RedriveChild, StartChild,
    Stepped, TaskId, step, step_seen,
};
use participant::{Effects, Rejected};

use crate::due::Due;
use crate::errand::{Again, Child, Errand, Foreign, ItemsWanted, Results};
use crate::integrations::{Integrations, Way};
use crate::key::RunKeys;
use crate::lists::OF_MAP_RUN;
use crate::logging::{Logged, Subject};
use crate::record;
use crate::request::Answer;
use crate::running::Running;
use crate::spans::{Stretch, attempt, over};
use crate::standard::{Beside, errand, waits_for_executions};
use crate::stored::{Begun, Extent, HERE_BYTES_MAX, Place, ending};

/// The participant's timer of an execution: when the earliest of its own is due.
pub(crate) const TIMER: &str = "due";
/// Timers that are told in one decision, at the most: a loop without waiting must not hold up the others.
const TIMERS_AT_ONCE_MAX: usize = 64;
/// A snapshot is worth its while only where so many facts would have to be told again.
const TAIL_ENTRIES_MIN: u64 = 16;

/// An execution on its way from one rest to the next.
pub(crate) struct Course<'a, I: Integrations> {
    definition: &'a Definition,
    integrations: &'a I,
    /// Whether facts are written down.
    pub(crate) has_journal: bool,
    pub(crate) journal: Extent,
    pub(crate) begun: Begun,
    /// What it is told of calls that cannot be made after all.
    unmade: VecDeque<Fact>,
    /// States entered.
    pub(crate) transitions: u32,
    /// What is to be logged.
    pub(crate) logged: Logged,
    /// Whether it matters what is over.
    pub(crate) is_traced: bool,
    pub(crate) over: Vec<Stretch>,
}

pub(crate) type EffectsOf<I> = Effects<Errand<<I as Integrations>::Outside>, Answer>;

impl<'a, I: Integrations> Course<'a, I> {
    pub(crate) fn new(
        definition: &'a Definition,
        integrations: &'a I,
        has_journal: bool,
        journal: Extent,
        begun: Begun,
    ) -> Self {
        let (unmade, logged) = (VecDeque::new(), Logged::default());
        let (transitions, is_traced, over) = (0, false, Vec::new());
        Self {
            definition,
            integrations,
            has_journal,
            journal,
            begun,
            unmade,
            transitions,
            logged,
            is_traced,
            over,
        }
    }

    /// Tells the facts, and each timer that is due by then. Whether the execution waited for the last of the facts. Whoever
    /// it concerns is told of its end, if it comes to it.
    ///
    /// # Errors
    /// A fact cannot be about the execution.
    pub(crate) fn tell(
        &mut self,
        mut running: Option<Running>,
        facts: impl IntoIterator<Item = Fact>,
        effects: &mut EffectsOf<I>,
    ) -> Result<(Running, bool), Rejected> {
        let now_ms = effects.now().unsigned_abs();
        let mut was_awaited = false;
        for fact in facts {
            let (told, awaited) = self.tell_one(running.take(), fact, effects)?;
            (running, was_awaited) = (Some(told), awaited);
        }
        let Some(mut running) = running else {
            return Err(Rejected("nothing begins without a fact".to_owned()));
        };
        let mut told = 0;
        loop {
            let fact = match self.unmade.pop_front() {
                Some(fact) => fact,
                None if told >= TIMERS_AT_ONCE_MAX => break,
                None => match running.due.take(now_ms) {
                    Some(timer) => {
                        told += 1;
                        Fact::TimerFired { timer }
                    }
                    None => break,
                },
            };
            (running, _) = self.tell_one(Some(running), fact, effects)?;
        }
        match running.due.earliest() {
            Some(at_ms) => {
                let at_ms = at_ms.max(if told > 0 { now_ms + 1 } else { 0 });
                effects.set_timer(TIMER, i64::try_from(at_ms).unwrap_or(i64::MAX));
            }
            None => effects.cancel_timer(TIMER),
        }
        Ok((running, was_awaited))
    }

    fn tell_one(
        &mut self,
        running: Option<Running>,
        fact: Fact,
        effects: &mut EffectsOf<I>,
    ) -> Result<(Running, bool), Rejected> {
        let now_ms = effects.now().unsigned_abs();
        let (execution, mut due) = running.map_or((None, Due::default()), |it| (Some(it.execution), it.due));
        let of_pending = match &fact {
            Fact::TaskHeartbeat { task } | Fact::TaskSubmitted { task, .. } => Some(*task),
            _ => None,
        };
        let entry = JournalEntry::new(now_ms, fact);
        let written = self.has_journal.then(|| entry.encode());
        let integrations = Beside(self.integrations);
        let attempt = if self.is_traced { attempt(execution.as_ref(), &entry.fact) } else { None };
        let stepped = match self.begun.logging {
            None => step(self.definition, execution, entry.fact, now_ms, &integrations, History::Skip),
            Some(logging) => {
                let (subject, logged) = (Subject::new(execution.as_ref(), &entry.fact), &mut self.logged);
                let mut see = |event: HistoryEvent| {
                    logged.see(logging, &subject, &event);
                    ControlFlow::Continue(())
                };
                step_seen(self.definition, execution, entry.fact, now_ms, &integrations, &mut see)
            }
        };
        let step = match stepped.map_err(rejected)? {
            Stepped::Stale(execution) => {
                // A task that is pending waits still, though nothing follows: it may have no time for being at work, or be told again
                // (after a crash) that its execution has begun.
                let waits = of_pending.is_some_and(|task| execution.awaiting_task(task).is_some());
                return Ok((Running { execution: *execution, due }, waits));
            }
            Stepped::Advanced(step) => *step,
        };
        self.transitions = self.transitions.saturating_add(step.tally.transitions);
        if self.is_traced {
            self.over.extend(over(attempt, &step.execution, &self.begun, now_ms));
        }
        if let Some(written) = written {
            self.append(JournalEntry::with_refused(written, step.refused).map_err(rejected)?, effects);
        }
        for effect in step.effects {
            self.bring_about(effect, &step.execution, &mut due, effects);
        }
        // The executions that they wait for are stopped.
        let nesting = step.given_up.iter().filter(|given_up| waits_for_executions(&given_up.resource));
        let given_up: Vec<TaskId> = nesting.map(|given_up| given_up.task).collect();
        if !given_up.is_empty() {
            effects.call(Errand::StopNestedOf { since_ms: self.begun.started_ms, tasks: given_up });
        }
        Ok((Running { execution: step.execution, due }, true))
    }

    fn append(&mut self, fact: Vec<u8>, effects: &mut EffectsOf<I>) {
        self.journal.chain = self.journal.chain.then(&fact);
        self.journal.entries += 1;
        self.journal.tail_bytes += fact.len() as u64;
        effects.journal(fact);
    }

    fn bring_about(
        &mut self,
        effect: Effect,
        execution: &Execution,
        due: &mut Due,
        effects: &mut EffectsOf<I>,
    ) {
        match effect {
            Effect::Call(call) => {
                let (key, now) = (effects.key().to_owned(), effects.now());
                if let Some(errand) = errand(&key, &call, execution, self.begun.started_ms) {
                    return effects.call(errand);
                }
                let (task, is_awaited) = (call.task, call.is_awaited);
                match self.integrations.way(&key, call, now) {
                    Ok(Way::Message(message)) => {
                        effects.publish(message.topic, message.headers, message.body);
                    }
                    Ok(Way::Outside(call)) => {
                        effects.call(Errand::Foreign(Foreign {
                            since_ms: self.begun.started_ms,
                            task,
                            call,
                        }));
                    }
                    Ok(Way::Awaited) => {}
                    Err(Rejected(cause)) if is_awaited => {
                        let (error, cause) = (RUNTIME.to_owned(), Some(cause));
                        self.unmade.push_back(Fact::TaskFailed { task, error, cause });
                    }
                    Err(_) => {}
                }
            }
            Effect::SetTimer { timer, at_ms } => due.set(timer, at_ms),
            Effect::CancelTimer { timer } => due.cancel(timer),
            Effect::Finished { .. } if self.begun.parent.is_some() => effects.call(Errand::Report),
            Effect::Finished { .. } => {}
            effect => self.map_run(effect, execution, effects),
        }
    }

    /// What a Map run asks for.
    fn map_run(&mut self, effect: Effect, execution: &Execution, effects: &mut EffectsOf<I>) {
        let definition = || self.definition.fingerprint().to_owned();
        match effect {
            Effect::MapRunBegan { run, map_run_arn } => {
                if let Some(keys) = self.keys(&map_run_arn, effects) {
                    effects.link(OF_MAP_RUN, keys.run());
                }
                // What it had come to before a redrive is of the past.
                self.begun.over.retain(|over| over.id != run);
                self.closed(run);
                self.begun.runs.push(run);
            }
            Effect::StartChild(child) => {
                if let Some(child) = self.child(*child, execution, effects) {
                    effects.call(Errand::StartChild(Box::new(child)));
                }
            }
            Effect::StopChildren { run, map_run_arn, executions } => {
                self.closed(run);
                let Some(keys) = self.keys(&map_run_arn, effects) else { return };
                // The engine's ids end with the number of the child.
                let numbers = executions.iter().filter_map(|id| id.rsplit_once('.')?.1.parse().ok());
                let children = numbers.map(|index| keys.child(&execution.child_name(run, index)));
                let (children, attempt) = (children.collect(), execution.redrives());
                effects.call(Errand::StopChildren { children, attempt });
            }
            Effect::RedriveChild(child) => {
                let RedriveChild { run, map_run_arn, index, attempt, .. } = *child;
                let Some(keys) = self.keys(&map_run_arn, effects) else { return };
                let child = keys.child(&execution.child_name(run, index));
                effects.call(Errand::RedriveChild(Box::new(Again { run, index, attempt, child })));
            }
            Effect::ReadItems(asked) => effects.call(Errand::ReadItems(Box::new(ItemsWanted {
                definition: definition(),
                run: asked.run,
                map: asked.state.to_string(),
                arguments: asked.arguments,
                from: asked.from,
                items_max: asked.items_max,
                bytes_max: asked.bytes_max,
            }))),
            Effect::WriteResults(asked) => {
                self.closed(asked.run);
                let Some(keys) = self.keys(&asked.map_run_arn, effects) else { return };
                effects.call(Errand::WriteResults(Box::new(Results {
                    definition: definition(),
                    run: asked.run,
                    map: asked.state.to_string(),
                    name: keys.run(),
                    map_run_arn: asked.map_run_arn,
                    bucket: asked.bucket,
                    folder: asked.folder,
                    pending: asked.pending,
                })));
            }
            Effect::MapRunEnded(run) => {
                self.closed(run.id);
                let Some(keys) = self.keys(&run.arn, effects) else { return };
                self.begun.over.push((*run).clone());
                effects.call(Errand::KeepMapRun { name: keys.run(), run });
            }
            Effect::Call(_)
            | Effect::SetTimer { .. }
            | Effect::CancelTimer { .. }
            | Effect::Finished { .. } => {}
        }
    }

    /// The run begins no children any more: those that are begun for it all the same are stopped.
    fn closed(&mut self, run: MapRunId) {
        self.begun.runs.retain(|open| *open != run);
    }

    fn keys(&self, map_run_arn: &str, effects: &EffectsOf<I>) -> Option<RunKeys> {
        RunKeys::of(effects.key(), self.begun.map_run().is_some(), map_run_arn)
    }

    fn child(&self, child: StartChild, execution: &Execution, effects: &EffectsOf<I>) -> Option<Child> {
        let StartChild { run, map_run_arn, index, attempt, items, is_told_whole, mut start, .. } = child;
        let keys = self.keys(&map_run_arn, effects)?;
        start.execution = keys.child(&execution.child_name(run, index));
        let definition = self.definition.fingerprint().to_owned();
        let logging = self.begun.logging;
        Some(Child {
            definition,
            run,
            name: keys.run(),
            index,
            items,
            attempt: Some(attempt),
            is_told_whole,
            start,
            logging,
            since_ms: Some(self.begun.started_ms),
        })
    }

    /// Whether it stands in lists, and can be asked about: an Express execution that nobody has begun but its caller does not.
    pub(crate) fn is_listed(&self) -> bool {
        self.has_journal || self.begun.map_run().is_some()
    }

    /// Whether nothing is left of it.
    pub(crate) fn is_gone(&self, running: &Running) -> bool {
        !self.is_listed() && ending(&running.execution).is_some()
    }

    /// Where the execution is kept until the next fact; in memory, if it is given back. A snapshot is written if it is its time.
    /// `measured` are the bytes of its snapshot when it was measured last, if it was not in its row.
    pub(crate) fn keep(
        &mut self,
        running: Running,
        measured: Option<u64>,
        effects: &mut EffectsOf<I>,
    ) -> (Place, Option<Running>) {
        let execution = &running.execution;
        let stays_here = !self.has_journal || ending(execution).is_some();
        if stays_here || measured.is_none() && record::size(execution, HERE_BYTES_MAX).is_some() {
            return (Place::Here(Box::new(running.execution)), None);
        }
        let Extent { entries, from, tail_bytes, .. } = self.journal;
        let is_long = entries - from >= TAIL_ENTRIES_MIN;
        if let Some(size) = measured.filter(|size| !is_long || tail_bytes < *size) {
            return (Place::Journal { size }, Some(running));
        }
        let encoded = execution.encode();
        let size = encoded.len() as u64;
        if size <= HERE_BYTES_MAX {
            return (Place::Here(Box::new(running.execution)), None);
        }
        if is_long && size <= tail_bytes {
            self.journal.from = entries;
            self.journal.entries += 1;
            self.journal.tail_bytes = 0;
            effects.journal(record::of_snapshot(&encoded));
        }
        (Place::Journal { size }, Some(running))
    }
}

fn rejected(error: impl std::fmt::Display) -> Rejected {
    Rejected(error.to_string())
}
