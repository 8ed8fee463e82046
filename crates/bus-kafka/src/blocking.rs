//! Questions to librdkafka that block, asked without blocking.

use std::time::Duration;

use bus::BusError;

/// How much longer than it was told to take what blocks is waited for.
pub(crate) const BLOCKING_MARGIN: Duration = Duration::from_millis(200);

/// Runs what blocks on a thread for that purpose; gives up waiting for it after `patience` and a little.
pub(crate) async fn blocking<T: Send + 'static>(
    patience: Duration,
    run: impl FnOnce() -> Result<T, BusError> + Send + 'static,
) -> Result<T, BusError> {
    let running = tokio::task::spawn_blocking(run);
    match tokio::time::timeout(patience + BLOCKING_MARGIN, running).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(BusError::Closed),
        Err(_) => Err(BusError::Unavailable("no answer in time".to_owned())),
    }
}
