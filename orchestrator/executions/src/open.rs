//! How many executions are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use store::{Read, StoreError};

use crate::metrics::{Moved, Opening};

/// How many executions have begun and not ended, of a whole store. Clones share the number.
///
/// Each has a timer, if only that of the longest time that an execution may take, and nothing else in its store has one: so the store knows
/// how many there are. It is [asked](Self::look) before the participant begins, and what that commits is counted from then on: for a store that
/// one process has, the number is exact. Where there are more, it is as of the last look for what others do.
#[derive(Clone, Debug, Default)]
pub struct OpenExecutions(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    /// The store has been asked.
    is_known: AtomicBool,
    /// What there was, less what this process had moved by then.
    base: AtomicI64,
    /// What this process has begun, less what it has ended.
    moved: AtomicI64,
    /// Those that are about to begin.
    promised: AtomicI64,
}

/// An execution that is about to begin, and is among the open ones while this is held.
#[derive(Debug)]
pub struct Promised(OpenExecutions);

impl Drop for Promised {
    fn drop(&mut self) {
        self.0.0.promised.fetch_sub(1, Ordering::SeqCst);
    }
}

impl OpenExecutions {
    /// Of a store that has so many.
    #[must_use]
    pub fn of(count: u64) -> Self {
        let base = AtomicI64::new(i64::try_from(count).unwrap_or(i64::MAX));
        Self(Arc::new(Numbers { is_known: true.into(), base, ..Numbers::default() }))
    }

    /// Asks the store how many there are.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn look(&self, store: &dyn Read) -> Result<(), StoreError> {
        let moved = self.0.moved.load(Ordering::SeqCst);
        let there = store.stats().await?.timers;
        self.0.base.store(i64::try_from(there).unwrap_or(i64::MAX) - moved, Ordering::SeqCst);
        self.0.is_known.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// How many there are, if the store has been asked.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        self.0.is_known.load(Ordering::SeqCst).then(|| self.known())
    }

    fn known(&self) -> u64 {
        let known = self.0.base.load(Ordering::SeqCst) + self.0.moved.load(Ordering::SeqCst);
        u64::try_from(known).unwrap_or(0)
    }

    /// Room for one more, to be held until it has begun; `None` if there are so many, with those that are about to begin.
    #[must_use]
    pub fn promise(&self, max: u64) -> Option<Promised> {
        let others = self.0.promised.fetch_add(1, Ordering::SeqCst);
        let promised = Promised(self.clone());
        let others = u64::try_from(others).unwrap_or(0);
        let is_full = self.count().is_some_and(|open| open.saturating_add(others) >= max);
        (!is_full).then_some(promised)
    }

    /// That is committed.
    pub(crate) fn note(&self, moved: Moved) {
        let change = match (moved.opening, moved.ended) {
            (Opening::Started | Opening::Redriven, None) => 1,
            (Opening::Before, Some(_)) => -1,
            _ => return,
        };
        self.0.moved.fetch_add(change, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use engine::Status;
    use store::memory::MemoryStore;

    use super::*;

    fn moved(opening: Opening, ended: Option<Status>) -> Moved {
        Moved { express: false, opening, transitions: 1, ended: ended.map(|status| (status, 1)) }
    }

    #[tokio::test]
    async fn what_is_open_and_about_to_begin_leaves_so_much_room() {
        let open = OpenExecutions::default();
        assert_eq!(
            (open.count(), open.promise(0).is_some()),
            (None, true),
            "nobody knows how many there are"
        );
        open.look(&MemoryStore::new()).await.unwrap();
        let first = open.promise(2).unwrap();
        let _second = open.promise(2).unwrap();
        assert!(open.promise(2).is_none());
        open.note(moved(Opening::Started, None));
        drop(first);
        assert!(open.promise(2).is_none(), "it has begun");
        open.note(moved(Opening::Before, None));
        open.note(moved(Opening::Started, Some(Status::Succeeded)));
        assert_eq!(open.count(), Some(1));
        open.note(moved(Opening::Before, Some(Status::Failed)));
        open.note(moved(Opening::Redriven, None));
        assert_eq!(open.count(), Some(1));
        open.note(moved(Opening::Before, Some(Status::Failed)));
        open.note(moved(Opening::Redriven, Some(Status::Failed)));
        assert_eq!((open.count(), open.promise(2).is_some()), (Some(0), true));
    }
}
