//! Stores that count, and that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use store::{Commit, Entity, Millis, OutboxId, OutboxRow, Read, Store, StoreError};

/// Counts what is written, and fails some commits: half of them before they are made, half of them after that.
pub(crate) struct Watched {
    inner: Arc<dyn Store>,
    pub(crate) commits: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// Every so many commits one fails; 0: none.
    fail_every: u64,
}

impl Watched {
    pub(crate) fn new(inner: Arc<dyn Store>, fail_every: u64) -> Arc<Self> {
        Arc::new(Self { inner, commits: AtomicU64::new(0), bytes: AtomicU64::new(0), fail_every })
    }

    pub(crate) fn written(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

fn bytes_of(commit: &Commit) -> usize {
    let entities = commit.entities.iter().map(|write| {
        let journal = write.journal.iter().map(Bytes::len).sum::<usize>();
        let links = write.links.iter().map(|link| link.value.len()).sum::<usize>();
        write.state.len() + write.meta.len() + journal + links
    });
    entities.sum::<usize>() + commit.outbox_add.iter().map(Bytes::len).sum::<usize>()
}

#[async_trait]
impl Store for Watched {
    fn reader(&self) -> &dyn Read {
        self.inner.reader()
    }

    async fn load(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        self.inner.load(keys).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError> {
        let failed = || Err(StoreError::Unavailable { reason: "as planned".to_owned(), source: None });
        let number = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
        let fails = self.fail_every > 0 && number.is_multiple_of(self.fail_every);
        if fails && (number / self.fail_every).is_multiple_of(2) {
            return failed();
        }
        let committed = self.inner.commit(commit).await;
        self.bytes.fetch_add(bytes_of(commit) as u64, Ordering::Relaxed);
        if fails { failed() } else { committed }
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        self.inner.sweep().await
    }

    async fn due(&self, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
        self.inner.due(now, limit).await
    }

    async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        self.inner.next_due().await
    }

    async fn outbox(&self, after: OutboxId, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.inner.outbox(after, limit).await
    }
}
