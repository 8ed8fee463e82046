//! Executions that are too great for their rows, read out of their journals.

use asl::Definition;
use engine::{Execution, JournalEntry, resume};
use store::{Read, StoreError};

use crate::record::{self, Record};
use crate::stored::Extent;

/// Reads where an execution stands out of its journal, from its last snapshot on; or why that cannot be read.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn load(
    store: &dyn Read,
    key: &str,
    definition: &Definition,
    journal: Extent,
) -> Result<Result<Execution, String>, StoreError> {
    let Extent { entries, from, .. } = journal;
    let count = usize::try_from(entries - from).unwrap_or(usize::MAX);
    let mut found = if from > 0 { store.journal_tail(key, count).await? } else { Vec::new() };
    // Another instance may have added to it since the row was read: then its tail is another.
    let is_from_snapshot =
        found.first().is_some_and(|first| matches!(record::read(first), Ok(Record::Snapshot(_))));
    if !is_from_snapshot {
        found = store.journal(key, from, count).await?;
    }
    if found.len() != count {
        return Ok(Err(format!("the end of a journal that should have {entries} entries")));
    }
    let (mut snapshot, mut facts): (Option<Execution>, Vec<JournalEntry>) = (None, Vec::new());
    for entry in &found {
        match record::read(entry) {
            Ok(Record::Fact(entry)) => facts.push(entry),
            Ok(Record::Snapshot(execution)) => snapshot = Some(*execution),
            Ok(Record::Input(_)) => {}
            Err(error) => return Ok(Err(format!("a readable journal ({error})"))),
        }
    }
    let resumed = resume(definition, snapshot, facts);
    Ok(resumed.map_err(|error| format!("a journal that leads somewhere ({error})")))
}
