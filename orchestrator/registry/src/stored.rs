//! What a store holds of executions and definitions, and how to read both.
//!
//! Executions stand under keys of their own. The definitions that they began with stand under `workflow/FINGERPRINT`, linked from
//! the index [`DEFINITION_INDEX`]: an execution's key has no slash.

use std::collections::BTreeSet;

use bytes::Bytes;
use engine::{Call, Execution, JournalEntry, ReplayError};
use serde::de::DeserializeOwned;
use store::{Commit, Entity, EntityWrite, Link, Read, Store, StoreError};
use thiserror::Error;

use crate::definitions::{Definitions, UnknownDefinition};

/// The index that finds every stored definition.
pub const DEFINITION_INDEX: &str = "workflow";
/// Where they stand.
pub(crate) const PREFIX: &str = "workflow/";
/// Definitions looked at per page.
const PAGE: usize = 100;
/// Entries of a journal read at once.
const JOURNAL_PAGE: usize = 1_000;

/// Why the stored definitions cannot be used.
#[derive(Debug, Error)]
pub enum StoredError {
    /// The store cannot be used.
    #[error("the definitions cannot be read from or kept in the store")]
    Store(#[from] StoreError),
    /// A definition that executions began with is not understood (any more).
    #[error("the stored definition {key} cannot be used; was it stored by a newer version?")]
    Definition {
        /// Where it stands in the store.
        key: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Keeps the current definition in the store and loads those that earlier executions began with, so that they go on
/// with them. Call it before any execution goes on; calling it again changes nothing.
///
/// # Errors
/// [`StoredError`].
pub async fn keep_definitions(definitions: &mut Definitions, store: &dyn Store) -> Result<(), StoredError> {
    let mut before = None;
    let mut stored = BTreeSet::new();
    loop {
        let (keys, next) = store.linked(DEFINITION_INDEX, DEFINITION_INDEX, before, PAGE).await?;
        for key in keys {
            if let Some(entity) = store.get(&key).await? {
                load(definitions, &key, &entity)?;
            }
            stored.insert(key);
        }
        match next {
            Some(cursor) => before = Some(cursor),
            None => break,
        }
    }
    let missing: Vec<_> = definitions
        .texts()
        .filter(|(fingerprint, _)| !stored.contains(&format!("{PREFIX}{fingerprint}")))
        .map(|(fingerprint, text)| EntityWrite {
            key: format!("{PREFIX}{fingerprint}"),
            state: Bytes::copy_from_slice(text.as_bytes()),
            links: vec![Link { index: DEFINITION_INDEX, value: DEFINITION_INDEX.to_owned() }],
            ..EntityWrite::default()
        })
        .collect();
    for write in missing {
        match store.commit(&Commit { entities: vec![write], ..Commit::default() }).await {
            // Another instance was faster with the same text.
            Ok(_) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn load(definitions: &mut Definitions, key: &str, entity: &Entity) -> Result<(), StoredError> {
    let unusable = |source| StoredError::Definition { key: key.to_owned(), source };
    let text = std::str::from_utf8(&entity.state).map_err(|error| unusable(error.into()))?;
    definitions.keep(text).map(drop).map_err(|problems| unusable(Box::new(problems)))
}

/// What stands in an entity beside its bookkeeping, if that is an execution and not a definition. `E` is the execution with
/// whatever its owner keeps beside it.
///
/// # Errors
/// What is stored is no `E`.
pub fn execution<E: DeserializeOwned>(key: &str, entity: &Entity) -> Result<Option<E>, serde_json::Error> {
    if key.starts_with(PREFIX) || entity.state.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&entity.state).map(Some)
}

/// Why an execution's journal does not tell what it asked for.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The store does not answer.
    #[error("the journal cannot be read")]
    Store(#[from] StoreError),
    /// The execution or an entry of its journal cannot be read.
    #[error("what is stored cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// It began with a definition that this program does not have.
    #[error(transparent)]
    Definition(#[from] UnknownDefinition),
    /// The journal is not that of the execution. It may just have been replaced by another under the same key.
    #[error("the journal does not lead to the execution")]
    Journal(#[from] ReplayError),
}

/// The journal of the execution under that key, from its beginning.
///
/// # Errors
/// The store does not answer, or an entry cannot be read.
pub async fn journal(store: &dyn Read, key: &str) -> Result<Vec<JournalEntry>, JournalError> {
    let mut journal: Vec<JournalEntry> = Vec::new();
    loop {
        let page = store.journal(key, journal.len() as u64, JOURNAL_PAGE).await?;
        let is_last = page.len() < JOURNAL_PAGE;
        for entry in page {
            journal.push(serde_json::from_slice(&entry)?);
        }
        if is_last {
            return Ok(journal);
        }
    }
}

/// The execution under that key as its journal tells it, and the calls to which it has no answer, in order. `fingerprint` is that of
/// the definition that it runs on.
///
/// # Errors
/// [`JournalError`].
pub async fn unanswered(
    store: &dyn Read,
    definitions: &Definitions,
    fingerprint: &str,
    key: &str,
) -> Result<(Execution, Vec<Call>), JournalError> {
    let journal = journal(store, key).await?;
    Ok(engine::unanswered(definitions.pinned(fingerprint)?, journal)?)
}

#[cfg(test)]
mod tests {
    use store::Read;
    use store::memory::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn a_definition_outlives_the_program_that_shipped_it() {
        let store = MemoryStore::new();
        let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
        let mut old = Definitions::load(text).unwrap();
        for _ in 0..2 {
            keep_definitions(&mut old, &store).await.unwrap();
        }
        let mut new = Definitions::load(&text.replace("\"A\"", "\"B\"")).unwrap();
        keep_definitions(&mut new, &store).await.unwrap();
        assert!(new.pinned(old.current().fingerprint()).is_ok());
        assert_eq!(store.linked(DEFINITION_INDEX, DEFINITION_INDEX, None, 10).await.unwrap().0.len(), 2);
    }
}
