//! The functions that are at work.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::stop::Stop;

/// How long functions that are ended are waited for: they are killed, so that it is more than enough.
const END_MAX: Duration = Duration::from_secs(5);

/// The functions that are at work: ends them all, from whichever thread.
#[derive(Clone, Default)]
pub struct Working {
    stop: Stop,
    count: Arc<Count>,
}

/// How many there are.
#[derive(Default)]
struct Count {
    count: Mutex<usize>,
    ended: Condvar,
}

/// One of them, as long as it is.
struct One<'c>(&'c Count);

impl<'c> One<'c> {
    fn begins(count: &'c Count) -> Self {
        *count.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Self(count)
    }
}

impl Drop for One<'_> {
    fn drop(&mut self) {
        *self.0.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.ended.notify_all();
    }
}

impl Working {
    /// Ends all, and waits until they have ended. What begins afterwards ends at once.
    pub fn end(&self) {
        self.stop.now();
        let count = self.count.count.lock().unwrap_or_else(PoisonError::into_inner);
        // What could not be ended in that time is left to itself.
        drop(self.count.ended.wait_timeout_while(count, END_MAX, |count| *count > 0));
    }

    /// What the work comes to; `None` if it is ended before, or told to stop. Either way it is dropped before this returns.
    pub(crate) async fn unless_ended<T>(&self, stop: &Stop, work: impl Future<Output = T>) -> Option<T> {
        let _one = One::begins(&self.count);
        let work = Box::pin(work);
        tokio::select! {
            biased;
            () = self.stop.told() => None,
            () = stop.told() => None,
            done = work => Some(done),
        }
    }
}
