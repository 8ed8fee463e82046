//! The in-memory store, for simulation and tests.
//!
//! It lives as long as its process ([`Durability::Process`]); a [`MemoryStore`] is a handle, so a participant that
//! "crashes" in a simulation loses its handle and the next one opens the same data from a clone. Everything is
//! kept in ordered maps: the same calls give the same answers in the same order, run after run.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    Commit, Durability, Entity, EntityForget, EntityWrite, Link, Millis, OutboxId, OutboxRow, Read, Stats,
    Store, StoreError,
};

/// A handle on data in memory. Clones share it; it is gone with the last of them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shared: Shared,
}

/// What all handles have in common; also what reads it.
#[derive(Clone, Debug, Default)]
struct Shared(Arc<Mutex<Data>>);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Shared {
    fn data(&self) -> MutexGuard<'_, Data> {
        // Nothing in `Data` can panic between its first and its last change, so poisoned data is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An entity's place in the order of creation, from 1.
type EntityId = u64;

#[derive(Debug)]
struct Row {
    key: String,
    entity: Entity,
    journal: Vec<Bytes>,
}

#[derive(Debug, Default)]
struct Data {
    ids: BTreeMap<String, EntityId>,
    rows: BTreeMap<EntityId, Row>,
    links: BTreeMap<&'static str, BTreeMap<String, BTreeSet<EntityId>>>,
    due: BTreeSet<(Millis, EntityId)>,
    /// Of the entity created last: no id is given twice.
    last_id: EntityId,
    outbox: BTreeMap<OutboxId, Bytes>,
    last_outbox_id: OutboxId,
}

impl Data {
    fn row(&self, key: &str) -> Option<&Row> {
        self.ids.get(key).and_then(|id| self.rows.get(id))
    }

    fn get(&self, key: &str) -> Option<Entity> {
        self.row(key).map(|row| row.entity.clone())
    }

    /// Checks every version before anything changes: that is what makes the commit all or nothing.
    fn check(&self, commit: &Commit) -> Result<(), StoreError> {
        for forget in &commit.forget {
            let stored = self.row(&forget.key).map(|row| row.entity.version);
            if stored != Some(forget.expected) {
                return Err(StoreError::Conflict { key: forget.key.clone(), expected: forget.expected });
            }
        }
        let mut written: BTreeMap<&str, u64> = BTreeMap::new();
        for write in &commit.entities {
            let stored = self.row(&write.key).map_or(0, |row| row.entity.version);
            let current = written.entry(&write.key).or_insert(stored);
            if *current != write.expected {
                return Err(StoreError::Conflict { key: write.key.clone(), expected: write.expected });
            }
            *current += 1;
        }
        Ok(())
    }

    fn apply(&mut self, write: &EntityWrite) {
        let id = match self.ids.get(&write.key) {
            Some(id) => *id,
            None => self.create(&write.key),
        };
        if let Some(row) = self.rows.get_mut(&id) {
            if let Some(due) = row.entity.next_due {
                self.due.remove(&(due, id));
            }
            row.entity = Entity {
                version: write.expected + 1,
                state: write.state.clone(),
                meta: write.meta.clone(),
                next_due: write.next_due,
            };
            row.journal.extend(write.journal.iter().cloned());
        }
        if let Some(due) = write.next_due {
            self.due.insert((due, id));
        }
        self.unlink(id, &write.unlink);
        for link in &write.links {
            self.links.entry(link.index).or_default().entry(link.value.clone()).or_default().insert(id);
        }
    }

    fn unlink(&mut self, id: EntityId, links: &[Link]) {
        for link in links {
            let Some(values) = self.links.get_mut(link.index) else { continue };
            if let Some(ids) = values.get_mut(&link.value) {
                ids.remove(&id);
                if ids.is_empty() {
                    values.remove(&link.value);
                }
            }
        }
    }

    fn forget(&mut self, forget: &EntityForget) {
        let Some(id) = self.ids.remove(&forget.key) else { return };
        let due = self.rows.remove(&id).and_then(|row| row.entity.next_due);
        if let Some(due) = due {
            self.due.remove(&(due, id));
        }
        self.unlink(id, &forget.unlink);
    }

    fn create(&mut self, key: &str) -> EntityId {
        self.last_id += 1;
        let id = self.last_id;
        let entity = Entity { version: 0, state: Bytes::new(), meta: Bytes::new(), next_due: None };
        self.ids.insert(key.to_owned(), id);
        self.rows.insert(id, Row { key: key.to_owned(), entity, journal: Vec::new() });
        id
    }

    fn add_to_outbox(&mut self, blob: &Bytes) -> OutboxId {
        self.last_outbox_id += 1;
        self.outbox.insert(self.last_outbox_id, blob.clone());
        self.last_outbox_id
    }

    fn key(&self, id: EntityId) -> Option<String> {
        self.rows.get(&id).map(|row| row.key.clone())
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn reader(&self) -> &dyn Read {
        &self.shared
    }

    async fn load(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        let data = self.shared.data();
        Ok(keys.iter().map(|key| data.get(key)).collect())
    }

    async fn commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError> {
        let mut data = self.shared.data();
        data.check(commit)?;
        for forget in &commit.forget {
            data.forget(forget);
        }
        for write in &commit.entities {
            data.apply(write);
        }
        for id in &commit.outbox_forget {
            data.outbox.remove(id);
        }
        Ok(commit.outbox_add.iter().map(|blob| data.add_to_outbox(blob)).collect())
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn due(&self, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
        let data = self.shared.data();
        let due = data.due.range(..=(now, EntityId::MAX)).take(limit);
        Ok(due.filter_map(|(_, id)| data.key(*id)).collect())
    }

    async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        Ok(self.shared.data().due.first().map(|(due, _)| *due))
    }

    async fn outbox(&self, after: OutboxId, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        let data = self.shared.data();
        let rows = data.outbox.range((Bound::Excluded(after), Bound::Unbounded)).take(limit);
        Ok(rows.map(|(id, blob)| OutboxRow { id: *id, blob: blob.clone() }).collect())
    }
}

#[async_trait]
impl Read for Shared {
    fn durability(&self) -> Durability {
        Durability::Process
    }

    async fn get(&self, key: &str) -> Result<Option<Entity>, StoreError> {
        Ok(self.data().get(key))
    }

    async fn linked(
        &self,
        index: &str,
        value: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        let data = self.data();
        let Some(ids) = data.links.get(index).and_then(|values| values.get(value)) else {
            return Ok((Vec::new(), None));
        };
        // Entities may be gone whose links were left.
        let found = ids.range(..before.unwrap_or(EntityId::MAX)).rev().copied();
        let mut newest_first = found.filter(|id| data.rows.contains_key(id)).peekable();
        let page: Vec<EntityId> = newest_first.by_ref().take(limit).collect();
        let cursor = newest_first.peek().and(page.last().copied());
        Ok((page.into_iter().filter_map(|id| data.key(id)).collect(), cursor))
    }

    async fn scan(&self, after: u64, limit: usize) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        let data = self.data();
        let rows = data.rows.range((Bound::Excluded(after), Bound::Unbounded)).take(limit);
        Ok(rows.map(|(id, row)| (*id, row.key.clone(), row.entity.clone())).collect())
    }

    async fn scan_back(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        let data = self.data();
        let rows = data.rows.range(..before.unwrap_or(EntityId::MAX)).rev().take(limit);
        Ok(rows.map(|(id, row)| (*id, row.key.clone(), row.entity.clone())).collect())
    }

    async fn journal(&self, key: &str, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let data = self.data();
        let Some(row) = data.row(key) else { return Ok(Vec::new()) };
        Ok(row.journal.iter().skip(from).take(limit).cloned().collect())
    }

    async fn journal_tail(&self, key: &str, count: usize) -> Result<Vec<Bytes>, StoreError> {
        let data = self.data();
        let Some(row) = data.row(key) else { return Ok(Vec::new()) };
        let before = row.journal.len().saturating_sub(count);
        Ok(row.journal.iter().skip(before).cloned().collect())
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let data = self.data();
        Ok(Stats {
            entities: data.rows.len() as u64,
            outbox_rows: data.outbox.len() as u64,
            timers: data.due.len() as u64,
        })
    }
}
