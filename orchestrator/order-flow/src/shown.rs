//! The executions of orders as others see executions: as those of the state machine [`MACHINE`], where the crate [`executions`] would keep them.
//!
//! [`Shown`] lies over a store of executions and answers for that one machine out of the conductor's store, which stays as it is: nothing is
//! written twice, and no order pays for being shown. So the Step Functions API lists and describes orders' executions, and gives their
//! histories, by the same code as all others. An execution of an order whose id was another's before (which was refused) is shown from its
//! own beginning.
//!
//! There is no index of what an execution's status is: a list of those that have one is found by looking at executions, the latest first, at
//! most [`LOOKED_AT_MAX`] for a page, which may be shorter than asked for then, and even empty.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use durability::Durability;
use engine::{Fact, JournalEntry, Status};
use executions::{Row, Sought, Stored, execution_key, machine_and_name, sought};
use registry::stored::DEFINITION_INDEX;
use store::{Entity, Read, Stats, StoreError};

use crate::stored;

/// What the state machine is called whose executions are those of orders.
pub const MACHINE: &str = "order";

/// Executions that are looked at for one page of a list, at the most.
pub const LOOKED_AT_MAX: usize = 10_000;
/// Executions looked at at once where not every one is wanted.
const PAGE: usize = 500;
/// Entries of a journal read at once.
const JOURNAL_PAGE: usize = 1_000;

/// A store of executions with those of orders among them.
pub struct Shown {
    base: Arc<dyn Read>,
    orders: Arc<dyn Read>,
    home: String,
}

impl Shown {
    /// Over `base`, with what the conductor keeps in `orders` as executions of the machine of that home (`REGION/order`).
    #[must_use]
    pub fn new(base: Arc<dyn Read>, orders: Arc<dyn Read>, home: String) -> Self {
        Self { base, orders, home }
    }

    /// Whether it is the machine's home, whichever machine of that name it is.
    fn is_home(&self, home: &str) -> bool {
        home.strip_prefix(&self.home).is_some_and(|rest| rest.is_empty() || rest.starts_with('~'))
    }

    /// The order whose execution stands under that key, if it is one's.
    fn order<'k>(&self, key: &'k str) -> Option<&'k str> {
        let (home, name) = machine_and_name(key)?;
        self.is_home(home).then_some(name)
    }

    /// What is journalled of the execution that an order has now.
    async fn journal_of(&self, order_id: &str) -> Result<Vec<Bytes>, StoreError> {
        let mut all = Vec::new();
        loop {
            let page = self.orders.journal(order_id, all.len() as u64, JOURNAL_PAGE).await?;
            let is_last = page.len() < JOURNAL_PAGE;
            all.extend(page);
            if is_last {
                break;
            }
        }
        // One that was refused gave way to the next; most begin with the first entry, and nobody looks further.
        for at in (1..all.len()).rev() {
            let entry: JournalEntry =
                serde_json::from_slice(&all[at]).map_err(|error| unreadable(order_id, error))?;
            if matches!(entry.fact, Fact::Started { .. }) {
                return Ok(all.split_off(at));
            }
        }
        Ok(all)
    }

    /// The executions of orders, the latest first: as the store gives linked ones.
    async fn list(
        &self,
        home: &str,
        status: Option<Status>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        let (mut keys, mut last, mut seen, mut looked_at) = (Vec::new(), None, before, 0);
        let at_once = if status.is_some() { PAGE } else { PAGE.min(limit.saturating_add(1)) };
        loop {
            let page = self.orders.scan_back(seen, at_once).await?;
            let is_last = page.len() < at_once;
            for (cursor, order_id, entity) in page {
                seen = Some(cursor);
                looked_at += 1;
                let standing = stored::standing(&order_id, &entity);
                let standing = standing.map_err(|reason| unreadable(&order_id, reason))?;
                if standing.is_some_and(|it| status.is_none_or(|status| status == it.status)) {
                    if keys.len() == limit {
                        return Ok((keys, last));
                    }
                    keys.push(execution_key(home, &order_id));
                    last = Some(cursor);
                }
            }
            match is_last {
                true => return Ok((keys, None)),
                false if looked_at >= LOOKED_AT_MAX => return Ok((keys, seen)),
                false => {}
            }
        }
    }
}

fn is_definition(key: &str) -> bool {
    key.strip_prefix(DEFINITION_INDEX).is_some_and(|rest| rest.starts_with('/'))
}

fn unreadable(order_id: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    let reason = format!("the execution of the order {order_id} cannot be read");
    StoreError::Unusable { reason, source: Some(error.into()) }
}

/// The row that the execution of an order would have; `None` where there is no execution.
fn row(order_id: &str, entity: Entity, journal_entries: u64) -> Result<Option<Entity>, StoreError> {
    let stored = stored::execution(order_id, &entity).map_err(|error| unreadable(order_id, error))?;
    let Some(stored) = stored else { return Ok(None) };
    let row = Row::of(Stored::elsewhere(stored.execution, journal_entries));
    let state = serde_json::to_vec(&row).map_err(|error| unreadable(order_id, error))?;
    Ok(Some(Entity { state: state.into(), ..entity }))
}

#[async_trait]
impl Read for Shown {
    fn durability(&self) -> Durability {
        self.base.durability().min(self.orders.durability())
    }

    async fn get(&self, key: &str) -> Result<Option<Entity>, StoreError> {
        let Some(order_id) = self.order(key) else {
            let found = self.base.get(key).await?;
            return match found {
                // Orders' executions go on with the definitions that they began with, which only the conductor keeps.
                None if is_definition(key) => self.orders.get(key).await,
                found => Ok(found),
            };
        };
        let Some(entity) = self.orders.get(order_id).await? else { return Ok(None) };
        // Read behind the row, so that it leads at least to where the row says that it stands.
        let entries = self.journal_of(order_id).await?.len();
        row(order_id, entity, entries as u64)
    }

    async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        let order_ids: Option<Vec<&str>> = keys.iter().map(|key| self.order(key)).collect();
        let Some(order_ids) = order_ids else {
            if keys.iter().all(|key| self.order(key).is_none()) {
                return self.base.get_many(keys).await;
            }
            let mut entities = Vec::with_capacity(keys.len());
            for key in keys {
                entities.push(self.get(key).await?);
            }
            return Ok(entities);
        };
        // For a list, which does not ask how long journals are.
        let entities = self.orders.get_many(&order_ids).await?;
        let rows = order_ids.iter().zip(entities);
        rows.map(|(order_id, entity)| entity.map_or(Ok(None), |entity| row(order_id, entity, 0))).collect()
    }

    async fn linked(
        &self,
        index: &str,
        value: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        match sought(index, value) {
            Some(Sought { list, status }) if self.is_home(list) => {
                self.list(list, status, before, limit).await
            }
            _ => self.base.linked(index, value, before, limit).await,
        }
    }

    async fn scan(&self, after: u64, limit: usize) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.base.scan(after, limit).await
    }

    async fn scan_back(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.base.scan_back(before, limit).await
    }

    async fn journal(&self, key: &str, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        let Some(order_id) = self.order(key) else { return self.base.journal(key, from, limit).await };
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(self.journal_of(order_id).await?.into_iter().skip(from).take(limit).collect())
    }

    async fn journal_tail(&self, key: &str, count: usize) -> Result<Vec<Bytes>, StoreError> {
        let Some(order_id) = self.order(key) else { return self.base.journal_tail(key, count).await };
        let mut all = self.journal_of(order_id).await?;
        Ok(all.split_off(all.len().saturating_sub(count)))
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        self.base.stats().await
    }
}
