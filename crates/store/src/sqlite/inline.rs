//! Work that blocks the calling thread.

use std::num::NonZero;
use std::thread::available_parallelism;

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs blocking work on the calling thread, telling a multi-threaded runtime about it.
pub(super) fn inline<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // Nothing else could run meanwhile anyway, or there is no runtime to tell.
        _ => work(),
    }
}

/// How many threads of a runtime as large as this machine may be occupied, so that one is left.
pub(super) fn spared_workers() -> usize {
    available_parallelism().map_or(1, NonZero::get).saturating_sub(1).max(1)
}

/// Whether the runtime has more threads than the calling one, or there are no tasks to hold up.
pub(super) fn has_another_worker() -> bool {
    match Handle::try_current() {
        Ok(runtime) if runtime.runtime_flavor() == RuntimeFlavor::MultiThread => {
            runtime.metrics().num_workers() > 1
        }
        _ => true,
    }
}
