//! What every property needs: stores to open, commits to make, and what to say of them.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Commit, EntityWrite, OutboxRow, Store, StoreError};

/// Opens stores for the suite.
#[async_trait]
pub trait Stores: Send + Sync {
    /// Opens the store of that name, empty when it has not been opened before. Opened again after its last handle
    /// was dropped, it holds what was committed. Names consist of `a-z` and `_`. Panics when it cannot.
    async fn open(&self, name: &str) -> Arc<dyn Store>;
}

/// A write of `key` decided upon `expected`, with a state that tells the writes apart.
pub(super) fn write(key: &str, expected: u64) -> EntityWrite {
    EntityWrite {
        key: key.to_owned(),
        expected,
        state: Bytes::from(format!("state {} of {key}", expected + 1)),
        meta: Bytes::from(format!("meta {} of {key}", expected + 1)),
        ..EntityWrite::default()
    }
}

/// A commit of these writes alone.
pub(super) fn entities(entities: impl IntoIterator<Item = EntityWrite>) -> Commit {
    Commit { entities: entities.into_iter().collect(), ..Commit::default() }
}

/// A commit that adds these outbox rows and forgets those.
pub(super) fn outbox(add: &[&str], forget: &[u64]) -> Commit {
    Commit {
        outbox_add: add.iter().map(|blob| bytes(blob)).collect(),
        outbox_forget: forget.to_vec(),
        ..Commit::default()
    }
}

pub(super) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

pub(super) async fn commit(store: &Arc<dyn Store>, commit: Commit) -> Vec<u64> {
    store.commit(&commit).await.expect("the commit is accepted")
}

/// The whole outbox, as text.
pub(super) async fn outbox_rows(store: &Arc<dyn Store>) -> Vec<(u64, String)> {
    let rows = store.outbox(0, 1000).await.expect("the outbox can be read");
    rows.into_iter().map(|OutboxRow { id, blob }| (id, String::from_utf8_lossy(&blob).into_owned())).collect()
}

pub(super) fn assert_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>, key: &str, expected: u64) {
    match result {
        Err(StoreError::Conflict { key: k, expected: e }) if k == key && e == expected => {}
        other => panic!("a conflict about {key} at version {expected} was due, not {other:?}"),
    }
}
