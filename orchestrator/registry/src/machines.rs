//! Machines: definitions by name, each with its versions.
//!
//! A machine stands under `machine/REGION/NAME`, whole: whatever is decided about it, its versions or its aliases is one commit. Its
//! journal tells what it was ([`last_revision`]). The texts of definitions stand under `workflow/FINGERPRINT`, where executions find them
//! for ever.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Commit, Entity, EntityWrite, Link, Millis, Read, Store, StoreError};

use crate::named::{self, Kind, Named};
use crate::stored::{DEFINITION_INDEX, PREFIX};

pub use crate::named::Change;

/// Entries of a journal read at once.
const JOURNAL_PAGE: usize = 1_000;

/// A state machine: what new executions begin with, and the versions and aliases that it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Counts the machines that have had this name, from 1: executions of a deleted one are not those of its successor.
    pub generation: u32,
    /// Whether its executions are Express ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub express: bool,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: Millis,
    /// Whether it was deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Whether it is to be deleted once its executions have ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleting: bool,
    /// Whether its first version was published as it was made, and with which description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_with_version: Option<MadeWithVersion>,
    /// What new executions begin with.
    pub current: Revision,
    /// How many versions were published, those that were deleted included.
    #[serde(default)]
    pub published: u64,
    /// Its versions, the oldest first.
    #[serde(default)]
    pub versions: Vec<Version>,
    /// How many aliases were made, those that were deleted included.
    #[serde(default)]
    pub aliased: u64,
    /// Its aliases, the oldest first.
    #[serde(default)]
    pub aliases: Vec<Alias>,
    /// Its tags, each name once.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
}

/// The version that a machine was made with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MadeWithVersion {
    /// What people were told of it.
    #[serde(default)]
    pub description: Option<String>,
}

/// What an execution begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// `None` until the machine is updated for the first time.
    #[serde(default)]
    pub id: Option<String>,
    /// The fingerprint of the definition's text.
    pub fingerprint: String,
    /// The role.
    pub role_arn: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: Millis,
    /// What is configured besides and given back as it is: logging, tracing, encryption.
    #[serde(default)]
    pub configuration: Map<String, Value>,
}

/// A revision that was published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Its number, from 1; never given twice.
    pub number: u64,
    /// What it is.
    pub revision: Revision,
    /// What people are told of it.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was published, in milliseconds since 1970.
    pub created_ms: Millis,
}

/// A name for one or two versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    /// The how manyth of its machine it is, from 1; never given twice.
    #[serde(default)]
    pub number: u64,
    /// Unique among those of its machine.
    pub name: String,
    /// What people are told of it.
    #[serde(default)]
    pub description: Option<String>,
    /// The versions that it leads to; the weights add up to 100.
    pub routes: Vec<Route>,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: Millis,
    /// When it was changed last, in milliseconds since 1970.
    pub updated_ms: Millis,
}

/// A version that an alias leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The version's number.
    pub version: u64,
    /// Of 100 executions, how many.
    pub weight: u8,
}

impl Named for Machine {
    const KIND: Kind = Kind { name: "machine", place: "machine/", index: "machine", counted: "machines/" };
    type Before = Before;

    fn is_deleted(&self) -> bool {
        self.deleted
    }

    fn before(&self) -> Before {
        Before { generation: self.generation, revision: self.current.id.clone() }
    }

    /// The machine's revision, if it is another than before.
    fn entry(&self, before: Option<&Before>) -> Option<Bytes> {
        let is_same = before.is_some_and(|before| *before == self.before());
        let revised = Revised { generation: self.generation, revision: self.current.clone() };
        (!is_same).then(|| serde_json::to_vec(&revised).expect("a revision has only string keys").into())
    }
}

/// The revision of a machine before it is changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Before {
    generation: u32,
    revision: Option<String>,
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

/// The machine of that name (of a region: `REGION/NAME`), deleted ones included.
///
/// # Errors
/// The store does not answer, or holds what is no machine.
pub async fn find(store: &dyn Read, machine: &str) -> Result<Option<Machine>, StoreError> {
    named::find(store, machine).await
}

/// The [generation](Machine::generation) of the machine of that name, read without the rest of it.
///
/// # Errors
/// As of [`find`].
pub async fn generation(store: &dyn Read, machine: &str) -> Result<Option<u32>, StoreError> {
    let entity = store.get(&named::key::<Machine>(machine)).await?;
    entity.map(|entity| generation_in(machine, &entity)).transpose()
}

fn generation_in(machine: &str, entity: &Entity) -> Result<u32, StoreError> {
    #[derive(Deserialize)]
    struct Glance {
        generation: u32,
    }
    Ok(named::read::<Machine, Glance>(machine, &entity.state)?.generation)
}

/// The [generation](Machine::generation) of the machine of that name, read without the rest of it; and, in the same look, what stands under
/// `key`.
///
/// # Errors
/// As of [`find`].
pub async fn generation_and(
    store: &dyn Read,
    machine: &str,
    key: &str,
) -> Result<(Option<u32>, Option<Entity>), StoreError> {
    let mut found = store.get_many(&[&named::key::<Machine>(machine), key]).await?;
    let (beside, entity) = (found.pop().flatten(), found.pop().flatten());
    Ok((entity.map(|entity| generation_in(machine, &entity)).transpose()?, beside))
}

/// Changes a machine (`REGION/NAME`), as [`named::change`] does: if it has another revision now, its journal tells that one
/// ([`last_revision`]).
///
/// # Errors
/// What `decide` refuses; the store does not answer, or others were faster 5,001 times: a conflict (inside, as `E` is made of it).
pub async fn change<T, E: From<StoreError>>(
    store: &dyn Store,
    region: &str,
    machine: &str,
    decide: impl FnMut(Option<Machine>) -> Result<Change<Machine, T>, E>,
) -> Result<T, E> {
    named::change(store, region, machine, decide).await
}

/// A revision that a machine has, or had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revised {
    /// [`Machine::generation`]
    pub generation: u32,
    /// What it was.
    pub revision: Revision,
}

/// What is asked for of the revisions that a machine has had.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// [`Machine::generation`]
    pub generation: u32,
    /// [`Revision::fingerprint`]
    pub fingerprint: &'a str,
    /// [`Revision::role_arn`]
    pub role_arn: &'a str,
    /// The latest that it may be [since](Revision::since_ms).
    pub until_ms: Millis,
}

impl Sought<'_> {
    fn is(&self, revised: &Revised) -> bool {
        let Revised { generation, revision } = revised;
        *generation == self.generation
            && revision.fingerprint == self.fingerprint
            && revision.role_arn == self.role_arn
            && revision.since_ms <= self.until_ms
    }
}

/// The last revision of those that the machines of that name (`REGION/NAME`) have had that is what is sought. However many there were, a
/// page of them is in memory at once.
///
/// # Errors
/// The store does not answer, or holds what is no revision.
pub async fn last_revision(
    store: &dyn Read,
    machine: &str,
    sought: &Sought<'_>,
) -> Result<Option<Revision>, StoreError> {
    let (key, mut from, mut last) = (named::key::<Machine>(machine), 0, None);
    loop {
        let page = store.journal(&key, from, JOURNAL_PAGE).await?;
        for entry in &page {
            let revised: Revised = serde_json::from_slice(entry).map_err(|error| StoreError::Unusable {
                reason: format!("a revision of the machine {machine} cannot be read"),
                source: Some(error.into()),
            })?;
            if sought.is(&revised) {
                last = Some(revised.revision);
            }
        }
        if page.len() < JOURNAL_PAGE {
            return Ok(last);
        }
        from += page.len() as u64;
    }
}

/// How many machines a region has, without those that were deleted.
///
/// # Errors
/// The store does not answer.
pub async fn count(store: &dyn Read, region: &str) -> Result<u64, StoreError> {
    named::count::<Machine>(store, region).await
}

#[cfg(test)]
mod tests {
    use store::memory::MemoryStore;

    use super::*;

    fn machine(fingerprint: &str) -> Box<Machine> {
        let current = Revision {
            id: None,
            fingerprint: fingerprint.to_owned(),
            role_arn: "role".to_owned(),
            since_ms: 1,
            configuration: Map::new(),
        };
        Box::new(Machine {
            generation: 1,
            express: false,
            created_ms: 1,
            deleted: false,
            deleting: false,
            made_with_version: None,
            current,
            published: 0,
            versions: Vec::new(),
            aliased: 0,
            aliases: Vec::new(),
            tags: Vec::new(),
        })
    }

    #[tokio::test]
    async fn what_is_decided_on_a_machine_is_kept() {
        let store = MemoryStore::new();
        for (name, fingerprint) in [("eu/orders", "f1"), ("eu/refunds", "f1"), ("us/orders", "f2")] {
            let (region, _) = name.split_once('/').unwrap();
            let put = |old: Option<Machine>| -> Result<_, StoreError> {
                assert_eq!(old, None);
                Ok(Change::Put(machine(fingerprint), ()))
            };
            change(&store, region, name, put).await.unwrap();
        }
        let seen = |old: Option<Machine>| -> Result<_, StoreError> {
            Ok(Change::None(old.unwrap().current.fingerprint))
        };
        assert_eq!(change(&store, "us", "us/orders", seen).await.unwrap(), "f2");
        let (page, cursor) = named::list::<Machine>(&store, "eu", None, 1).await.unwrap();
        assert_eq!((page, cursor.is_some()), (vec!["eu/refunds".to_owned()], true));
        let rest = named::list::<Machine>(&store, "eu", cursor, 1).await.unwrap();
        assert_eq!(rest, (vec!["eu/orders".to_owned()], None));
        assert_eq!(find(&store, "eu/nobody").await.unwrap(), None);
        assert_eq!((count(&store, "eu").await.unwrap(), count(&store, "us").await.unwrap()), (2, 1));
    }

    #[tokio::test]
    async fn what_a_machine_was_is_kept_and_how_many_there_are() {
        let store = MemoryStore::new();
        let changed = async |made: Box<Machine>| {
            let put = |_| -> Result<_, StoreError> { Ok(Change::Put(made.clone(), ())) };
            change(&store, "eu", "eu/orders", put).await.unwrap();
        };
        let mut orders = machine("f1");
        changed(orders.clone()).await;
        orders.tags.push(("a".to_owned(), "b".to_owned()));
        changed(orders.clone()).await;
        orders.current.id = Some("r2".to_owned());
        orders.current.fingerprint = "f2".to_owned();
        changed(orders.clone()).await;
        orders.deleted = true;
        changed(orders.clone()).await;
        assert_eq!(count(&store, "eu").await.unwrap(), 0);
        (orders.deleted, orders.generation, orders.current.id) = (false, 2, None);
        changed(orders.clone()).await;
        assert_eq!(count(&store, "eu").await.unwrap(), 1);
        let sought =
            |generation, fingerprint| Sought { generation, fingerprint, role_arn: "role", until_ms: 1 };
        for (sought, id) in [
            (sought(1, "f1"), Some(None)),
            (sought(1, "f2"), Some(Some("r2"))),
            (sought(2, "f2"), Some(None)),
            (sought(2, "f1"), None),
            (Sought { role_arn: "other", ..sought(1, "f1") }, None),
            (Sought { until_ms: 0, ..sought(1, "f1") }, None),
        ] {
            let found = last_revision(&store, "eu/orders", &sought).await.unwrap();
            assert_eq!(found.as_ref().map(|revision| revision.id.as_deref()), id, "{sought:?}");
        }
        assert_eq!(last_revision(&store, "eu/nobody", &sought(1, "f1")).await.unwrap(), None);
    }
}
