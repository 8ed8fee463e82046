//! Work that blocks the calling thread.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs blocking work on the calling thread, telling a multi-threaded runtime about it.
pub(super) fn inline<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // Nothing else could run meanwhile anyway, or there is no runtime to tell.
        _ => work(),
    }
}

/// Threads of the process's runtimes that are occupied without being told, of all stores together.
static OCCUPIED: AtomicUsize = AtomicUsize::new(0);

/// A thread that may be occupied without telling its runtime, since another one is left to the tasks. Until it is dropped.
pub(super) struct Spared {
    is_counted: bool,
}

impl Spared {
    /// The calling thread, if one is left.
    pub(super) fn thread() -> Option<Self> {
        let workers = match Handle::try_current() {
            Ok(runtime) if runtime.runtime_flavor() == RuntimeFlavor::MultiThread => {
                runtime.metrics().num_workers()
            }
            // Nothing else could run meanwhile anyway, or there is no runtime.
            _ => return Some(Self { is_counted: false }),
        };
        let one_more = |occupied| (occupied + 1 < workers).then_some(occupied + 1);
        let counted = OCCUPIED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        // Made only where it was counted: dropping one counts down.
        counted.ok().map(|_| Self { is_counted: true })
    }
}

impl Drop for Spared {
    fn drop(&mut self) {
        if self.is_counted {
            OCCUPIED.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
