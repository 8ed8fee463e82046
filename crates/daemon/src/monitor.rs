//! Whether the bus answers and takes messages, and how much waits there: asked in the background, so that `/readyz` and
//! `/metrics` never wait for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Bus, BusError, Depth};
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

/// What a bus must do for a program to be of use: answer, and take messages.
async fn ask(bus: &dyn Bus, group: &str, gauges: &Gauges) -> Result<(), BusError> {
    gauges.set(bus.depth(group).await?.unwrap_or_default());
    bus.takes_messages().await
}

/// Asks the bus for the group's depth and whether it takes messages, once a second until `shutdown`, and keeps the answer
/// in `state` and in gauges.
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
            let answered = tokio::time::timeout(PATIENCE, ask(&*bus, group, &gauges)).await;
            state.set(match answered {
                Ok(answer) => answer.map_err(|error| error.to_string()),
                Err(_) => Err(format!("no answer for {} s", PATIENCE.as_secs())),
            });
            tokio::select! {
                biased;
                () = &mut ending => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use async_trait::async_trait;
    use bus::{Capabilities, Consumer, DeadLetter, Guarantees, MemoryBus, Origin, Publisher, Subscription};

    use super::*;

    /// A bus that answers, and takes no messages while its alarm is on.
    #[derive(Default)]
    struct Alarmed {
        bus: MemoryBus,
        alarm: AtomicBool,
    }

    #[async_trait]
    impl Bus for Alarmed {
        fn capabilities(&self) -> Capabilities {
            self.bus.capabilities()
        }

        async fn declare(&self, subscription: &Subscription) -> Result<(), BusError> {
            self.bus.declare(subscription).await
        }

        async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
            self.bus.subscribe(subscription).await
        }

        async fn publisher(&self, origin: Origin) -> Result<Arc<dyn Publisher>, BusError> {
            self.bus.publisher(origin).await
        }

        async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError> {
            self.bus.depth(group).await
        }

        async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
            self.bus.dead_letters(group, limit).await
        }

        async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError> {
            self.bus.redrive(group, message_id).await
        }

        async fn guarantees(&self) -> Result<Guarantees, BusError> {
            self.bus.guarantees().await
        }

        async fn takes_messages(&self) -> Result<(), BusError> {
            if self.alarm.load(Ordering::SeqCst) {
                return Err(BusError::Unavailable("it is short of memory".to_owned()));
            }
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bus_that_answers_and_takes_nothing_is_told_of() {
        let bus = Arc::new(Alarmed::default());
        let layered = Arc::new(bus::Layered::new(Arc::clone(&bus) as Arc<dyn Bus>, bus::Meter::default()));
        let connect = move || Arc::clone(&layered) as Arc<dyn Bus>;
        let connecting = Box::new(move || {
            let bus = connect();
            Box::pin(async move { Ok(bus) }) as _
        });
        let waiting = Arc::new(crate::WaitingBus::new("tcp://test".to_owned(), connecting));
        let state = BusState::new();
        let (trigger, shutdown) = crate::shutdown();
        let watching = watch(waiting, "g", state.clone(), &telemetry::Registry::default(), shutdown).unwrap();
        let watching = tokio::spawn(watching);
        for alarm in [false, true, false] {
            bus.alarm.store(alarm, Ordering::SeqCst);
            tokio::time::sleep(INTERVAL * 2).await;
            let told =
                if alarm { Err("the bus is unavailable: it is short of memory".to_owned()) } else { Ok(()) };
            assert_eq!(state.get(), told, "alarm: {alarm}");
        }
        trigger.trigger();
        watching.await.unwrap();
    }
}
