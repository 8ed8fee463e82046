//! Random commits against SQLite or PostgreSQL, and memory: the same answers, the same contents.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

mod common;

use std::path::PathBuf;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use store::memory::MemoryStore;
use store::postgres::PostgresOptions;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Commit, EntityForget, EntityWrite, Link, OutboxId, OutboxRow, Store, StoreError};

const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const INDICES: [&str; 2] = ["customer", "restaurant"];

/// A write yet to be given its key's version.
#[derive(Clone, Debug)]
struct Plan {
    /// How far off the expected version is: mostly not at all.
    stale_by: u64,
    /// The key is forgotten, if it is there.
    forgets: bool,
    write: EntityWrite,
}

#[derive(Clone, Debug)]
enum Step {
    /// Writes to the keys at these places of [`KEYS`], outbox rows to add, and outbox rows to forget: the n-th given.
    Commit(Vec<(usize, Plan)>, Vec<Bytes>, Vec<usize>),
    /// The SQLite store is closed and opened again.
    Reopen,
}

fn blob() -> impl Strategy<Value = Bytes> {
    prop_oneof![9 => vec(any::<u8>(), 0..40), 1 => vec(any::<u8>(), 4000..9000)].prop_map(Bytes::from)
}

fn plan() -> impl Strategy<Value = Plan> {
    let link = (0..2_usize, 0..3_u8)
        .prop_map(|(index, value)| Link { index: INDICES[index], value: value.to_string() });
    let stale_by = prop_oneof![12 => Just(0), 1 => 1..3_u64];
    let forgets = prop_oneof![5 => Just(false), 1 => Just(true)];
    let (links, unlink) = (vec(link.clone(), 0..3), vec(link, 0..3));
    let content = (blob(), blob(), proptest::option::of(-3..3_i64), vec(blob(), 0..3));
    (stale_by, forgets, links, unlink, content).prop_map(
        |(stale_by, forgets, links, unlink, (state, meta, next_due, journal))| Plan {
            stale_by,
            forgets,
            write: EntityWrite { state, meta, next_due, links, unlink, journal, ..EntityWrite::default() },
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let writes = proptest::sample::subsequence((0..KEYS.len()).collect::<Vec<_>>(), 0..=KEYS.len())
        .prop_shuffle()
        .prop_flat_map(|keys| keys.into_iter().map(|key| (Just(key), plan())).collect::<Vec<_>>());
    let commit =
        (writes, vec(blob(), 0..3), vec(0..20_usize, 0..4)).prop_map(|(w, a, f)| Step::Commit(w, a, f));
    prop_oneof![15 => commit, 1 => Just(Step::Reopen)]
}

/// What is compared with memory.
#[allow(clippy::large_enum_variant, reason = "a test has one of them")]
enum Place {
    File(PathBuf),
    Schema(common::Schemas, PostgresOptions),
}

impl Place {
    async fn open(&self) -> Box<dyn Store> {
        match self {
            Self::File(path) => {
                let options = SqliteOptions { checkpoint_pages: 20, ..SqliteOptions::default() };
                Box::new(SqliteStore::open(path, options).unwrap())
            }
            Self::Schema(schemas, options) => {
                common::until_nobody_uses(options).await;
                Box::new(schemas.open(options).await)
            }
        }
    }

    /// The outcome without what stores may word differently. Of several conflicts PostgreSQL names any.
    fn outcome(&self, result: Result<Vec<OutboxId>, StoreError>) -> Result<Vec<OutboxId>, (String, u64)> {
        result.map_err(|error| match (self, error) {
            (Self::File(_), StoreError::Conflict { key, expected }) => (key, expected),
            (Self::Schema(..), StoreError::Conflict { .. }) => (String::new(), 0),
            (_, other) => panic!("neither done nor a conflict: {other:?}"),
        })
    }
}

async fn build(memory: &MemoryStore, writes: Vec<(usize, Plan)>) -> Commit {
    let current = memory.load(&KEYS).await.unwrap();
    let mut commit = Commit::default();
    for (place, Plan { stale_by, forgets, write }) in writes {
        let key = KEYS[place].to_owned();
        let expected = current[place].as_ref().map_or(0, |entity| entity.version) + stale_by;
        if forgets && current[place].is_some() {
            // Links that are left out take room, and find nothing.
            commit.forget.push(EntityForget { key, expected, unlink: write.unlink });
        } else {
            commit.entities.push(EntityWrite { key, expected, ..write });
        }
    }
    commit
}

async fn assert_same_contents(memory: &dyn Store, other: &dyn Store) {
    const ALL: usize = 1000;
    assert_eq!(memory.scan(0, ALL).await.unwrap(), other.scan(0, ALL).await.unwrap());
    assert_eq!(memory.load(&KEYS).await.unwrap(), other.load(&KEYS).await.unwrap());
    assert_eq!(memory.stats().await.unwrap(), other.stats().await.unwrap());
    let blobs = |rows: Vec<OutboxRow>| rows.into_iter().map(|row| row.blob).collect::<Vec<_>>();
    assert_eq!(blobs(memory.outbox(0, ALL).await.unwrap()), blobs(other.outbox(0, ALL).await.unwrap()));
    assert_eq!(memory.next_due().await.unwrap(), other.next_due().await.unwrap());
    for now in -4..4 {
        assert_eq!(memory.due(now, 9).await.unwrap(), other.due(now, 9).await.unwrap());
    }
    for key in KEYS {
        assert_eq!(memory.journal(key, 1, ALL).await.unwrap(), other.journal(key, 1, ALL).await.unwrap());
    }
    for index in INDICES {
        for value in ["0", "1", "2"] {
            let mut before = None;
            loop {
                let page = memory.linked(index, value, before, 2).await.unwrap();
                assert_eq!(page, other.linked(index, value, before, 2).await.unwrap());
                before = page.1;
                if before.is_none() {
                    break;
                }
            }
        }
    }
}

async fn play(place: Place, steps: Vec<Step>) {
    let (memory, mut other) = (MemoryStore::new(), place.open().await);
    // Each store's ids of the same rows: they need not be the same numbers once a file has been reopened.
    let mut given: Vec<(OutboxId, OutboxId)> = Vec::new();
    for step in steps {
        match step {
            Step::Commit(writes, outbox_add, forget) => {
                let forget: Vec<_> = forget.into_iter().filter_map(|n| given.get(n).copied()).collect();
                let commit = Commit { outbox_add, ..build(&memory, writes).await };
                let outbox_forget = forget.iter().map(|(id, _)| *id).collect();
                let in_memory = memory.commit(&Commit { outbox_forget, ..commit.clone() }).await;
                let outbox_forget = forget.iter().map(|(_, id)| *id).collect();
                let in_other = other.commit(&Commit { outbox_forget, ..commit }).await;
                let (in_memory, in_other) = (place.outcome(in_memory), place.outcome(in_other));
                assert_eq!(in_memory.as_ref().map(Vec::len), in_other.as_ref().map(Vec::len));
                given.extend(in_memory.unwrap_or_default().into_iter().zip(in_other.unwrap_or_default()));
            }
            Step::Reopen => {
                drop(other);
                other = place.open().await;
                // Ids of rows that are gone may be given again now: nobody holds them any more.
                let (rows, others) =
                    (memory.outbox(0, 1000).await.unwrap(), other.outbox(0, 1000).await.unwrap());
                given = rows.iter().zip(&others).map(|(row, other)| (row.id, other.id)).collect();
            }
        }
        assert_same_contents(&memory, &*other).await;
    }
}

fn run(place: Place, steps: Vec<Step>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play(place, steps));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_holds_what_memory_holds(steps in vec(step(), 1..30)) {
        let folder = tempfile::tempdir().unwrap();
        run(Place::File(folder.path().join("model.db")), steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn postgres_holds_what_memory_holds(steps in vec(step(), 1..30)) {
        if let Some(schemas) = common::Schemas::if_there() {
            let schema = schemas.new_schema("model");
            run(Place::Schema(schemas, schema), steps);
        }
    }
}
