//! An execution and its history, computed from its journal.

use asl::Definition;
use thiserror::Error;

use super::execution::Execution;
use super::fact::{Fact, IllegalFact, JournalEntry};
use super::history::HistoryEvent;
use super::step::{History, Stepped, step};

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
    let mut execution = None;
    let mut history = Vec::new();
    let journal: Vec<JournalEntry> = journal.into_iter().collect();
    let started = journal.iter().rposition(|entry| matches!(entry.fact, Fact::Started { .. })).unwrap_or(0);
    for (index, JournalEntry { at_ms, fact }) in journal.into_iter().enumerate().skip(started) {
        match step(definition, execution.take(), fact, at_ms, History::Keep) {
            Ok(Stepped::Advanced(step)) => {
                history.extend(step.history);
                execution = Some(step.execution);
            }
            Ok(Stepped::Stale(_)) => return Err(ReplayError::Stale { index }),
            Err(source) => return Err(ReplayError::Illegal { index, source }),
        }
    }
    execution.map(|execution| (execution, history)).ok_or(ReplayError::Empty)
}
