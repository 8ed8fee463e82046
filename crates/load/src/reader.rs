//! A service's store, read as soon as it can be: whatever stands against it (no file yet, a password that is refused, a database that
//! is not there), it is tried again, with pauses that grow up to a limit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bus::Backoff;
use bytes::Bytes;
use daemon::{StoreAddress, connect};
use store::{Durability, Entity, Read, Stats, StoreError};
use tokio::time::Instant;

/// Between two attempts.
const PAUSE_BASE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// Reads a store that may not be there yet. While it is not, every call fails with [`StoreError::Unavailable`] and the reason, also
/// where the store itself says that it can never be used: somebody may mend that.
pub struct PatientReader {
    address: StoreAddress,
    state: Mutex<State>,
}

struct State {
    reader: Option<Arc<dyn Read>>,
    backoff: Backoff,
    /// Why the last attempt failed, and when the next is due.
    failed: Option<(String, Instant)>,
}

impl PatientReader {
    /// Of the store at that address. Nothing is opened before it is needed.
    #[must_use]
    pub fn new(address: StoreAddress) -> Self {
        Self::with_pauses(address, PAUSE_BASE, PAUSE_MAX)
    }

    fn with_pauses(address: StoreAddress, base: Duration, max: Duration) -> Self {
        let backoff = Backoff::new(base, max, u64::from(std::process::id()));
        Self { address, state: Mutex::new(State { reader: None, backoff, failed: None }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is whole after any panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> Result<Arc<dyn Read>, StoreError> {
        let mut state = self.lock();
        if let Some(reader) = &state.reader {
            return Ok(Arc::clone(reader));
        }
        if let Some((why, again)) = &state.failed
            && Instant::now() < *again
        {
            return Err(unavailable(why));
        }
        match connect::reader(&self.address) {
            Ok(reader) => Ok(Arc::clone(state.reader.insert(reader))),
            Err(error) => Err(state.failed(telemetry::chain(&error))),
        }
    }

    /// Takes note of how a question went.
    fn heed<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        let mut state = self.lock();
        match answer {
            Ok(answer) => {
                state.backoff.reset();
                state.failed = None;
                Ok(answer)
            }
            // Whoever holds the connection has given up.
            Err(error @ StoreError::Unusable { .. }) => Err(state.failed(telemetry::chain(&error))),
            Err(error) => Err(error),
        }
    }
}

impl State {
    fn failed(&mut self, why: String) -> StoreError {
        self.reader = None;
        let error = unavailable(&why);
        self.failed = Some((why, Instant::now() + self.backoff.next_delay()));
        error
    }
}

fn unavailable(why: &str) -> StoreError {
    StoreError::Unavailable { reason: format!("{why}; it is tried again"), source: None }
}

#[async_trait]
impl Read for PatientReader {
    fn durability(&self) -> Durability {
        self.lock().reader.as_ref().map_or(Durability::Process, |reader| reader.durability())
    }

    async fn get(&self, key: &str) -> Result<Option<Entity>, StoreError> {
        let reader = self.reader()?;
        self.heed(reader.get(key).await)
    }

    async fn linked(
        &self,
        index: &str,
        value: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        let reader = self.reader()?;
        self.heed(reader.linked(index, value, before, limit).await)
    }

    async fn scan(&self, after: u64, limit: usize) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        let reader = self.reader()?;
        self.heed(reader.scan(after, limit).await)
    }

    async fn scan_back(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        let reader = self.reader()?;
        self.heed(reader.scan_back(before, limit).await)
    }

    async fn journal(&self, key: &str, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        let reader = self.reader()?;
        self.heed(reader.journal(key, from, limit).await)
    }

    async fn journal_tail(&self, key: &str, count: usize) -> Result<Vec<Bytes>, StoreError> {
        let reader = self.reader()?;
        self.heed(reader.journal_tail(key, count).await)
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let reader = self.reader()?;
        self.heed(reader.stats().await)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use store::{Commit, EntityWrite};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    async fn write(path: &Path) {
        let store = connect::store(&StoreAddress::sqlite(path)).unwrap();
        let write = EntityWrite { key: "o-1".into(), state: "{}".into(), ..EntityWrite::default() };
        store.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    }

    fn reason<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
        let error = answer.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        error.to_string()
    }

    #[tokio::test]
    async fn a_store_that_is_not_there_yet_is_read_once_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("order-status.db");
        let reader = PatientReader::with_pauses(StoreAddress::sqlite(&path), Duration::ZERO, Duration::ZERO);
        for _ in 0..2 {
            let why = reason(reader.get("o-1").await);
            assert!(why.contains("order-status.db does not exist") && why.ends_with("tried again"), "{why}");
        }
        write(&path).await;
        assert!(reader.get("o-1").await.unwrap().is_some());
        assert_eq!(reader.stats().await.unwrap().entities, 1);
    }

    #[tokio::test]
    async fn between_two_attempts_there_is_a_pause() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("order-status.db");
        let reader = PatientReader::with_pauses(StoreAddress::sqlite(&path), HOUR, HOUR);
        let why = reason(reader.scan(0, 1).await);
        write(&path).await;
        assert_eq!(reason(reader.scan(0, 1).await), why, "not tried yet");
    }

    #[tokio::test]
    async fn a_password_that_is_refused_may_be_put_right() {
        let Some(url) = testbed::POSTGRES.for_test() else { return };
        let refused = url.replacen("postgres://", "", 1);
        let (_, place) = refused.rsplit_once('@').unwrap();
        let address = StoreAddress::parse(&format!("postgres://nobody_of_that_name:wrong@{place}")).unwrap();
        let address = address.for_service("order-status");
        let reader = PatientReader::with_pauses(address, Duration::ZERO, Duration::ZERO);
        for _ in 0..3 {
            // Each time by the server itself.
            let why = reason(reader.get("o-1").await);
            assert!(why.contains("refuses user nobody_of_that_name"), "{why}");
            assert!(reader.lock().reader.is_none(), "the next attempt has a connection of its own");
        }
    }
}
