//! The whole system in one process: bus, stores, services and orchestrator.

mod wiring;

use std::path::Path;
use std::sync::Arc;

use bus::metered::Counters;
use bus::{Bus, Depth, MeteredBus, Subscription};
use durability::Durability;
use futures::FutureExt;
use futures::future::BoxFuture;
use host::{BusAddress, Shutdown, StoreAddress, Trigger};
use participant::{Handler, Metrics, Participant, ParticipantError, SystemClock};
use store::Store;
use tokio::task::JoinHandle;

use super::protocol::Spec;
use super::{CellError, observer};

/// A participant ready to run, of whatever kind.
struct Ready {
    name: &'static str,
    run: BoxFuture<'static, Result<(), ParticipantError>>,
}

/// A running system.
pub(super) struct System {
    bus: Arc<dyn Bus>,
    metered: MeteredBus,
    stores: Vec<(&'static str, Arc<dyn Store>)>,
    subscriptions: Vec<Subscription>,
    metrics: Vec<Metrics>,
    ready: Vec<Ready>,
    running: Vec<(&'static str, JoinHandle<Result<(), ParticipantError>>)>,
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
        let run = participant.run(self.shutdown.clone().requested()).boxed();
        self.ready.push(Ready { name, run });
        Ok(())
    }

    /// Makes every participant's group known to the bus.
    pub(super) async fn declare(&self) -> Result<(), CellError> {
        for subscription in &self.subscriptions {
            self.bus.declare(subscription).await.map_err(CellError::Bus)?;
        }
        Ok(())
    }

    /// Starts every participant on the current runtime.
    pub(super) fn start(&mut self) {
        self.running.extend(self.ready.drain(..).map(|ready| (ready.name, tokio::spawn(ready.run))));
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

    /// The weakest of all stores.
    pub(super) fn store_durability(&self) -> Durability {
        self.stores.iter().map(|(_, store)| store.durability()).min().unwrap_or(Durability::Process)
    }

    /// Finds a participant that has ended although nobody asked it to.
    pub(super) fn check(&mut self) -> Result<(), CellError> {
        for (name, task) in &mut self.running {
            if task.is_finished()
                && let Some(ended) = task.now_or_never()
            {
                ended.map_err(|_| CellError::Panicked(name))??;
                return Err(CellError::Panicked(name));
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
