//! Machines: definitions by name, each with its versions.
//!
//! A machine stands under `machine/NAME` and names the fingerprints that it has had; the texts stand under
//! `workflow/FINGERPRINT`, where executions find them for ever.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use store::{Commit, EntityWrite, Link, Millis, Read, Store, StoreError};

use crate::stored::{DEFINITION_INDEX, PREFIX};

/// The index that finds every machine.
const INDEX: &str = "machine";

/// What goes by a name: its versions, and which of them new executions begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The definitions that it has had, the one that new executions begin with last.
    pub versions: Vec<Version>,
}

/// A definition that a machine has or had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The fingerprint of its text.
    pub fingerprint: String,
    /// Since when the machine has it, in milliseconds since 1970.
    pub since_ms: Millis,
}

impl Machine {
    /// What new executions begin with.
    #[must_use]
    pub fn current(&self) -> Option<&Version> {
        self.versions.last()
    }
}

fn key(name: &str) -> String {
    format!("machine/{name}")
}

/// Keeps a definition in the store. Keeping it again changes nothing.
///
/// # Errors
/// The store does not answer.
pub async fn keep_definition(store: &dyn Store, fingerprint: &str, text: &str) -> Result<(), StoreError> {
    let write = EntityWrite {
        key: format!("{PREFIX}{fingerprint}"),
        state: Bytes::copy_from_slice(text.as_bytes()),
        links: vec![Link { index: DEFINITION_INDEX, value: DEFINITION_INDEX.to_owned() }],
        ..EntityWrite::default()
    };
    match store.commit(&Commit { entities: vec![write], ..Commit::default() }).await {
        // It is there: its key is the hash of what it holds.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The text of the definition with that fingerprint.
///
/// # Errors
/// The store does not answer.
pub async fn definition_text(store: &dyn Read, fingerprint: &str) -> Result<Option<String>, StoreError> {
    let entity = store.get(&format!("{PREFIX}{fingerprint}")).await?;
    Ok(entity.and_then(|entity| String::from_utf8(entity.state.to_vec()).ok()))
}

/// The machine of that name.
///
/// # Errors
/// The store does not answer.
pub async fn find(store: &dyn Read, name: &str) -> Result<Option<Machine>, StoreError> {
    Ok(found(store, name).await?.map(|(machine, _)| machine))
}

async fn found(store: &dyn Read, name: &str) -> Result<Option<(Machine, u64)>, StoreError> {
    let Some(entity) = store.get(&key(name)).await? else { return Ok(None) };
    match serde_json::from_slice(&entity.state) {
        Ok(machine) => Ok(Some((machine, entity.version))),
        Err(error) => Err(StoreError::Unusable {
            reason: format!("the machine {name} cannot be read; was it stored by a newer version?"),
            source: Some(error.into()),
        }),
    }
}

/// Has new executions of the machine begin with that definition, which is kept first; makes the machine if there is none. One that
/// has it already stays as it is. The machine as it is then.
///
/// # Errors
/// The store does not answer.
pub async fn put(
    store: &dyn Store,
    name: &str,
    (fingerprint, text): (&str, &str),
    now: Millis,
) -> Result<Machine, StoreError> {
    keep_definition(store, fingerprint, text).await?;
    loop {
        let (mut machine, expected) = found(store, name).await?.unwrap_or_default();
        if machine.current().is_some_and(|current| current.fingerprint == fingerprint) {
            return Ok(machine);
        }
        machine.versions.push(Version { fingerprint: fingerprint.to_owned(), since_ms: now });
        let state = serde_json::to_vec(&machine).expect("a machine has only string keys");
        let write = EntityWrite {
            key: key(name),
            expected,
            state: state.into(),
            links: vec![Link { index: INDEX, value: INDEX.to_owned() }],
            ..EntityWrite::default()
        };
        match store.commit(&Commit { entities: vec![write], ..Commit::default() }).await {
            Ok(_) => return Ok(machine),
            // Another instance was faster: what it did is looked at.
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The names of the machines, those made last first, at most `limit` (at least 1), behind the cursor that the last page gave.
///
/// # Errors
/// The store does not answer.
pub async fn list(
    store: &dyn Read,
    before: Option<u64>,
    limit: usize,
) -> Result<(Vec<String>, Option<u64>), StoreError> {
    let (keys, cursor) = store.linked(INDEX, INDEX, before, limit).await?;
    let names = keys.iter().filter_map(|key| key.strip_prefix("machine/").map(str::to_owned));
    Ok((names.collect(), cursor))
}

#[cfg(test)]
mod tests {
    use store::memory::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn a_machine_keeps_its_versions_and_begins_with_the_last() {
        let store = MemoryStore::new();
        for (now, definition) in [(1, ("f1", "one")), (2, ("f1", "one")), (3, ("f2", "two"))] {
            put(&store, "orders", definition, now).await.unwrap();
        }
        put(&store, "refunds", ("f1", "one"), 4).await.unwrap();

        let orders = find(&store, "orders").await.unwrap().unwrap();
        let versions: Vec<_> = orders.versions.iter().map(|v| (v.fingerprint.as_str(), v.since_ms)).collect();
        assert_eq!(versions, [("f1", 1), ("f2", 3)]);
        assert_eq!(definition_text(&store, "f1").await.unwrap().as_deref(), Some("one"));
        let (page, cursor) = list(&store, None, 1).await.unwrap();
        assert_eq!((page, cursor.is_some()), (vec!["refunds".to_owned()], true));
        assert_eq!(list(&store, cursor, 1).await.unwrap(), (vec!["orders".to_owned()], None));
        assert_eq!(find(&store, "nobody").await.unwrap(), None);
    }
}
