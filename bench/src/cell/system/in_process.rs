//! The participants as threads of the cell's own process.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bus::{Bus, Meter, MeteredBus, Subscription};
use daemon::{Shutdown, Trigger, connect};
use participant::{Handler, Metrics, Participant, ParticipantError, SystemClock};
use store::{Read, Store};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::participants::{Participants, Stores, Work, store_address};
use crate::cell::error::CellError;
use crate::cell::patience::{BUS_PATIENCE, answered};
use crate::cell::protocol::Spec;

/// How long a store may take to answer for the first time.
const STORE_PATIENCE: Duration = Duration::from_secs(10);

/// A participant ready to run, of whatever kind.
struct Ready {
    name: &'static str,
    start: Box<dyn FnOnce() -> io::Result<Ended> + Send>,
}

/// Gets what a participant returned when it has ended.
type Ended = oneshot::Receiver<Result<(), ParticipantError>>;

/// All participants, each on a thread of its own.
pub(super) struct InProcess {
    bus: Arc<dyn Bus>,
    meters: Vec<MeteredBus>,
    stores: Vec<(&'static str, Arc<dyn Store>)>,
    subscriptions: Vec<Subscription>,
    metrics: Vec<Metrics>,
    ready: Vec<Ready>,
    running: Vec<(&'static str, Ended)>,
    trigger: Trigger,
    shutdown: Shutdown,
}

impl InProcess {
    /// Without any participant yet. `bus` is the bus where there is but one, as of a process.
    pub(super) fn new(bus: &Arc<dyn Bus>) -> Self {
        let (trigger, shutdown) = daemon::shutdown();
        Self {
            bus: Arc::clone(bus),
            meters: Vec::new(),
            stores: Vec::new(),
            subscriptions: Vec::new(),
            metrics: Vec::new(),
            ready: Vec::new(),
            running: Vec::new(),
            trigger,
            shutdown,
        }
    }

    /// Adds a participant with a store of its own and, on a broker, a connection of its own: what it would have as a
    /// process of its own.
    pub(super) async fn add<H: Handler>(
        &mut self,
        spec: &Spec,
        name: &'static str,
        topics: Vec<bus::Topic>,
        handler: H,
        caller: Arc<dyn participant::Caller<H::Call, H::Outcome>>,
    ) -> Result<(), CellError> {
        let address = store_address(spec, name)?;
        let store = connect::store_now(&address, STORE_PATIENCE).await;
        let store = store.map_err(|error| CellError::Open(Box::new(error)))?;
        let bus = if spec.bus.is_broker() {
            let address = spec.bus.address().map_err(CellError::Config)?;
            connect::bus_now(&address, BUS_PATIENCE).await.map_err(CellError::Bus)?
        } else {
            Arc::clone(&self.bus)
        };
        let metered = MeteredBus::new(bus, Meter::default());
        let metrics = Metrics::unregistered();
        let clock = Arc::new(SystemClock);
        let participant =
            Participant::new(name, topics, handler, caller, store.clone(), Arc::new(metered.clone()), clock)
                .with_metrics(metrics.clone());
        self.subscriptions.push(participant.subscription());
        self.stores.push((name, store));
        self.meters.push(metered);
        self.metrics.push(metrics);
        let shutdown = self.shutdown.clone().requested();
        self.ready.push(Ready { name, start: Box::new(move || participant.spawn(shutdown)) });
        Ok(())
    }

    /// Makes every participant's group known to the bus.
    pub(super) async fn declare(&self) -> Result<(), CellError> {
        for subscription in &self.subscriptions {
            answered(BUS_PATIENCE, self.bus.declare(subscription)).await.map_err(CellError::Bus)?;
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

    /// Every participant's store, for reading.
    pub(super) fn stores(&self) -> Stores {
        self.stores.iter().map(|(name, store)| (*name, Arc::clone(store) as Arc<dyn Read>)).collect()
    }
}

#[async_trait(?Send)]
impl Participants for InProcess {
    async fn work(&self) -> Result<Work, CellError> {
        let mut work = Work::NONE;
        for meter in &self.meters {
            let total = meter.layer().counters().total();
            work += Work {
                published: total.published,
                published_bytes: Some(total.published_bytes),
                deliveries: total.deliveries,
                ..Work::NONE
            };
        }
        work.commits = self.metrics.iter().map(|metrics| metrics.commits.get()).sum();
        work.retries = self.metrics.iter().map(|metrics| metrics.retries.get()).sum();
        Ok(work)
    }

    fn check(&mut self) -> Result<(), CellError> {
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

    async fn stop(&mut self) -> Result<(), CellError> {
        self.trigger.trigger();
        for (name, task) in self.running.drain(..) {
            task.await.map_err(|_| CellError::Panicked(name))??;
        }
        Ok(())
    }
}
