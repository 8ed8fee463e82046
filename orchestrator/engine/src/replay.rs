//! An execution, its history and what it has asked for, computed from its journal.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use asl::Definition;
use thiserror::Error;

use crate::effect::{Call, Effect, Integrations, Refusal, RefusedAt};
use crate::execution::Execution;
use crate::fact::{Fact, IllegalFact, JournalEntry, Refused};
use crate::history::HistoryEvent;
use crate::ids::{MapRunId, TaskId};
use crate::step::{History, Step, Stepped, step, step_seen};

/// A journal that no execution can have had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// There is nothing in it.
    #[error("the journal is empty")]
    Empty,
    /// A fact cannot be about the execution.
    #[error("entry {index} of the journal cannot have happened")]
    Illegal {
        /// Its place, from 0.
        index: usize,
        /// Why.
        #[source]
        source: IllegalFact,
    },
    /// A fact was stale, and so cannot have been put in the journal.
    #[error("entry {index} of the journal is about something that was not pending")]
    Stale {
        /// Its place, from 0.
        index: usize,
    },
}

/// Computes an execution and its complete history. One that took the place of another (which was refused, so that its order's
/// id was free again) begins with the last `Started`; what was before it is the other's.
///
/// # Errors
/// [`ReplayError`] if the journal is not one that [`step()`] led to with this definition.
pub fn replay(
    definition: &Definition,
    journal: impl IntoIterator<Item = JournalEntry>,
) -> Result<(Execution, Vec<HistoryEvent>), ReplayError> {
    let mut history = Vec::new();
    let execution = run(definition, journal, History::Keep, |step| history.append(&mut step.history))?;
    Ok((execution, history))
}

/// The execution, and every call that it has asked for and has no answer to, in order: because
/// it waits for it, gave up waiting, or never wanted one.
///
/// # Errors
/// As those of [`replay()`].
pub fn unanswered(
    definition: &Definition,
    journal: impl IntoIterator<Item = JournalEntry>,
) -> Result<(Execution, Vec<Call>), ReplayError> {
    let journal: Vec<JournalEntry> = journal.into_iter().collect();
    let answered = |fact: &Fact| match fact {
        Fact::TaskHeartbeat { .. } => None,
        fact => fact.task(),
    };
    let answered: BTreeSet<TaskId> =
        since_start(&journal).iter().filter_map(|entry| answered(&entry.fact)).collect();
    let mut calls = Vec::new();
    let unanswered = |effect: Effect| match effect {
        Effect::Call(call) if !answered.contains(&call.task) => Some(call),
        _ => None,
    };
    let execution = run(definition, journal, History::Skip, |step| {
        calls.extend(std::mem::take(&mut step.effects).into_iter().filter_map(unanswered));
    })?;
    Ok((execution, calls))
}

/// The entries of the execution that took the place of all before it.
fn since_start(journal: &[JournalEntry]) -> &[JournalEntry] {
    let started = journal.iter().rposition(|entry| matches!(entry.fact, Fact::Started { .. }));
    &journal[started.unwrap_or(0)..]
}

fn run(
    definition: &Definition,
    journal: impl IntoIterator<Item = JournalEntry>,
    history: History,
    see: impl FnMut(&mut Step),
) -> Result<Execution, ReplayError> {
    let journal: Vec<JournalEntry> = journal.into_iter().collect();
    let started = journal.len() - since_start(&journal).len();
    go_on(definition, None, journal.into_iter().enumerate().skip(started), history, see)
}

/// What an execution becomes with numbered entries of its journal.
pub(crate) fn go_on(
    definition: &Definition,
    mut execution: Option<Execution>,
    entries: impl IntoIterator<Item = (usize, JournalEntry)>,
    history: History,
    mut see: impl FnMut(&mut Step),
) -> Result<Execution, ReplayError> {
    for (index, JournalEntry { at_ms, fact, refused }) in entries {
        match step(definition, execution.take(), fact, at_ms, &Recorded(&refused), history) {
            Ok(Stepped::Advanced(mut step)) => {
                see(&mut step);
                execution = Some(step.execution);
            }
            Ok(Stepped::Stale(_)) => return Err(ReplayError::Stale { index }),
            Err(source) => return Err(ReplayError::Illegal { index, source }),
        }
    }
    execution.ok_or(ReplayError::Empty)
}

/// What an execution becomes with the next entry of its journal; `None` before the first. Its events are told one by one, as
/// [`step_seen`](crate::step_seen) does, so that a long history need not be held.
///
/// # Errors
/// As those of [`replay()`]; `index` is the entry's place.
pub fn replay_seen(
    definition: &Definition,
    execution: Option<Execution>,
    (index, entry): (usize, JournalEntry),
    see: &mut dyn FnMut(HistoryEvent) -> ControlFlow<()>,
) -> Result<Execution, ReplayError> {
    let JournalEntry { at_ms, fact, refused } = entry;
    match step_seen(definition, execution, fact, at_ms, &Recorded(&refused), see) {
        Ok(Stepped::Advanced(step)) => Ok(step.execution),
        Ok(Stepped::Stale(_)) => Err(ReplayError::Stale { index }),
        Err(source) => Err(ReplayError::Illegal { index, source }),
    }
}

/// What could be sent when the journal was written.
struct Recorded<'a>(&'a [Refused]);

impl Recorded<'_> {
    fn find(&self, task: TaskId) -> Option<&Refused> {
        self.0.iter().find(|refused| refused.task == task)
    }

    fn refusal_of(&self, task: TaskId) -> Option<Refusal> {
        let refused = self.find(task)?;
        Some(Refusal { error: refused.error.clone(), cause: refused.cause.clone() })
    }
}

impl Integrations for Recorded<'_> {
    fn refusal(&self, call: &Call) -> Option<Refusal> {
        self.refusal_of(call.task)
    }

    fn refused_at(&self, call: &Call) -> RefusedAt {
        self.find(call.task).map(|refused| refused.at).unwrap_or_default()
    }

    fn map_run_refusal(&self, run: MapRunId) -> Option<Refusal> {
        self.refusal_of(TaskId(run.0))
    }
}
