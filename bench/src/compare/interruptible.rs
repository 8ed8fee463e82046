//! Long work that must end at the first Ctrl-C.

use std::panic::resume_unwind;

use daemon::Shutdown;

use super::error::CompareError;

/// Does work that never awaits on a thread of its own, so that an interrupt is noticed meanwhile. What an interrupt
/// leaves behind, in the middle of a read that never returns perhaps, ends with the process: the runtime must not be
/// waited for.
///
/// # Errors
/// [`CompareError::Interrupted`].
pub(super) async fn interruptible<T: Send + 'static>(
    interrupt: &Shutdown,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CompareError> {
    tokio::select! {
        biased;
        () = interrupt.clone().requested() => Err(CompareError::Interrupted),
        done = tokio::task::spawn_blocking(work) => done.map_err(|failed| match failed.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_cancelled) => CompareError::Interrupted,
        }),
    }
}
