//! The whole system as its operator starts it: a bus and four participants, each a process, in one folder.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bus::{Bus as _, Depth, RemoteBus, RemoteOptions};
use rustix::process::Signal;
use store::sqlite::SqliteReader;
use store::{Read as _, Stats};
use tempfile::TempDir;

use crate::process::Process;
use crate::{PATIENCE, until, wait};

/// The participants: each a program, a consumer group and a store of that name.
pub const PARTICIPANTS: [&str; 4] =
    [order_history::NAME, order_status::NAME, notifications::NAME, orchestrator::NAME];

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
        notifications::NAME => &[
            "--seed",
            SEED,
            "--restaurant-decline-rate",
            "0.05",
            "--restaurant-silence-rate",
            "0.02",
            "--restaurant-timeout-ms",
            "1000",
        ],
        orchestrator::NAME => &["--restaurant-timeout-s", "1"],
        _ => &[],
    }
}

/// Where each running participant serves HTTP; a new life has a new port.
pub type Addresses = Arc<Mutex<BTreeMap<&'static str, SocketAddr>>>;

/// A running system. Everything in it is killed, and its folder removed, when this is dropped.
pub struct System {
    participants: BTreeMap<&'static str, Process>,
    addresses: Addresses,
    bus: Process,
    client: RemoteBus,
    folder: TempDir,
}

impl System {
    /// Starts everything, and waits until it is ready.
    ///
    /// # Panics
    /// Something does not come up.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = Process::start(folder.path(), "duet", &["bus", "--listen", "127.0.0.1:0"]).await;
        let client = RemoteBus::connect(bus.address().to_string(), RemoteOptions::default()).await.unwrap();
        let (participants, addresses) = (BTreeMap::new(), Addresses::default());
        let mut system = Self { participants, addresses, bus, client, folder };
        for name in PARTICIPANTS {
            system.begin(name).await;
        }
        // Only now does every queue exist.
        for process in system.participants.values() {
            until("all participants to be ready", async || process.ready().await).await;
        }
        system
    }

    /// Starts a participant that does not run.
    ///
    /// # Panics
    /// It does not start.
    pub async fn begin(&mut self, name: &'static str) {
        let (bus, store) = (format!("tcp://{}", self.bus.address()), format!("sqlite:{name}.db"));
        let shared = ["--bus", &bus, "--store", &store, "--listen", "127.0.0.1:0"];
        let process = Process::start(self.folder(), name, &[&shared, flags(name)].concat()).await;
        self.addresses.lock().unwrap().insert(name, process.address());
        self.participants.insert(name, process);
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

    /// A connection to the bus.
    #[must_use]
    pub fn bus(&self) -> &RemoteBus {
        &self.client
    }

    /// The folder in which everything is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file of a participant's store.
    #[must_use]
    pub fn store(&self, name: &str) -> PathBuf {
        self.folder().join(format!("{name}.db"))
    }

    /// What a participant's store holds, whether it runs or not.
    ///
    /// # Panics
    /// The store cannot be read.
    pub async fn stats(&self, name: &str) -> Stats {
        SqliteReader::open_read_only(self.store(name)).unwrap().stats().await.unwrap()
    }

    /// How much each participant has before it on the bus.
    ///
    /// # Panics
    /// The bus does not answer.
    pub async fn queues(&self) -> Vec<(String, Depth)> {
        let mut queues = Vec::new();
        for name in PARTICIPANTS {
            queues.push((name.to_owned(), self.client.depth(name).await.unwrap()));
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
            let logs: Vec<_> = self.participants.values().map(Process::log).collect();
            panic!("waited {PATIENCE:?} for {what}, but {instead}; {left}\n{}", logs.join("\n"));
        }
    }

    /// Asks everything to end by SIGTERM, the bus last. Returns the folder, and each program's exit code.
    ///
    /// # Panics
    /// Something does not end.
    pub async fn stop(self) -> (TempDir, Vec<(&'static str, Option<i32>)>) {
        let mut codes = Vec::new();
        for (name, process) in self.participants {
            codes.push((name, process.end(Signal::TERM).await));
        }
        drop(self.client);
        codes.push(("duet bus", self.bus.end(Signal::TERM).await));
        (self.folder, codes)
    }
}
