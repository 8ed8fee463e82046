//! A store whose commits fail, and at whose commits the process ends: before they are made, or after that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use asl::random::Random;
use async_trait::async_trait;
use store::{Commit, Entity, Millis, OutboxId, OutboxRow, Read, Store, StoreError};

/// So many commits are in peril: after them it must come to an end.
const PERILOUS_COMMITS: u64 = 120;
/// Keeps the numbers for perils apart from those for workflows.
const PERIL: u64 = 0x7065_7269_6c00;

/// A store in peril.
pub(crate) struct Perils {
    inner: Arc<dyn Store>,
    seed: u64,
    is_perilous: bool,
    commits: AtomicU64,
    has_crashed: AtomicBool,
}

enum Peril {
    None,
    FailsBefore,
    FailsAfter,
    CrashesBefore,
    CrashesAfter,
}

impl Perils {
    pub(crate) fn new(inner: Arc<dyn Store>, seed: u64, is_perilous: bool) -> Arc<Self> {
        let (commits, has_crashed) = (AtomicU64::new(0), AtomicBool::new(false));
        Arc::new(Self { inner, seed, is_perilous, commits, has_crashed })
    }

    /// Whether the process has come to its end.
    pub(crate) fn has_crashed(&self) -> bool {
        self.has_crashed.load(Ordering::SeqCst)
    }

    pub(crate) fn begin_life(&self) {
        self.has_crashed.store(false, Ordering::SeqCst);
    }

    fn next(&self) -> Peril {
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        if !self.is_perilous || number >= PERILOUS_COMMITS {
            return Peril::None;
        }
        match Random::new(self.seed ^ PERIL, number).next_u64() % 8 {
            0 => Peril::FailsBefore,
            1 => Peril::FailsAfter,
            2 => Peril::CrashesBefore,
            3 => Peril::CrashesAfter,
            _ => Peril::None,
        }
    }

    /// Nothing comes after this: whoever waits is dropped.
    async fn crash<T>(&self) -> T {
        self.has_crashed.store(true, Ordering::SeqCst);
        std::future::pending().await
    }
}

#[async_trait]
impl Store for Perils {
    fn reader(&self) -> &dyn Read {
        self.inner.reader()
    }

    async fn load(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        self.inner.load(keys).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError> {
        // Nothing of a process that has ended is committed.
        if self.has_crashed() {
            return self.crash().await;
        }
        let failed = || Err(StoreError::Unavailable { reason: "as planned".to_owned(), source: None });
        match self.next() {
            Peril::FailsBefore => failed(),
            Peril::CrashesBefore => self.crash().await,
            peril => {
                let committed = self.inner.commit(commit).await;
                match peril {
                    Peril::FailsAfter => failed(),
                    Peril::CrashesAfter => self.crash().await,
                    _ => committed,
                }
            }
        }
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
