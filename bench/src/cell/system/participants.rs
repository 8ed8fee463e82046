//! The participants of a cell, however they run, and what they have done and used.

use std::ops::{Add, AddAssign, Sub};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemon::StoreAddress;
use store::Read;

use crate::cell::error::CellError;
use crate::cell::protocol::Spec;
use crate::report::ProcessRole;

/// What the participants have done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cell) struct Work {
    /// Messages published and confirmed.
    pub(in crate::cell) published: u64,
    /// Their size as carried, in bytes; `None` where nobody counts it.
    pub(in crate::cell) published_bytes: Option<u64>,
    /// Messages that they were delivered.
    pub(in crate::cell) deliveries: u64,
    /// Transactions that their stores committed.
    pub(in crate::cell) commits: u64,
    /// Commits, publishes and settlements that failed and were tried again.
    pub(in crate::cell) retries: u64,
}

impl Work {
    /// Nothing yet, bytes included.
    pub(in crate::cell) const NONE: Self =
        Self { published: 0, published_bytes: Some(0), deliveries: 0, commits: 0, retries: 0 };
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            published: self.published + other.published,
            published_bytes: self.published_bytes.zip(other.published_bytes).map(|(a, b)| a + b),
            deliveries: self.deliveries + other.deliveries,
            commits: self.commits + other.commits,
            retries: self.retries + other.retries,
        }
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Work {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            published: self.published.saturating_sub(other.published),
            published_bytes: self
                .published_bytes
                .zip(other.published_bytes)
                .map(|(now, before)| now.saturating_sub(before)),
            deliveries: self.deliveries.saturating_sub(other.deliveries),
            commits: self.commits.saturating_sub(other.commits),
            retries: self.retries.saturating_sub(other.retries),
        }
    }
}

/// The three services and the orchestrator, however they run.
#[async_trait(?Send)]
pub(in crate::cell) trait Participants: Send {
    /// What they have done since they were started.
    async fn work(&self) -> Result<Work, CellError>;

    /// Finds one that has ended although nobody asked it to.
    fn check(&mut self) -> Result<(), CellError>;

    /// Asks each to finish its batch and end, and waits for it.
    async fn stop(&mut self) -> Result<(), CellError>;

    /// What their processes have used; none where they have none of their own.
    fn used(&self) -> Vec<ProcessUse> {
        Vec::new()
    }
}

/// What a process has used since it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cell) struct ProcessUse {
    /// What it is called.
    pub(in crate::cell) name: &'static str,
    /// What it is.
    pub(in crate::cell) role: ProcessRole,
    /// CPU time, user and system.
    pub(in crate::cell) cpu: Duration,
    /// The most memory that it had resident.
    pub(in crate::cell) peak_rss_bytes: u64,
}

impl ProcessUse {
    /// CPU time since these were asked; all of it for a process that was not there yet.
    pub(in crate::cell) fn cpu_since(&self, before: &[Self]) -> Duration {
        let before = before.iter().find(|before| before.name == self.name);
        self.cpu.saturating_sub(before.map_or(Duration::ZERO, |before| before.cpu))
    }
}

/// Every participant's store, for reading.
pub(in crate::cell) type Stores = Vec<(&'static str, Arc<dyn Read>)>;

/// Where a participant's store is.
pub(in crate::cell) fn store_address(spec: &Spec, participant: &str) -> Result<StoreAddress, CellError> {
    spec.store.address(&spec.dir, participant).map_err(CellError::Config)
}
