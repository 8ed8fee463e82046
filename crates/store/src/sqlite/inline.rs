//! Work that blocks the calling thread.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs blocking work on the calling thread, telling a multi-threaded runtime about it.
pub(super) fn inline<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // Nothing else could run meanwhile anyway, or there is no runtime to tell.
        _ => work(),
    }
}
