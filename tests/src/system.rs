//! The whole system as its operator starts it: a bus and four participants, each a process, in one folder.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bus::{Bus, Depth};
use contract::groups::PARTICIPANTS;
use daemon::{BusAddress, connect};
use rustix::process::Signal;
use store::Stats;

use crate::process::Process;
use crate::stores::{StoreKind, Stores};
use crate::{PATIENCE, until, wait};

/// The observer's consumer group.
pub const OBSERVER: &str = "observer";

/// The seed of the outside world.
const SEED: &str = "7";
/// What each participant is told besides where bus and store are. Faults are frequent, so that few orders take every
/// path, and what has to be waited for is short.
fn flags(name: &str) -> &'static [&'static str] {
    match name {
        order_status::NAME => &[
            "--seed",
            SEED,
            "--decline-rate",
            "0.05",
            "--gateway-fault-rate",
            "0.04",
            "--gateway-latency-ms",
            "3",
            "--gateway-timeout-ms",
            "200",
            "--ledger",
            "gateway.ledger",
        ],
        notifications::NAME => {
            &["--seed", SEED, "--restaurant-silence-rate", "0.02", "--restaurant-timeout-ms", "1000"]
        }
        order_flow::NAME => &["--restaurant-timeout-s", "1"],
        _ => &[],
    }
}

/// Where each running participant serves HTTP; a new life has a new port.
pub type Addresses = Arc<Mutex<BTreeMap<&'static str, SocketAddr>>>;

/// Which bus a system is on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BusKind {
    /// The memory bus, served over TCP by a process of the system's own.
    #[default]
    Memory,
    /// The broker at this URL, which names no namespace; the system has one of its own.
    Broker(String),
}

/// What a system is on.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// What carries its messages.
    pub bus: BusKind,
    /// Where its services keep what they know.
    pub store: StoreKind,
    /// What its participants have in their environment; nothing else is there.
    pub environment: Vec<(&'static str, String)>,
    /// The share of the orders that their restaurant declines.
    pub restaurant_decline_rate: f64,
}

impl Default for Setup {
    fn default() -> Self {
        let (bus, store) = Default::default();
        Self { bus, store, environment: Vec::new(), restaurant_decline_rate: 0.05 }
    }
}

/// A running system. Every process in it is killed, and its folder removed, when this is dropped; what it has on a
/// broker or in a database goes with [`stop`](Self::stop) and [`Stores::remove`].
pub struct System {
    participants: BTreeMap<&'static str, Process>,
    addresses: Addresses,
    bus: Option<Process>,
    bus_url: String,
    client: Arc<dyn Bus>,
    stores: Stores,
    environment: Vec<(&'static str, String)>,
    restaurant_decline_rate: f64,
}

impl System {
    /// Starts everything, and waits until it is ready.
    ///
    /// # Panics
    /// Something does not come up.
    pub async fn start(setup: Setup) -> Self {
        let system = Self::launch(setup).await;
        system.until_ready().await;
        system
    }

    /// Waits until every participant that runs is ready.
    ///
    /// # Panics
    /// One does not become so.
    pub async fn until_ready(&self) {
        for process in self.participants() {
            until("all participants to be ready", async || process.ready().await).await;
        }
    }

    /// Kills the memory bus by SIGKILL, with everything that waits in it, and starts another in its place.
    ///
    /// # Panics
    /// The bus is a broker's, or does not start again.
    pub async fn kill_bus(&mut self) {
        let mut bus = self.bus.take().expect("a bus of the system's own");
        let address = bus.address().to_string();
        bus.kill();
        bus.killed().await;
        self.bus = Some(Process::start(self.folder(), "duet", &["bus", "--listen", &address]).await);
    }

    /// Starts everything, whether its broker and database are there or not.
    ///
    /// # Panics
    /// Something does not start.
    pub async fn launch(setup: Setup) -> Self {
        let mut system = Self::prepare(setup).await;
        for name in PARTICIPANTS {
            system.begin(name).await;
        }
        system
    }

    /// Everything but the participants, for whoever [begins](Self::begin) them one by one.
    ///
    /// # Panics
    /// Something does not start.
    pub async fn prepare(setup: Setup) -> Self {
        let stores = Stores::new(setup.store);
        let (bus, bus_url) = match setup.bus {
            BusKind::Memory => {
                let bus = Process::start(stores.folder(), "duet", &["bus", "--listen", "127.0.0.1:0"]).await;
                let url = format!("tcp://{}", bus.address());
                (Some(bus), url)
            }
            BusKind::Broker(url) => (None, format!("{url}?namespace={}", stores.run())),
        };
        let client = connect::bus(&BusAddress::parse(&bus_url).unwrap());
        let (participants, addresses) = (BTreeMap::new(), Addresses::default());
        let Setup { environment, restaurant_decline_rate, .. } = setup;
        Self { participants, addresses, bus, bus_url, client, stores, environment, restaurant_decline_rate }
    }

    /// Starts a participant that does not run.
    ///
    /// # Panics
    /// It does not start.
    pub async fn begin(&mut self, name: &'static str) {
        let process = self.another(name, name).await;
        self.addresses.lock().unwrap().insert(name, process.address());
        self.participants.insert(name, process);
    }

    /// Starts one more instance of a participant, on the same bus and store; its log goes to `INSTANCE.log`. It is the
    /// caller's: [`until`](Self::until) and [`stop`](Self::stop) know nothing of it.
    ///
    /// # Panics
    /// It does not start.
    pub async fn another(&self, name: &str, instance: &str) -> Process {
        let store = self.stores.url(name);
        let shared = ["--bus", &self.bus_url, "--store", &store, "--listen", "127.0.0.1:0"];
        let declines = ["--restaurant-decline-rate", &self.restaurant_decline_rate.to_string()];
        let declines = if name == notifications::NAME { &declines[..] } else { &[] };
        let args = [&shared, flags(name), declines].concat();
        Process::start_in(&self.environment, instance, self.folder(), name, &args).await
    }

    /// Kills these participants at the same moment, by SIGKILL, and waits until they are gone.
    ///
    /// # Panics
    /// One of them does not run.
    pub async fn kill(&mut self, names: &[&'static str]) {
        for name in names {
            self.participants.get_mut(name).unwrap().kill();
        }
        for name in names {
            self.participants.remove(name).unwrap().killed().await;
        }
    }

    /// A running participant.
    ///
    /// # Panics
    /// It does not run.
    #[must_use]
    pub fn participant(&self, name: &str) -> &Process {
        &self.participants[name]
    }

    /// Where the participants serve HTTP, now and later.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        Arc::clone(&self.addresses)
    }

    /// The running participants.
    pub fn participants(&self) -> impl Iterator<Item = &Process> {
        self.participants.values()
    }

    /// A connection to the bus.
    #[must_use]
    pub fn bus(&self) -> &Arc<dyn Bus> {
        &self.client
    }

    /// The bus's URL, as the participants are told it.
    #[must_use]
    pub fn bus_url(&self) -> &str {
        &self.bus_url
    }

    /// The folder in which everything is that is a file.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.stores.folder()
    }

    /// The participants' stores.
    #[must_use]
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// What a participant's store holds, whether it runs or not.
    ///
    /// # Panics
    /// The store cannot be read.
    pub async fn stats(&self, name: &str) -> Stats {
        self.stores.reader(name).stats().await.unwrap()
    }

    /// How much each participant has before it on the bus.
    ///
    /// # Panics
    /// The bus does not answer.
    pub async fn queues(&self) -> Vec<(String, Depth)> {
        let mut queues = Vec::new();
        for name in PARTICIPANTS {
            queues.push((name.to_owned(), self.client.depth(name).await.unwrap().unwrap_or_default()));
        }
        queues
    }

    /// What is left to do anywhere; an error says what and where.
    ///
    /// # Errors
    /// Something is.
    pub async fn at_rest(&self) -> Result<(), String> {
        let mut left = Vec::new();
        for (name, depth) in self.queues().await {
            if depth.ready + depth.unsettled > 0 {
                left.push(format!(
                    "{name} has {} messages waiting and {} in hand",
                    depth.ready, depth.unsettled
                ));
            }
            let stats = self.stats(&name).await;
            if stats.outbox_rows + stats.timers > 0 {
                left.push(format!(
                    "{name} has {} outbox rows and {} timers",
                    stats.outbox_rows, stats.timers
                ));
            }
        }
        if left.is_empty() { Ok(()) } else { Err(left.join("; ")) }
    }

    /// Like [`until`], and tells of the whole system where it does not come.
    ///
    /// # Panics
    /// It does not come.
    pub async fn until(&self, what: &str, look: impl AsyncFnMut() -> Result<(), String>) {
        if let Err(instead) = wait(look).await {
            let left = self.at_rest().await.err().unwrap_or_else(|| "the system is at rest".to_owned());
            let logs: Vec<_> = self.participants().map(Process::log).collect();
            panic!("waited {PATIENCE:?} for {what}, but {instead}; {left}\n{}", logs.join("\n"));
        }
    }

    /// Asks everything to end by SIGTERM, the bus last. Returns the stores, and each program's exit code. Nothing is left
    /// on a broker.
    ///
    /// # Panics
    /// Something does not end.
    pub async fn stop(self) -> (Stores, Vec<(&'static str, Option<i32>)>) {
        let mut codes = Vec::new();
        for (name, process) in self.participants {
            codes.push((name, process.end(Signal::TERM).await));
        }
        match self.bus {
            Some(bus) => {
                drop(self.client);
                codes.push(("duet bus", bus.end(Signal::TERM).await));
            }
            None => self.client.remove(&[&PARTICIPANTS[..], &[OBSERVER]].concat()).await.unwrap(),
        }
        (self.stores, codes)
    }
}
