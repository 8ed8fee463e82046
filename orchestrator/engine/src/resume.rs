//! An execution, from where it once stood and what it was told since.

use asl::Definition;

use crate::execution::Execution;
use crate::fact::JournalEntry;
use crate::replay::{ReplayError, go_on};
use crate::step::History;

/// The execution that `snapshot` became with these entries of its journal, without its history; from its beginning if there is no
/// snapshot. It is the one that [`step()`](crate::step()) led to, whichever of its snapshots that was.
///
/// # Errors
/// [`ReplayError`] if they are not the entries behind that snapshot.
pub fn resume(
    definition: &Definition,
    snapshot: Option<Execution>,
    tail: impl IntoIterator<Item = JournalEntry>,
) -> Result<Execution, ReplayError> {
    go_on(definition, snapshot, tail.into_iter().enumerate(), History::Skip, |_| {})
}
