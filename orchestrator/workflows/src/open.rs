//! How many executions are open.

use std::sync::Arc;
use std::time::Duration;

use prometheus::{IntGauge, Registry};
use store::Store;
use telemetry::registered;
use tokio::time::MissedTickBehavior;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Keeps the gauge of executions that are open for as long as the runtime lives. It is the store that tells: so those of before a
/// restart are among them, and those of other instances on the same store. Each has a timer, if only that of the longest time that an
/// execution may take, and nothing else in this store has one.
///
/// # Errors
/// The registry has a metric of this name already.
pub(crate) fn watch(store: Arc<dyn Store>, registry: &Registry) -> prometheus::Result<()> {
    let help = "Executions that have begun and not ended, of the whole store; looked at every 5 s.";
    let gauge = registered(registry, IntGauge::new("duet_workflow_open_executions", help))?;
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // While the store is away the last number stands: /readyz says that it is.
            if let Ok(stats) = store.stats().await {
                gauge.set(i64::try_from(stats.timers).unwrap_or(i64::MAX));
            }
        }
    });
    Ok(())
}
