//! What stands in the orchestrator's store beside executions, and how to read both.
//!
//! Executions stand under their orders' ids. The definitions that executions began with stand under
//! `workflow/FINGERPRINT`, linked from the index [`WORKFLOW_INDEX`]: a slash is not allowed in an order's id.

use std::collections::BTreeSet;

use bytes::Bytes;
use store::{Commit, Entity, EntityWrite, Link, Store, StoreError};
use thiserror::Error;

use crate::conductor::Run;
use crate::engine::Status;
use crate::workflow::Workflows;

/// The index that finds every stored definition.
pub const WORKFLOW_INDEX: &str = "workflow";
const PREFIX: &str = "workflow/";
/// Definitions looked at per page.
const PAGE: usize = 100;

/// Why the stored definitions cannot be used.
#[derive(Debug, Error)]
pub enum StoredError {
    /// The store cannot be used.
    #[error("the workflow definitions cannot be read from or kept in the store")]
    Store(#[from] StoreError),
    /// A definition that executions began with is not understood (any more).
    #[error("the stored workflow {key} cannot be used; was it stored by a newer version?")]
    Definition {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Keeps the current definition in the store and loads those that earlier executions began with, so that they go on
/// with them. Call it before the participant runs; calling it again changes nothing.
///
/// # Errors
/// [`StoredError`].
pub async fn keep_definitions(workflows: &mut Workflows, store: &dyn Store) -> Result<(), StoredError> {
    let mut before = None;
    let mut stored = BTreeSet::new();
    loop {
        let (keys, next) = store.linked(WORKFLOW_INDEX, WORKFLOW_INDEX, before, PAGE).await?;
        for key in keys {
            if let Some(entity) = store.get(&key).await? {
                load(workflows, &key, &entity)?;
            }
            stored.insert(key);
        }
        match next {
            Some(cursor) => before = Some(cursor),
            None => break,
        }
    }
    let missing: Vec<_> = workflows
        .texts()
        .filter(|(fingerprint, _)| !stored.contains(&format!("{PREFIX}{fingerprint}")))
        .map(|(fingerprint, text)| EntityWrite {
            key: format!("{PREFIX}{fingerprint}"),
            state: Bytes::copy_from_slice(text.as_bytes()),
            links: vec![Link { index: WORKFLOW_INDEX, value: WORKFLOW_INDEX.to_owned() }],
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

fn load(workflows: &mut Workflows, key: &str, entity: &Entity) -> Result<(), StoredError> {
    let unusable = |source| StoredError::Definition { key: key.to_owned(), source };
    let text = std::str::from_utf8(&entity.state).map_err(|error| unusable(error.into()))?;
    workflows.keep(text).map(drop).map_err(|problems| unusable(Box::new(problems)))
}

/// The execution that stands in an entity, or `None` where a definition does.
///
/// # Errors
/// What is stored is not an execution.
pub fn execution(key: &str, entity: &Entity) -> Result<Option<Run>, serde_json::Error> {
    if key.starts_with(PREFIX) { Ok(None) } else { participant::inspect::state(entity) }
}

/// How an execution is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it runs, or how it ended.
    pub status: Status,
    /// Whether it failed because its order's id belongs to another order; see [`Run::was_refused`].
    pub refused: bool,
}

/// How the execution in an entity is doing; `None` where there is no execution. For the auditor and for operators.
///
/// # Errors
/// What is stored is not an execution; the text says why.
pub fn standing(key: &str, entity: &Entity) -> Result<Option<Standing>, String> {
    let run = execution(key, entity).map_err(|error| error.to_string())?;
    Ok(run.map(|run| Standing { status: run.execution.status(), refused: run.was_refused() }))
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
        let mut old = Workflows::load(text, []).unwrap();
        for _ in 0..2 {
            keep_definitions(&mut old, &store).await.unwrap();
        }
        let mut new = Workflows::embedded();
        keep_definitions(&mut new, &store).await.unwrap();
        assert!(new.pinned(old.current().fingerprint()).is_ok());
        assert_eq!(store.linked(WORKFLOW_INDEX, WORKFLOW_INDEX, None, 10).await.unwrap().0.len(), 2);
    }
}
