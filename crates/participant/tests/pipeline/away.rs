//! A store that is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use participant::{AskError, Millis};
use store::memory::MemoryStore;
use store::{Commit, Entity, OutboxId, OutboxRow, Read, Store, StoreError};
use tokio::time::Instant;

use crate::world::World;

/// Commits and says that it failed, for as long as it is away.
struct Flaky {
    store: MemoryStore,
    is_away: AtomicBool,
}

#[async_trait]
impl Store for Flaky {
    fn reader(&self) -> &dyn Read {
        self.store.reader()
    }

    async fn load(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        self.store.load(keys).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError> {
        let ids = self.store.commit(commit).await?;
        if self.is_away.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable { reason: "the plug was pulled".into(), source: None });
        }
        Ok(ids)
    }

    async fn sweep(&self) -> Result<bool, StoreError> {
        self.store.sweep().await
    }

    async fn due(&self, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
        self.store.due(now, limit).await
    }

    async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        self.store.next_due().await
    }

    async fn outbox(&self, after: OutboxId, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.store.outbox(after, limit).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_told_at_once_and_what_it_did_all_the_same_is_published() {
    let world = World::new().await;
    let store = Arc::new(Flaky { store: world.store.clone(), is_away: AtomicBool::new(true) });
    let running = world.start_on(Arc::clone(&store) as _);
    let begin = Instant::now();
    world.send("m1", "other", "a message waits for the store").await;
    let (answer, ()) = tokio::join!(running.ask("k", "text"), async {
        while world.texts("k").await.is_empty() {
            tokio::task::yield_now().await;
        }
    });
    assert!(matches!(&answer, Err(AskError::Failed(reason)) if reason.contains("the plug")), "{answer:?}");
    let answer = running.ask("k", "text").await;
    assert!(matches!(&answer, Err(AskError::NotReady(reason)) if reason.contains("the plug")), "{answer:?}");
    assert!(begin.elapsed() < Duration::from_secs(1), "nobody waits for it: {:?}", begin.elapsed());

    store.is_away.store(false, Ordering::Relaxed);
    let mut heard = [world.heard().await.1, world.heard().await.1];
    heard.sort();
    assert_eq!(heard, ["a message waits for the store", "text"]);
    assert_eq!(running.ask("k", "ask again").await.unwrap(), ["text"]);
    running.stop().await;
    assert!(world.is_at_rest().await);
}
