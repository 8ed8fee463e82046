//! The system that a cell measures: bus, stores, services and orchestrator.

mod in_process;
mod participants;
mod scrape;
mod separate;
mod wiring;

use std::sync::Arc;

use bus::{Bus, Depth, Guarantees, Meter, MeteredBus, Origin, Publisher};
use contract::groups::PARTICIPANTS;
use daemon::{BusAddress, connect};

use super::error::CellError;
use super::observer;
use super::patience::{BUS_PATIENCE, answered};
use super::protocol::Spec;
use in_process::InProcess;
use participants::{Participants, Stores};
pub(super) use participants::{ProcessUse, Work};
use separate::Separate;

/// A running system.
pub(super) struct System {
    bus: Arc<dyn Bus>,
    edge: MeteredBus,
    stores: Stores,
    participants: Box<dyn Participants>,
}

impl System {
    /// Opens everything, makes every group known to the bus and starts the participants. `listen` is called in between,
    /// with the bus: who listens must be known before anything is sent.
    pub(super) async fn start<T>(
        spec: &Spec,
        listen: impl AsyncFnOnce(&dyn Bus) -> Result<T, CellError>,
    ) -> Result<(Self, T), CellError> {
        if spec.processes {
            Self::of_processes(spec, listen).await
        } else {
            Self::in_process(spec, listen).await
        }
    }

    async fn in_process<T>(
        spec: &Spec,
        listen: impl AsyncFnOnce(&dyn Bus) -> Result<T, CellError>,
    ) -> Result<(Self, T), CellError> {
        let address = spec.bus.address().map_err(CellError::Config)?;
        let bus = connect::bus_now(&address, BUS_PATIENCE).await.map_err(CellError::Bus)?;
        let mut opened = InProcess::new(&bus);
        wiring::add_all(&mut opened, spec).await?;
        opened.declare().await?;
        let listening = listen(&*bus).await?;
        opened.start()?;
        let stores = opened.stores();
        Ok((Self::new(bus, stores, Box::new(opened)), listening))
    }

    /// The processes declare their groups themselves before they are ready.
    async fn of_processes<T>(
        spec: &Spec,
        listen: impl AsyncFnOnce(&dyn Bus) -> Result<T, CellError>,
    ) -> Result<(Self, T), CellError> {
        let processes = Separate::start(spec).await?;
        let address = if spec.bus.is_broker() {
            spec.bus.address().map_err(CellError::Config)?
        } else {
            BusAddress::parse(processes.bus_url()?).map_err(CellError::Config)?
        };
        let bus = connect::bus_now(&address, BUS_PATIENCE).await.map_err(CellError::Bus)?;
        let listening = listen(&*bus).await?;
        let stores = processes.stores(spec)?;
        Ok((Self::new(bus, stores, Box::new(processes)), listening))
    }

    fn new(bus: Arc<dyn Bus>, stores: Stores, participants: Box<dyn Participants>) -> Self {
        Self { edge: MeteredBus::new(Arc::clone(&bus), Meter::default()), bus, stores, participants }
    }

    /// A publisher whose messages count.
    pub(super) async fn publisher(&self, origin: Origin) -> Result<Arc<dyn Publisher>, CellError> {
        answered(BUS_PATIENCE, self.edge.publisher(origin)).await.map_err(CellError::Bus)
    }

    /// What was done so far, by the participants and at the edge.
    pub(super) async fn work(&self) -> Result<Work, CellError> {
        let edge = self.edge.layer().counters().total();
        let sent = Work {
            published: edge.published,
            published_bytes: Some(edge.published_bytes),
            deliveries: edge.deliveries,
            ..Work::NONE
        };
        Ok(sent + self.participants.work().await?)
    }

    /// What the processes of the participants have used; none where they have none of their own.
    pub(super) fn used(&self) -> Vec<ProcessUse> {
        self.participants.used()
    }

    /// What the bus guarantees, as it says itself.
    pub(super) async fn guarantees(&self) -> Result<Guarantees, CellError> {
        answered(BUS_PATIENCE, self.bus.guarantees()).await.map_err(CellError::Bus)
    }

    /// What the weakest of all stores declares.
    pub(super) fn store_durability(&self) -> durability::Durability {
        let declared = self.stores.iter().map(|(_, store)| store.durability());
        declared.min().unwrap_or(durability::Durability::Process)
    }

    /// Finds a participant that has ended although nobody asked it to.
    pub(super) fn check(&mut self) -> Result<(), CellError> {
        self.participants.check()
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
        let mut queues = Vec::new();
        for group in groups() {
            let depth = answered(BUS_PATIENCE, self.bus.depth(group)).await.map_err(CellError::Bus)?;
            queues.push((group.to_owned(), depth.unwrap_or_default()));
        }
        Ok(queues)
    }

    /// Asks every participant to finish its batch and end, and waits for it. Closes bus and stores, so that the auditor
    /// reads what is in the files, and a next life may write them.
    pub(super) async fn stop(self) -> Result<(), CellError> {
        let Self { bus, edge, stores, mut participants } = self;
        // First: a bus that ends with the participants should not be missed by anybody.
        drop((bus, edge));
        let stopped = participants.stop().await;
        // Some connections want a runtime to say good-bye on.
        drop((participants, stores));
        stopped
    }
}

/// Every consumer group of a cell.
pub(crate) fn groups() -> impl Iterator<Item = &'static str> {
    PARTICIPANTS.into_iter().chain([observer::GROUP])
}
