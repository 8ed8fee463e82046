//! What runs, as `state.json` says it.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::proc;
use crate::processes::ProcessId;
use crate::processes::keeper::Exit;
use crate::processes::kernel::Identity;

/// The format's name; another number means another meaning.
pub const SCHEMA: &str = "duet.up/1";

/// What a supervisor and its processes are doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// [`SCHEMA`]: what the fields mean.
    pub schema: String,
    /// The supervisor's process.
    pub supervisor: Identity,
    /// The start of the machine since which these processes have their ids, where the system names it.
    pub boot: Option<String>,
    /// Where the supervisor takes requests.
    pub control: PathBuf,
    /// The bus, without secrets.
    pub bus: String,
    /// The stores, without secrets.
    pub stores: String,
    /// What stands before names on a broker and those of schemas.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The gateway's ledger.
    #[serde(default)]
    pub ledger: Option<PathBuf>,
    /// How long each process may take to end when asked to, in seconds.
    pub stop_s: u64,
    /// What it is about.
    pub phase: Phase,
    /// Every process that is to run.
    pub processes: Vec<Entry>,
}

/// What a supervisor is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It keeps everything running.
    Running,
    /// It ends everything.
    Stopping,
    /// Everything has ended, and so has it.
    Stopped,
}

/// What is written down of one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its program and which instance of it.
    #[serde(flatten)]
    pub id: ProcessId,
    /// Its name, which is also that of its log.
    pub name: String,
    /// The process that runs now; `None` while there is none.
    pub process: Option<Identity>,
    /// What it is doing.
    pub doing: Doing,
    /// More about that: why it is not ready, say.
    pub reason: Option<String>,
    /// Where it serves: HTTP, or the bus.
    pub address: Option<SocketAddr>,
    /// When it was started last, in milliseconds since the Unix epoch.
    pub started_at_ms: i64,
    /// How often it was started again.
    pub restarts: u32,
    /// How it ended last.
    pub last_exit: Option<Exit>,
    /// It did not end when it was asked to last, and was killed.
    pub killed: bool,
    /// Where its log is.
    pub log: PathBuf,
}

/// What a process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// It can do its work.
    Ready,
    /// It runs and cannot do its work, for a reason.
    Waiting,
    /// It has ended and is started again.
    Restarting,
    /// It has ended and is not started again.
    Failed,
    /// It was asked to end.
    Stopping,
    /// It has ended as it was asked to.
    Stopped,
}

impl State {
    /// A system of this start of the machine that has no processes yet, for whoever fills in the rest.
    #[must_use]
    pub fn new(control: PathBuf, supervisor: Identity) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            supervisor,
            boot: proc::boot(),
            control,
            bus: "memory".to_owned(),
            stores: "sqlite:x".to_owned(),
            namespace: None,
            ledger: None,
            stop_s: 1,
            phase: Phase::Running,
            processes: Vec::new(),
        }
    }

    /// Whether everything runs and is ready.
    #[must_use]
    pub fn all_ready(&self) -> bool {
        let ready = |entry: &Entry| entry.doing == Doing::Ready;
        self.phase == Phase::Running && !self.processes.is_empty() && self.processes.iter().all(ready)
    }

    /// The processes that run still, each with the one of its entry; none of them a stranger.
    #[must_use]
    pub fn alive(&self) -> Vec<(ProcessId, Identity)> {
        if self.boot != proc::boot() {
            return Vec::new();
        }
        let process = |entry: &Entry| Some((entry.id, entry.process?));
        self.processes.iter().filter_map(process).filter(|(_, process)| process.is_alive()).collect()
    }
}
