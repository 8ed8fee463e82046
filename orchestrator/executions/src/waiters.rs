//! Who waits in this process for executions to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::Ending;
use tokio::sync::oneshot;

/// Who waits in this process for executions to end. Clones share them.
///
/// Whoever wants to hear of an end waits for it before the start is asked for, so that none is missed. After a crash, and of executions
/// that another instance drives, nobody hears: a wait is to be bounded, and what became of the execution stands in the store.
#[derive(Clone, Debug, Default)]
pub struct Waiters(Arc<Mutex<Inner>>);

type Inner = HashMap<String, Vec<(u64, oneshot::Sender<Ending>)>>;

/// Waits for an execution to end; dropped, it does not any more.
#[derive(Debug)]
pub struct Waiter {
    waiters: Waiters,
    key: String,
    number: u64,
    ended: oneshot::Receiver<Ending>,
}

impl Waiters {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Whoever panicked has put one in, or taken some out, whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of the execution under that key.
    #[must_use]
    pub fn wait(&self, key: impl Into<String>) -> Waiter {
        let (key, (sender, ended)) = (key.into(), oneshot::channel());
        let mut inner = self.lock();
        let of_key = inner.entry(key.clone()).or_default();
        let number = of_key.last().map_or(0, |(last, _)| last + 1);
        of_key.push((number, sender));
        Waiter { waiters: self.clone(), key, number, ended }
    }

    /// Whether somebody waits for it.
    pub(crate) fn is_awaited(&self, key: &str) -> bool {
        self.lock().contains_key(key)
    }

    /// It has ended.
    pub(crate) fn ended(&self, key: &str, ending: &Ending) {
        let of_key = self.lock().remove(key).unwrap_or_default();
        // Who does not wait any more does not hear.
        of_key.into_iter().for_each(|(_, waiter)| drop(waiter.send(ending.clone())));
    }
}

impl Waiter {
    /// How it has ended, once that is committed; `None` if nobody will tell (any more). Cancel-safe.
    pub async fn ended(&mut self) -> Option<Ending> {
        (&mut self.ended).await.ok()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut inner = self.waiters.lock();
        if let Some(of_key) = inner.get_mut(&self.key) {
            of_key.retain(|(number, _)| *number != self.number);
            if of_key.is_empty() {
                inner.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::Status;

    use super::*;

    #[tokio::test]
    async fn all_who_wait_hear_and_who_has_gone_leaves_nothing() {
        let waiters = Waiters::default();
        let ending = Ending {
            status: Status::Succeeded,
            at_ms: 1,
            output: None,
            error: None,
            cause: None,
            unfinished: None,
        };
        let (mut one, gone, mut two) = (waiters.wait("a"), waiters.wait("a"), waiters.wait("a"));
        drop(gone);
        assert!(waiters.is_awaited("a") && !waiters.is_awaited("b"));
        waiters.ended("a", &ending);
        assert_eq!((one.ended().await, two.ended().await), (Some(ending.clone()), Some(ending)));
        assert!(!waiters.is_awaited("a"));
        drop(waiters.wait("b"));
        assert!(!waiters.is_awaited("b"));
    }
}
