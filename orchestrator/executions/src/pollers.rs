//! Who asks in this process for the tasks of activities, and which tasks are on their way to somebody.
//!
//! Of a queue, one poller at a time looks for tasks: the one that has come first. The others stand in line behind it, and it looks again
//! when a task is put into the queue, and every so often, because another instance may have put one in. A task that it has found is kept
//! from all others in this process until it is done with, or given back. Nothing of this is stored, so a task is lost with no crash: whether it
//! was handed out already, its execution knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedMutexGuard};

/// Most pollers of one queue in one process; the quota of AWS.
pub const POLLERS_MAX: usize = 1_000;

/// Who asks in this process for the tasks of activities. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Pollers(Arc<Mutex<Desks>>);

/// By the key of the queue.
type Desks = BTreeMap<String, Arc<Desk>>;

/// What there is to a queue in this process, as long as somebody asks for its tasks.
#[derive(Debug, Default)]
struct Desk {
    line: Arc<tokio::sync::Mutex<()>>,
    put_in: Notify,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    pollers: usize,
    /// The numbers of the tasks that are on their way to somebody.
    lent: BTreeSet<u64>,
}

/// A poller, from when it comes until it goes.
#[derive(Debug)]
pub struct Poller {
    pollers: Pollers,
    key: String,
    desk: Arc<Desk>,
}

/// The first place of the line.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "the place is held as long as this is")] OwnedMutexGuard<()>);

/// A task that is kept from all others in this process. Dropped, it is there for them again, unless it is done with.
#[derive(Debug)]
pub struct Lent {
    desk: Arc<Desk>,
    number: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked has put one in, or taken one out, whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pollers {
    /// Comes to ask for tasks of the queue under that key; `None` if [`POLLERS_MAX`] do already.
    #[must_use]
    pub fn come(&self, key: impl Into<String>) -> Option<Poller> {
        let key = key.into();
        let mut desks = lock(&self.0);
        let desk = Arc::clone(desks.entry(key.clone()).or_default());
        let mut inner = lock(&desk.inner);
        if inner.pollers >= POLLERS_MAX {
            return None;
        }
        inner.pollers += 1;
        drop(inner);
        // Until it counts, the last of the others could take the desk away as it goes.
        drop(desks);
        Some(Poller { pollers: self.clone(), key, desk })
    }

    /// A task was put into the queue under that key.
    pub(crate) fn put_in(&self, key: &str) {
        let desk = lock(&self.0).get(key).map(Arc::clone);
        if let Some(desk) = desk {
            desk.put_in.notify_one();
        }
    }
}

impl Poller {
    /// Waits until it is the first in line. Cancel-safe, but for the place in the line.
    pub async fn turn(&self) -> Turn {
        Turn(Arc::clone(&self.desk.line).lock_owned().await)
    }

    /// Waits until a task has been put in or was given back since this was awaited last, by whoever had the turn. Cancel-safe.
    pub async fn put_in(&self) {
        self.desk.put_in.notified().await;
    }

    /// The first of these tasks that is not on its way to somebody, from now on to this one.
    #[must_use]
    pub fn borrow(&self, mut numbers: impl Iterator<Item = u64>) -> Option<Lent> {
        let mut inner = lock(&self.desk.inner);
        let number = numbers.find(|number| !inner.lent.contains(number))?;
        inner.lent.insert(number);
        Some(Lent { desk: Arc::clone(&self.desk), number })
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        let mut desks = lock(&self.pollers.0);
        let mut inner = lock(&self.desk.inner);
        inner.pollers -= 1;
        let is_over = inner.pollers == 0;
        drop(inner);
        // Whoever has come since would have found this one.
        if is_over && desks.get(&self.key).is_some_and(|desk| Arc::ptr_eq(desk, &self.desk)) {
            desks.remove(&self.key);
        }
    }
}

impl Lent {
    /// Its number in the queue.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        lock(&self.desk.inner).lent.remove(&self.number);
        // It may have been given back, and the first in line may have passed it over.
        self.desk.put_in.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn pollers_are_served_in_the_order_in_which_they_came() {
        let pollers = Pollers::default();
        let [first, second, third] = [(); 3].map(|()| pollers.come("q").unwrap());
        let turn = first.turn().now_or_never().unwrap();
        let (mut of_second, mut of_third) = (Box::pin(second.turn()), Box::pin(third.turn()));
        assert!(of_second.as_mut().now_or_never().is_none());
        assert!(of_third.as_mut().now_or_never().is_none());
        drop(turn);
        assert!(of_third.as_mut().now_or_never().is_none());
        drop(of_second.now_or_never().unwrap());
        assert!(of_third.now_or_never().is_some());
    }

    #[test]
    fn a_task_is_lent_to_one_and_may_be_given_back() {
        let pollers = Pollers::default();
        let (one, other) = (pollers.come("q").unwrap(), pollers.come("q").unwrap());
        let lent = one.borrow([3, 4].into_iter()).unwrap();
        assert_eq!((lent.number(), other.borrow([3, 4].into_iter()).unwrap().number()), (3, 4));
        assert!(other.borrow([3].into_iter()).is_none());
        drop(lent);
        assert_eq!(other.borrow([3].into_iter()).unwrap().number(), 3);
        // Another queue has tasks of its own.
        assert!(pollers.come("r").unwrap().borrow([3].into_iter()).is_some());
    }

    #[test]
    fn who_waits_hears_of_what_is_put_in_even_if_it_comes_to_wait_later() {
        let pollers = Pollers::default();
        let poller = pollers.come("q").unwrap();
        assert!(poller.put_in().now_or_never().is_none());
        pollers.put_in("r");
        assert!(poller.put_in().now_or_never().is_none());
        pollers.put_in("q");
        assert!(poller.put_in().now_or_never().is_some());
        drop(poller.borrow([1].into_iter()));
        assert!(poller.put_in().now_or_never().is_some());
    }

    #[test]
    fn there_are_so_many_at_most_and_nothing_stays_of_those_that_have_gone() {
        let pollers = Pollers::default();
        let mut all: Vec<Poller> = (0..POLLERS_MAX).map(|_| pollers.come("q").unwrap()).collect();
        assert!(pollers.come("q").is_none());
        assert!(pollers.come("r").is_some());
        all.pop();
        all.push(pollers.come("q").unwrap());
        drop(all);
        assert!(lock(&pollers.0).is_empty());
    }
}
