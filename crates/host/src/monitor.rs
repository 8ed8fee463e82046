//! Whether the bus answers, and how much waits there: asked in the background, so that `/readyz` and `/metrics` never
//! wait for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Bus, Depth};
use prometheus::{IntGauge, Opts, Registry};
use telemetry::registered;

use crate::Shutdown;

const INTERVAL: Duration = Duration::from_secs(1);
/// A bus that has not answered for so long is as good as gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the bus said last. Clones see the same.
#[derive(Clone)]
pub(crate) struct BusState(Arc<Mutex<Result<(), String>>>);

impl BusState {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Err("not connected yet".to_owned()))))
    }

    /// Whether it answered when it was last asked, and if not, why.
    pub(crate) fn get(&self) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: Result<(), String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

struct Gauges {
    ready: IntGauge,
    unsettled: IntGauge,
    dead: IntGauge,
}

impl Gauges {
    fn register(group: &str, registry: &Registry) -> prometheus::Result<Self> {
        let gauge = |name: &str, help: &str| {
            registered(registry, IntGauge::with_opts(Opts::new(name, help).const_label("group", group)))
        };
        Ok(Self {
            ready: gauge("duet_bus_ready_messages", "Messages waiting to be delivered to the group.")?,
            unsettled: gauge(
                "duet_bus_unsettled_messages",
                "Messages delivered to the group and not settled.",
            )?,
            dead: gauge("duet_bus_dead_letters", "Dead letters kept for the group.")?,
        })
    }

    fn set(&self, depth: Depth) {
        let as_gauge = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.ready.set(as_gauge(depth.ready));
        self.unsettled.set(as_gauge(depth.unsettled));
        self.dead.set(as_gauge(depth.dead));
    }
}

/// Asks the bus for the group's depth, once a second until `shutdown`, and keeps the answer in `state` and in gauges.
///
/// # Errors
/// The registry has such gauges already.
pub(crate) fn watch(
    bus: Arc<dyn Bus>,
    group: &'static str,
    state: BusState,
    registry: &Registry,
    shutdown: Shutdown,
) -> prometheus::Result<impl Future<Output = ()> + Send + 'static> {
    let gauges = Gauges::register(group, registry)?;
    Ok(async move {
        let mut ending = std::pin::pin!(shutdown.requested());
        loop {
            match tokio::time::timeout(PATIENCE, bus.depth(group)).await {
                Ok(Ok(depth)) => {
                    gauges.set(depth.unwrap_or_default());
                    state.set(Ok(()));
                }
                Ok(Err(error)) => state.set(Err(error.to_string())),
                Err(_) => state.set(Err(format!("no answer for {} s", PATIENCE.as_secs()))),
            }
            tokio::select! {
                biased;
                () = &mut ending => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
    })
}
