//! The whole system in one process: bus, stores, services and orchestrator.

mod wiring;

use std::io;
use std::path::Path;
use std::sync::Arc;

use bus::metered::Counters;
use bus::{Bus, Depth, MeteredBus, Subscription};
use durability::Durability;
use host::{BusAddress, Shutdown, StoreAddress, Trigger};
use participant::{Handler, Metrics, Participant, ParticipantError, SystemClock};
use store::Store;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::protocol::Spec;
use super::{CellError, observer};
use crate::measure::is_ram_disk;

/// A participant ready to run, of whatever kind.
struct Ready {
    name: &'static str,
    start: Box<dyn FnOnce() -> io::Result<Ended> + Send>,
}

/// Gets what a participant returned when it has ended.
type Ended = oneshot::Receiver<Result<(), ParticipantError>>;

/// A running system.
pub(super) struct System {
    bus: Arc<dyn Bus>,
    metered: MeteredBus,
    stores: Vec<(&'static str, Arc<dyn Store>)>,
    subscriptions: Vec<Subscription>,
    metrics: Vec<Metrics>,
    ready: Vec<Ready>,
    running: Vec<(&'static str, Ended)>,
    trigger: Trigger,
    shutdown: Shutdown,
}

impl System {
    /// Opens everything; nothing runs yet.
    pub(super) fn open(spec: &Spec) -> Result<Self, CellError> {
        let bus = host::connect::bus(&BusAddress::Memory);
        let (trigger, shutdown) = host::shutdown();
        let mut system = Self {
            metered: MeteredBus::new(Arc::clone(&bus)),
            bus,
            stores: Vec::new(),
            subscriptions: Vec::new(),
            metrics: Vec::new(),
            ready: Vec::new(),
            running: Vec::new(),
            trigger,
            shutdown,
        };
        wiring::add_all(&mut system, spec)?;
        Ok(system)
    }

    /// Adds a participant with a store of its own in `dir`.
    fn add<H: Handler>(
        &mut self,
        name: &'static str,
        topics: Vec<bus::Topic>,
        handler: H,
        caller: Arc<dyn participant::Caller<H::Call, H::Outcome>>,
        dir: &Path,
    ) -> Result<(), CellError> {
        let path = super::files::store_path(dir, name);
        let store = host::connect::store(&StoreAddress::Sqlite(path))
            .map_err(|error| CellError::Open(Box::new(error)))?;
        self.stores.push((name, Arc::clone(&store)));
        let metrics = Metrics::unregistered();
        let bus = Arc::new(self.metered.clone());
        let participant = Participant::new(name, topics, handler, caller, store, bus, Arc::new(SystemClock))
            .with_metrics(metrics.clone());
        self.subscriptions.push(participant.subscription());
        self.metrics.push(metrics);
        let shutdown = self.shutdown.clone().requested();
        self.ready.push(Ready { name, start: Box::new(move || participant.spawn(shutdown)) });
        Ok(())
    }

    /// Makes every participant's group known to the bus.
    pub(super) async fn declare(&self) -> Result<(), CellError> {
        for subscription in &self.subscriptions {
            self.bus.declare(subscription).await.map_err(CellError::Bus)?;
        }
        Ok(())
    }

    /// Starts every participant on a thread of its own, as in a process of its own.
    pub(super) fn start(&mut self) -> Result<(), CellError> {
        for ready in self.ready.drain(..) {
            self.running.push((ready.name, (ready.start)().map_err(CellError::Threads)?));
        }
        Ok(())
    }

    /// The bus, for those whose messages do not count.
    pub(super) fn unmetered(&self) -> &dyn Bus {
        &*self.bus
    }

    /// The bus, for those whose messages count.
    pub(super) fn metered(&self) -> &dyn Bus {
        &self.metered
    }

    pub(super) fn counters(&self) -> Counters {
        self.metered.counters()
    }

    /// Transactions committed so far, by all participants.
    pub(super) fn commits(&self) -> u64 {
        self.metrics.iter().map(|metrics| metrics.commits.get()).sum()
    }

    pub(super) fn bus_durability(&self) -> Durability {
        self.bus.capabilities().durability
    }

    /// What the weakest of all stores, in `dir`, declares: no more than its disk can give.
    pub(super) fn store_durability(&self, dir: &Path) -> Durability {
        let declared = self.stores.iter().map(|(_, store)| store.durability());
        let disk = if is_ram_disk(dir) { Durability::Kill } else { Durability::Power };
        declared.chain([disk]).min().unwrap_or(disk)
    }

    /// Finds a participant that has ended although nobody asked it to.
    pub(super) fn check(&mut self) -> Result<(), CellError> {
        for (name, task) in &mut self.running {
            match task.try_recv() {
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Closed) => return Err(CellError::Panicked(name)),
                Ok(ended) => {
                    ended?;
                    return Err(CellError::Panicked(name));
                }
            }
        }
        Ok(())
    }

    /// What stands between the system and rest, for people; empty when it is at rest.
    pub(super) async fn left_to_do(&self) -> Result<String, CellError> {
        let mut left = Vec::new();
        for (name, store) in &self.stores {
            let stats = store.stats().await.map_err(|source| CellError::Store { name, source })?;
            if stats.outbox_rows + stats.timers > 0 {
                left.push(format!(
                    "{name} has {} outbox rows and {} timers",
                    stats.outbox_rows, stats.timers
                ));
            }
        }
        for (group, depth) in self.queues().await? {
            if depth.ready + depth.unsettled > 0 {
                left.push(format!("{group} has {} messages before it", depth.ready + depth.unsettled));
            }
        }
        Ok(left.join(", "))
    }

    /// How much each consumer group has before it, the observer's included.
    pub(super) async fn queues(&self) -> Result<Vec<(String, Depth)>, CellError> {
        let groups = self.subscriptions.iter().map(|subscription| subscription.group.as_str());
        let mut queues = Vec::new();
        for group in groups.chain([observer::GROUP]) {
            let depth = self.bus.depth(group).await.map_err(CellError::Bus)?;
            queues.push((group.to_owned(), depth));
        }
        Ok(queues)
    }

    /// Asks every participant to finish its batch and end, and waits for it.
    pub(super) async fn stop(&mut self) -> Result<(), CellError> {
        self.trigger.trigger();
        for (name, task) in self.running.drain(..) {
            task.await.map_err(|_| CellError::Panicked(name))??;
        }
        Ok(())
    }
}
