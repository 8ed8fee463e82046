//! How many executions are open.

use std::sync::Arc;
use std::time::Duration;

use executions::OpenExecutions;
use prometheus::{IntGauge, Registry};
use store::Store;
use telemetry::registered;
use tokio::time::MissedTickBehavior;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Counts the executions that are open, and keeps the gauge of them for as long as the runtime lives. It is the store that tells at first, before
/// the participant begins: so those of before a restart are among them; where other instances are at it, it is asked again and again.
///
/// # Errors
/// The registry has a metric of this name already.
pub(crate) async fn watch(store: Arc<dyn Store>, registry: &Registry) -> prometheus::Result<OpenExecutions> {
    let help = "Executions that have begun and not ended, of the whole store; told every 5 s.";
    let gauge = registered(registry, IntGauge::new("duet_workflow_open_executions", help))?;
    let open = OpenExecutions::default();
    let counted = open.clone();
    look(&open, &*store).await;
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if store.is_shared() || open.count().is_none() {
                look(&open, &*store).await;
            }
            if let Some(count) = open.count() {
                gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
    });
    Ok(counted)
}

/// While the store is away the last number stands: /readyz says that it is.
async fn look(open: &OpenExecutions, store: &dyn Store) {
    if let Err(error) = open.look(store.reader()).await {
        tracing::debug!(%error, "how many executions are open cannot be read now");
    }
}
