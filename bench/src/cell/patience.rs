//! How long a bus is waited for.

use std::time::Duration;

use bus::BusError;
use tokio::time::timeout;

/// How long a bus may take for an answer, before it counts as gone.
pub(super) const BUS_PATIENCE: Duration = Duration::from_secs(10);

/// Waits for the bus, at most `patience`.
pub(crate) async fn answered<T>(
    patience: Duration,
    asking: impl Future<Output = Result<T, BusError>>,
) -> Result<T, BusError> {
    let gone = || BusError::Unavailable(format!("no answer for {} s", patience.as_secs().max(1)));
    timeout(patience, asking).await.unwrap_or_else(|_| Err(gone()))
}
