//! An execution, from where it once stood and what it was told since.

use asl::Definition;

use crate::execution::Execution;
use crate::fact::JournalEntry;
use crate::replay::{Recorded, ReplayError};
use crate::step::{History, Stepped, step};

/// The execution that `snapshot` became with these entries of its journal, without its history; from its beginning if there is no
/// snapshot. It is the one that [`step()`] led to, whichever of its snapshots that was.
///
/// # Errors
/// [`ReplayError`] if they are not the entries behind that snapshot.
pub fn resume(
    definition: &Definition,
    snapshot: Option<Execution>,
    tail: impl IntoIterator<Item = JournalEntry>,
) -> Result<Execution, ReplayError> {
    let mut execution = snapshot;
    for (index, JournalEntry { at_ms, fact, refused }) in tail.into_iter().enumerate() {
        match step(definition, execution, fact, at_ms, &Recorded(&refused), History::Skip) {
            Ok(Stepped::Advanced(step)) => execution = Some(step.execution),
            Ok(Stepped::Stale(_)) => return Err(ReplayError::Stale { index }),
            Err(source) => return Err(ReplayError::Illegal { index, source }),
        }
    }
    execution.ok_or(ReplayError::Empty)
}
