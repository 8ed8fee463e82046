//! A cell while it runs: its system and its observer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::{Depth, Origin, Publisher};
use durability::Durability;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::error::CellError;
use super::flight::Flight;
use super::observer::Observer;
use super::protocol::Spec;
use super::system::{ProcessUse, System, Work};

/// What a cell was when it stopped running.
pub(super) struct Stopped {
    /// What it had done.
    pub(super) work: Work,
    /// What the processes of the participants had used.
    pub(super) used: Vec<ProcessUse>,
    /// Each consumer group's queue.
    pub(super) queues: Vec<(String, Depth)>,
    /// What its confirmed messages survive, as the bus said.
    pub(super) bus_durability: Durability,
    /// What its commits survive, as the weakest of the stores said.
    pub(super) store_durability: Durability,
}

/// A running system with somebody who watches it.
pub(super) struct Live {
    pub(super) system: System,
    observer: std::thread::JoinHandle<Result<(), CellError>>,
    observer_cpu_ns: Arc<AtomicU64>,
    stop_observer: oneshot::Sender<()>,
}

impl Live {
    /// Starts everything. Returns the publisher at the system's edge, too.
    pub(super) fn start(
        spec: &Spec,
        runtime: &Runtime,
        flight: &Arc<Flight>,
    ) -> Result<(Self, Arc<dyn Publisher>), CellError> {
        let observer_cpu_ns = Arc::new(AtomicU64::new(0));
        let (system, observer, publisher) = runtime.block_on(async {
            let (flight, cpu_ns) = (Arc::clone(flight), Arc::clone(&observer_cpu_ns));
            let dir: &Path = &spec.dir;
            let listen = async |bus: &dyn bus::Bus| Observer::subscribe(bus, flight, dir, cpu_ns).await;
            let (system, observer) = System::start(spec, listen).await?;
            let publisher = system.publisher(Origin::Edge).await?;
            Ok::<_, CellError>((system, observer, publisher))
        })?;
        let (stop_observer, stopped) = oneshot::channel();
        let handle = runtime.handle().clone();
        let watching = move || {
            handle.block_on(observer.watch(async {
                let _ = stopped.await;
            }))
        };
        let observer = std::thread::Builder::new().name("observer".into()).spawn(watching);
        let observer = observer.map_err(CellError::Threads)?;
        Ok((Self { system, observer, observer_cpu_ns, stop_observer }, publisher))
    }

    /// CPU time of the observer so far.
    pub(super) fn observer_cpu(&self) -> Duration {
        Duration::from_nanos(self.observer_cpu_ns.load(Ordering::Relaxed))
    }

    /// Ends everything in order. What it knew is asked before: a bus may end with the participants.
    pub(super) fn stop(self, runtime: &Runtime) -> Result<Stopped, CellError> {
        let Self { system, observer, stop_observer, .. } = self;
        let work = runtime.block_on(system.work())?;
        let queues = runtime.block_on(system.queues())?;
        let bus_durability = runtime.block_on(system.guarantees())?.durability;
        let (used, store_durability) = (system.used(), system.store_durability());
        // An observer that has ended already says why when it is waited for.
        let _ = stop_observer.send(());
        observer.join().map_err(|_| CellError::Panicked("the observer"))??;
        runtime.block_on(system.stop())?;
        Ok(Stopped { work, used, queues, bus_durability, store_durability })
    }
}
