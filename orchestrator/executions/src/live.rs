//! The executions that are too great for their rows, held in memory from one fact to the next.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use participant::Generations;

use crate::digest::Digest;
use crate::running::Running;

/// So many executions are held, twice.
const COUNT_MAX: usize = 4096;
/// Of so many bytes together, as they would be written, twice; in memory they take some three times that.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Executions by key, each known by what its journal is.
#[derive(Debug)]
pub(crate) struct Live(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    held: Generations<(Digest, Running)>,
    /// What was read for the batch at hand, or why it could not be.
    prepared: HashMap<String, (Digest, Result<Running, String>)>,
    /// The batch may be decided more than once: what was read for it is given each time.
    is_repeated: bool,
}

impl Live {
    pub(crate) fn new() -> Self {
        let held = Generations::new(COUNT_MAX, BYTES_MAX);
        Self(Mutex::new(Inner { held, prepared: HashMap::new(), is_repeated: false }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Whatever panicked, what is held is found by what its journal is, or not at all.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another batch is prepared.
    pub(crate) fn begin(&self, is_repeated: bool) {
        let mut inner = self.lock();
        inner.prepared.clear();
        inner.is_repeated = is_repeated;
    }

    /// Whether it is held, as that journal tells it.
    pub(crate) fn holds(&self, key: &str, chain: Digest) -> bool {
        self.lock().held.get(key).is_some_and(|(held, _)| *held == chain)
    }

    /// It was read for the batch at hand.
    pub(crate) fn prepare(&self, key: &str, chain: Digest, read: Result<Running, String>) {
        self.lock().prepared.insert(key.to_owned(), (chain, read));
    }

    /// Takes the execution as that journal tells it.
    ///
    /// # Errors
    /// It is not here, with the reason if it could not be read.
    pub(crate) fn take(&self, key: &str, chain: Digest) -> Result<Running, Option<String>> {
        let mut inner = self.lock();
        if inner.prepared.get(key).is_some_and(|(prepared, _)| *prepared == chain) {
            let read = match inner.is_repeated {
                true => inner.prepared.get(key).cloned(),
                false => inner.prepared.remove(key),
            };
            return read.ok_or(None)?.1.map_err(Some);
        }
        // What was held of another journal is of no use.
        let held = inner.held.take(key);
        held.filter(|(held, _)| *held == chain).map(|(_, running)| running).ok_or(None)
    }

    pub(crate) fn put(&self, key: &str, chain: Digest, running: Running, bytes: u64) {
        self.lock().held.put(key.to_owned(), (chain, running), bytes);
    }
}
