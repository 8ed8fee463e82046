//! A store whose loads and commits fail, also after the fact, and between whose steps the participant may crash.

use std::sync::Arc;

use async_trait::async_trait;
use store::{Commit, Entity, Millis, OutboxId, OutboxRow, Read, Store, StoreError};

use crate::chaos::Spot;

pub(crate) struct FaultyStore {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) spot: Spot,
}

fn unavailable() -> StoreError {
    StoreError::Unavailable { reason: "simulated outage".to_owned(), source: None }
}

#[async_trait]
impl Store for FaultyStore {
    fn reader(&self) -> &dyn Read {
        self.inner.reader()
    }

    async fn load(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        self.spot.may_crash("before", "load").await;
        if self.spot.chaos.strikes(|faults| faults.store_fails) {
            self.spot.note(format_args!("load fails"));
            return Err(unavailable());
        }
        let loaded = self.inner.load(keys).await;
        self.spot.may_crash("after", "load").await;
        loaded
    }

    async fn commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError> {
        self.spot.may_crash("before", "commit").await;
        if self.spot.chaos.strikes(|faults| faults.store_fails) {
            self.spot.note(format_args!("commit fails"));
            return Err(unavailable());
        }
        let ids = self.inner.commit(commit).await?;
        self.spot.chaos.note(|| {
            let keys: Vec<_> = commit.entities.iter().map(|write| write.key.as_str()).collect();
            format!("{:<14} commits {} (outbox {ids:?})", self.spot.participant, keys.join(" "))
        });
        self.spot.may_crash("after", "commit").await;
        if self.spot.chaos.strikes(|faults| faults.commit_in_doubt) {
            self.spot.note(format_args!("commit is reported as failed"));
            return Err(unavailable());
        }
        Ok(ids)
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        self.inner.sweep().await
    }

    async fn due(&self, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
        self.spot.may_crash("before", "looking for due timers").await;
        self.inner.due(now, limit).await
    }

    async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        self.inner.next_due().await
    }

    async fn outbox(&self, after: OutboxId, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.spot.may_crash("before", "reading the outbox").await;
        if self.spot.chaos.strikes(|faults| faults.store_fails) {
            self.spot.note(format_args!("reading the outbox fails"));
            return Err(unavailable());
        }
        self.inner.outbox(after, limit).await
    }
}
