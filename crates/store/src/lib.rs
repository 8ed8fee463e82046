//! The store: what a participant remembers, changed in one transaction per batch.
//!
//! A store holds **entities** (a key, a version, an opaque state and the participant's own bookkeeping for that
//! key), **links** (a secondary index from a value to entities), a **journal** per entity (append-only), and
//! the **outbox** (messages and calls committed but not done yet). It knows nothing of orders, messages or buses.
//!
//! [`Store::commit`] is all or nothing, and durable at the level that [`Read::durability`] states once it has
//! returned. Every write names the version it was decided upon; a write against another version fails the whole
//! commit with [`StoreError::Conflict`], so that two instances on one database never both apply a message.
//!
//! An entity may be forgotten ([`Commit::forget`]): the room that it and its journal took is used again, that of a long journal bit by
//! bit ([`Store::sweep`]). The place that it had in the order of creation is never given again.
//!
//! One conformance suite ([`suite`]) runs against every store.
#![warn(missing_docs)]

mod error;
pub mod memory;
pub mod postgres;
mod sql;
pub mod sqlite;
pub mod suite;

use async_trait::async_trait;
use bytes::Bytes;

pub use durability::Durability;
pub use error::StoreError;

/// The longest key, and the longest value of a link, in bytes: longer ones do not fit every store's index.
pub const KEY_BYTES_MAX: usize = 1024;

/// Entries of journals that one transaction frees, at the most; and bytes of them, but for the entry that goes beyond it. All others
/// wait while it does.
pub(crate) const FREED_ENTRIES_MAX: usize = 5_000;
/// See [`FREED_ENTRIES_MAX`].
pub(crate) const FREED_BYTES_MAX: usize = 4 << 20;

/// A point in time: milliseconds since the Unix epoch. The store never reads a clock.
pub type Millis = i64;

/// An entity as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Counts the commits that wrote it, from 1.
    pub version: u64,
    /// The domain's state; empty when the handler keeps none.
    pub state: Bytes,
    /// The participant's bookkeeping for this key (inbox, timers, message sequence).
    pub meta: Bytes,
    /// When its earliest timer is due.
    pub next_due: Option<Millis>,
}

/// The new content of one entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityWrite {
    /// Its key, at most [`KEY_BYTES_MAX`] bytes.
    pub key: String,
    /// The version this was decided upon; 0 when the key must not exist yet.
    pub expected: u64,
    /// The new state.
    pub state: Bytes,
    /// The new bookkeeping.
    pub meta: Bytes,
    /// When its earliest timer is due.
    pub next_due: Option<Millis>,
    /// Index entries to add; adding one again is no error.
    pub links: Vec<Link>,
    /// Index entries to remove, before those are added; removing one that is not there is no error.
    pub unlink: Vec<Link>,
    /// Journal entries to append.
    pub journal: Vec<Bytes>,
}

/// An entity to forget, with its journal and its timer: its key is as if it had never been. Of a long journal, entries that nothing leads to
/// any more may be left for [`Store::sweep`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityForget {
    /// Under which it stands, and nothing does afterwards.
    pub key: String,
    /// The version this was decided upon; never 0.
    pub expected: u64,
    /// Its index entries. Only these are removed: nothing finds them by their entity. Those that are left out find nothing any more,
    /// and take room for ever.
    pub unlink: Vec<Link>,
}

/// An entry of the secondary index: finds the entity by `value` under `index`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The index, e.g. `customer`.
    pub index: &'static str,
    /// The value in it, e.g. the customer's id; at most [`KEY_BYTES_MAX`] bytes.
    pub value: String,
}

/// Names an outbox row; from 1, grows in the order of commits, and is never given twice.
pub type OutboxId = u64;

/// An outbox row: one batch's messages or calls as one blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// By which it is forgotten.
    pub id: OutboxId,
    /// What the participant put in.
    pub blob: Bytes,
}

/// What is applied as a whole, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Entities to write; each key at most once, here and among those to forget.
    pub entities: Vec<EntityWrite>,
    /// Entities to forget.
    pub forget: Vec<EntityForget>,
    /// Entities that were loaded and are not written, though the decision rests on them, with the version they were
    /// loaded at (0: none). Where [`Store::load`] may give an older version, another one is a conflict, as for a write.
    pub relied_on: Vec<(String, u64)>,
    /// Outbox rows to add, in order.
    pub outbox_add: Vec<Bytes>,
    /// Outbox rows that are done and may go. Forgetting one that is gone is no error.
    pub outbox_forget: Vec<OutboxId>,
}

impl Commit {
    /// Whether there is nothing to do, not even something to confirm.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes_nothing() && self.relied_on.is_empty()
    }

    /// Whether it writes nothing.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        self.entities.is_empty()
            && self.forget.is_empty()
            && self.outbox_add.is_empty()
            && self.outbox_forget.is_empty()
    }
}

/// Counts of what a store holds, for health and audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Entities stored.
    pub entities: u64,
    /// Outbox rows not forgotten yet.
    pub outbox_rows: u64,
    /// Entities with a timer set.
    pub timers: u64,
}

/// The write side: what a participant needs.
#[async_trait]
pub trait Store: Read {
    /// What reads it. A store reads what this reads: [`Read`] comes with it, and is not implemented beside it.
    fn reader(&self) -> &dyn Read;

    /// The entities of these keys, in the order of the keys; `None` where there is none. Where several instances share
    /// the store ([`Self::is_shared`]) an entity may be as this instance saw it last: a commit that rests on an older
    /// version fails with a conflict, and what is loaded after that is not older than the conflict.
    async fn load(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError>;

    /// Applies the commit as one transaction and returns the ids of `outbox_add`, in order. When it returns an
    /// error other than [`StoreError::Conflict`], the commit may or may not have happened: load again and decide
    /// again. A commit that only relies on entities changes nothing. Not cancel-safe in the same sense.
    async fn commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError>;

    /// Frees some of the room that journals of [forgotten](Commit::forget) entities take still, in a transaction that is bounded whatever
    /// they are; whether there was any, so that it is worth asking again. What is left is found again by whoever opens the store next.
    async fn sweep(&self) -> Result<bool, StoreError>;

    /// The keys whose earliest timer is due at `now` or before, earliest first, at most `limit`. Where several instances
    /// share the store, only those that this instance wrote last, and those that nobody else looks after: their
    /// instance is gone, or late.
    async fn due(&self, now: Millis, limit: usize) -> Result<Vec<String>, StoreError>;

    /// When the earliest timer that [`Self::due`] would give is due, as far as can be told now: an instance that goes may
    /// leave an earlier one.
    async fn next_due(&self) -> Result<Option<Millis>, StoreError>;

    /// Outbox rows with an id greater than `after`, oldest first, at most `limit`: those that this instance added, and
    /// those of instances that are gone, which become this one's.
    async fn outbox(&self, after: OutboxId, limit: usize) -> Result<Vec<OutboxRow>, StoreError>;

    /// Takes over outbox rows of instances that are gone, and gives those, oldest first, at most `limit`. None where
    /// there is only one instance. What an instance does with its rows must be harmless when it is done twice: one that
    /// has only lost its connection is taken for gone.
    async fn adopt(&self, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        let _ = limit;
        Ok(Vec::new())
    }

    /// Whether the store answers, by the cheapest question there is. An embedded store always does.
    async fn probe(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether several instances may write this store at a time.
    fn is_shared(&self) -> bool {
        false
    }
}

/// The read side: what HTTP read APIs and the auditor need. Sees only committed data.
#[async_trait]
pub trait Read: Send + Sync + 'static {
    /// What a commit survives.
    fn durability(&self) -> Durability;

    /// The entity of that key.
    async fn get(&self, key: &str) -> Result<Option<Entity>, StoreError>;

    /// The entities of these keys, in the order of the keys; `None` where there is none.
    async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        let mut entities = Vec::with_capacity(keys.len());
        for key in keys {
            entities.push(self.get(key).await?);
        }
        Ok(entities)
    }

    /// The keys linked from `value` under `index`, the entity created last first, at most `limit` (which is at
    /// least 1), starting behind the cursor that the last page returned. The cursor is `None` on the last page.
    async fn linked(
        &self,
        index: &str,
        value: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError>;

    /// Entities in the order of their creation, starting behind `after` (0: from the first), at most `limit`; each
    /// with the cursor to go on behind it.
    async fn scan(&self, after: u64, limit: usize) -> Result<Vec<(u64, String, Entity)>, StoreError>;

    /// Entities, the one created last first, behind the cursor of the last one seen (`None`: from the last), at most `limit`; each with the
    /// cursor to go on behind it.
    async fn scan_back(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, String, Entity)>, StoreError>;

    /// The entity's journal entries from index `from` on, oldest first, at most `limit`.
    async fn journal(&self, key: &str, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError>;

    /// The last `count` of the entity's journal entries, or all if there are fewer, oldest first. Entries lead from each to the
    /// one before it, so this costs nothing for those that are not asked for, where [`Self::journal`] passes all of them.
    async fn journal_tail(&self, key: &str, count: usize) -> Result<Vec<Bytes>, StoreError>;

    /// How much it holds, and how much is left to do.
    async fn stats(&self) -> Result<Stats, StoreError>;
}

#[async_trait]
impl<S: Store> Read for S {
    fn durability(&self) -> Durability {
        self.reader().durability()
    }

    async fn get(&self, key: &str) -> Result<Option<Entity>, StoreError> {
        self.reader().get(key).await
    }

    async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        self.reader().get_many(keys).await
    }

    async fn linked(
        &self,
        index: &str,
        value: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        self.reader().linked(index, value, before, limit).await
    }

    async fn scan(&self, after: u64, limit: usize) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.reader().scan(after, limit).await
    }

    async fn scan_back(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.reader().scan_back(before, limit).await
    }

    async fn journal(&self, key: &str, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        self.reader().journal(key, from, limit).await
    }

    async fn journal_tail(&self, key: &str, count: usize) -> Result<Vec<Bytes>, StoreError> {
        self.reader().journal_tail(key, count).await
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.reader().stats().await
    }
}
