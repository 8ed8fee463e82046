//! The system as processes of its own: the real binaries, started, watched and ended.
//!
//! [`Processes`] is for whoever needs a running system and no more (a measurement): everything is started and ready,
//! or there is an error that says what stood against it. `duet up` is made of the same parts ([`keeper`]), and also
//! starts again what crashes.
//!
//! - Each process' log is `logs/NAME.log` in the plan's folder, bounded (see [`logs`]).
//! - URLs may hold passwords: they reach the processes by the environment, which other users cannot see, and not by
//!   their arguments, which they can.
//! - When the process that started them ends, however that happens, so do they (Linux; see [`launch`]).

pub mod keeper;
pub mod kernel;
pub mod launch;
pub mod logs;
mod probe;
pub mod program;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, io};

use daemon::address::redact;
use rustix::process::Signal;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use keeper::{Exit, Keeper, Seen, Spec};
use kernel::Usage;
use launch::Launcher;
use logs::Log;
pub use program::{MissingPrograms, ProcessId, Program, Programs};

/// Lines of a log that an error shows.
const LOG_LINES_SHOWN: usize = 10;
/// Things seen of processes that wait to be looked at; a full queue makes the watching wait, not the processes.
const SEEN_MAX: usize = 64;

/// A system to be started.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the programs are: [`Programs::beside_this_one`], usually.
    pub programs: Programs,
    /// Gets the logs, and the gateway's ledger (`gateway.ledger`) unless a member's environment says otherwise
    /// (`DUET_LEDGER`). Made where there is none.
    pub folder: PathBuf,
    /// What they are connected by.
    pub bus: PlannedBus,
    /// The participants, each an instance.
    pub members: Vec<Member>,
    /// How long all of them together may take until they are ready.
    pub ready_within: Duration,
    /// How long they may take to end when asked to, before they are killed.
    pub stop_within: Duration,
}

/// The bus of a [`Plan`].
#[derive(Clone)]
pub enum PlannedBus {
    /// `duet bus` as a process of its own on a free port: the memory bus, which lives as long as that process.
    Embedded,
    /// Somebody else's, at this URL, as `--bus` takes it; it may hold a password.
    Url(String),
}

impl fmt::Debug for PlannedBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("Embedded"),
            Self::Url(url) => write!(f, "Url({})", redact(url)),
        }
    }
}

/// A process of a [`Plan`]: one instance of a participant.
#[derive(Clone)]
pub struct Member {
    /// What it runs, and which of its instances it is.
    pub id: ProcessId,
    /// The URL of its store, as `--store` takes it; it may hold a password.
    pub store: String,
    /// Where it serves HTTP; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Further arguments, after those that every process gets.
    pub args: Vec<String>,
    /// Further variables of its environment, which is this process' own otherwise; those without a value are not handed on.
    pub env: Vec<(String, Option<String>)>,
}

impl fmt::Debug for Member {
    /// Without secrets: variables by their names alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let env: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("Member")
            .field("id", &self.id)
            .field("store", &redact(&self.store))
            .field("listen", &self.listen)
            .field("args", &self.args)
            .field("env", &env)
            .finish()
    }
}

impl Member {
    /// The first instance of a program with its store, on a free port of 127.0.0.1.
    #[must_use]
    pub fn new(program: Program, store: impl Into<String>) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { id: ProcessId::first(program), store: store.into(), listen, args: Vec::new(), env: Vec::new() }
    }

    /// What to start it with, on the bus at `bus`, with the gateway's ledger at `ledger` unless its environment names
    /// another.
    pub(crate) fn spec(&self, bus: &str, ledger: &Path) -> Spec {
        let own = |name: &str, value: &str| (OsString::from(name), Some(OsString::from(value)));
        let mut env = vec![(OsString::from("DUET_LEDGER"), Some(ledger.as_os_str().to_owned()))];
        let given = |value: &Option<String>| value.as_ref().map(OsString::from);
        env.extend(self.env.iter().map(|(name, value)| (OsString::from(name), given(value))));
        env.push(own("DUET_BUS", bus));
        env.push(own("DUET_STORE", &self.store));
        env.push(own("DUET_LISTEN", &self.listen.to_string()));
        // Other ways of saying the same, which would contradict.
        env.push(("DUET_BUS_FILE".into(), None));
        env.push(("DUET_STORE_FILE".into(), None));
        Spec { id: self.id, args: self.args.iter().map(OsString::from).collect(), env }
    }
}

/// What to start `duet bus` with.
pub(crate) fn bus_spec(listen: SocketAddr) -> Spec {
    let env = vec![(OsString::from("DUET_LISTEN"), Some(listen.to_string().into()))];
    Spec { id: ProcessId::first(Program::Bus), args: Vec::new(), env }
}

/// Why a system of processes is not running.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum ProcessesError {
    /// The programs are not there.
    #[error(transparent)]
    Missing(#[from] MissingPrograms),
    /// The folder cannot be used.
    #[error("the folder {} cannot be written", folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    /// A process could not be started.
    #[error("{id} cannot be started")]
    Start {
        id: ProcessId,
        #[source]
        source: io::Error,
    },
    /// A process ended without being asked to.
    #[error("{id} {exit}{}", shown(log))]
    Ended {
        id: ProcessId,
        exit: Exit,
        /// The end of its log.
        log: Vec<String>,
    },
    /// A process did not become ready in time.
    #[error("{id} is not ready after {} s: {reason}{}", within.as_secs(), shown(log))]
    NotReady {
        id: ProcessId,
        /// What it says about it.
        reason: String,
        /// How long all were waited for.
        within: Duration,
        /// The end of its log.
        log: Vec<String>,
    },
    /// Threads cannot be had.
    #[error("the operating system gives no thread")]
    Threads(#[source] io::Error),
}

fn shown(log: &[String]) -> String {
    if log.is_empty() { String::new() } else { format!("\nThe end of its log:\n  {}", log.join("\n  ")) }
}

/// How one of [`Processes::stop`]'s processes ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Which.
    pub id: ProcessId,
    /// How.
    pub exit: Exit,
    /// It did not end when asked to, and was killed.
    pub killed: bool,
}

/// A running system. Dropping it kills the processes; [`Processes::stop`] ends them in order.
#[derive(Debug)]
pub struct Processes {
    running: BTreeMap<ProcessId, Running>,
    seen: mpsc::Receiver<(ProcessId, Seen)>,
    watch: keeper::Watch,
    bus_url: String,
    plan: Plan,
    // Last: its end is the processes' end.
    launcher: Launcher,
}

#[derive(Debug)]
struct Running {
    keeper: Keeper,
    log: Log,
    log_from: u64,
    address: Option<SocketAddr>,
    /// Whether it is ready, and if not, why.
    ready: Result<(), String>,
    exit: Option<Exit>,
}

impl Processes {
    /// Starts all processes of the plan and waits until every one of them is ready. Needs a runtime, which must go on
    /// for as long as the processes are to.
    ///
    /// # Errors
    /// Something stands against it; nothing runs any more then.
    pub async fn start(plan: &Plan) -> Result<Self, ProcessesError> {
        let embedded = matches!(plan.bus, PlannedBus::Embedded).then_some(Program::Bus);
        plan.programs.check(plan.members.iter().map(|member| member.id.program).chain(embedded))?;
        let logs = plan.folder.join("logs");
        std::fs::create_dir_all(&logs).map_err(|source| ProcessesError::Folder { folder: logs, source })?;
        let (watch, seen) = mpsc::channel(SEEN_MAX);
        let launcher = Launcher::new().map_err(ProcessesError::Threads)?;
        let (plan, bus_url, running) = (plan.clone(), String::new(), BTreeMap::new());
        let mut processes = Self { running, seen, watch, bus_url, plan, launcher };
        let deadline = Instant::now() + processes.plan.ready_within;
        processes.bus_url = match &processes.plan.bus {
            PlannedBus::Url(url) => url.clone(),
            PlannedBus::Embedded => {
                processes.begin(bus_spec((Ipv4Addr::LOCALHOST, 0).into())).await?;
                processes.until_ready(deadline).await?;
                let bus = &processes.running[&ProcessId::first(Program::Bus)];
                let address = bus.address.expect("what is ready has said where it listens");
                format!("tcp://{address}")
            }
        };
        let ledger = processes.plan.folder.join("gateway.ledger");
        for member in processes.plan.members.clone() {
            processes.begin(member.spec(&processes.bus_url, &ledger)).await?;
        }
        processes.until_ready(deadline).await?;
        Ok(processes)
    }

    async fn begin(&mut self, spec: Spec) -> Result<(), ProcessesError> {
        let id = spec.id;
        let log = Log::new(&self.plan.folder.join("logs"), &id.to_string());
        let log_from = log.len();
        let started =
            Keeper::start(&spec, &self.plan.programs, log.clone(), &self.launcher, self.watch.clone()).await;
        let keeper = started.map_err(|source| ProcessesError::Start { id, source })?;
        let ready = Err("it has not said yet where it listens".to_owned());
        self.running.insert(id, Running { keeper, log, log_from, address: None, ready, exit: None });
        Ok(())
    }

    async fn until_ready(&mut self, deadline: Instant) -> Result<(), ProcessesError> {
        while let Some((&id, process)) = self.running.iter().find(|(_, process)| process.ready.is_err()) {
            let reason = process.ready.clone().err().unwrap_or_default();
            match timeout_at(deadline, self.seen.recv()).await {
                Ok(Some((id, seen))) => self.note(id, seen),
                Ok(None) | Err(_) => {
                    let (within, log) = (self.plan.ready_within, self.tail(id));
                    return Err(ProcessesError::NotReady { id, reason, within, log });
                }
            }
            self.none_ended()?;
        }
        Ok(())
    }

    fn note(&mut self, id: ProcessId, seen: Seen) {
        let Some(process) = self.running.get_mut(&id) else { return };
        match seen {
            Seen::Listening(address) => process.address = Some(address),
            Seen::Ready => process.ready = Ok(()),
            Seen::NotReady(reason) => process.ready = Err(reason),
            Seen::Ended(exit) => process.exit = Some(exit),
        }
    }

    fn none_ended(&self) -> Result<(), ProcessesError> {
        let ended = self.running.iter().find_map(|(&id, process)| Some((id, process.exit.clone()?)));
        match ended {
            Some((id, exit)) => Err(ProcessesError::Ended { id, exit, log: self.tail(id) }),
            None => Ok(()),
        }
    }

    fn tail(&self, id: ProcessId) -> Vec<String> {
        self.running
            .get(&id)
            .map_or_else(Vec::new, |process| process.log.tail(process.log_from, LOG_LINES_SHOWN))
    }

    /// The bus that they are connected by, as `--bus` takes it. May hold a password.
    #[must_use]
    pub fn bus_url(&self) -> &str {
        &self.bus_url
    }

    /// The process ids; `duet bus`, where it is one of them, included.
    #[must_use]
    pub fn pids(&self) -> Vec<(ProcessId, u32)> {
        self.running.iter().map(|(&id, process)| (id, process.keeper.identity.pid)).collect()
    }

    /// Where each process serves: HTTP, or the bus.
    #[must_use]
    pub fn addresses(&self) -> Vec<(ProcessId, SocketAddr)> {
        self.running.iter().filter_map(|(&id, process)| Some((id, process.address?))).collect()
    }

    /// What each process has used so far; those are left out about which the system says nothing.
    #[must_use]
    pub fn usage(&self) -> Vec<(ProcessId, Usage)> {
        let usage =
            |(&id, process): (&ProcessId, &Running)| Some((id, kernel::usage(process.keeper.identity.pid)?));
        self.running.iter().filter_map(usage).collect()
    }

    /// Checks that all of them still run. Whether they are ready is another matter: a broker may be away for a while.
    ///
    /// # Errors
    /// [`ProcessesError::Ended`]: one has ended.
    pub fn check(&mut self) -> Result<(), ProcessesError> {
        while let Ok((id, seen)) = self.seen.try_recv() {
            self.note(id, seen);
        }
        self.none_ended()
    }

    /// Asks the participants to end by SIGTERM, then the bus, and kills what takes longer than
    /// [`Plan::stop_within`]. Returns how each of them ended.
    pub async fn stop(mut self) -> Vec<Stopped> {
        let is_bus = |id: &ProcessId| id.program == Program::Bus;
        let (bus, participants): (Vec<_>, Vec<_>) = self.running.keys().copied().partition(is_bus);
        let mut stopped = Vec::new();
        for ids in [participants, bus] {
            let signal = |processes: &Self, signal| {
                let still = ids.iter().filter(|id| processes.running[id].exit.is_none());
                still.copied().inspect(|id| processes.running[id].keeper.signal(signal)).collect::<Vec<_>>()
            };
            signal(&self, Signal::TERM);
            self.until_ended(&ids).await;
            let killed = signal(&self, Signal::KILL);
            self.until_ended(&ids).await;
            stopped.extend(ids.iter().map(|&id| {
                let unknown = Exit { code: None, signal: None, reason: None };
                let exit = self.running[&id].exit.clone().unwrap_or(unknown);
                Stopped { id, exit, killed: killed.contains(&id) }
            }));
        }
        stopped
    }

    /// Waits until those have ended, for as long as they may take.
    async fn until_ended(&mut self, ids: &[ProcessId]) {
        let deadline = Instant::now() + self.plan.stop_within;
        while ids.iter().any(|id| self.running[id].exit.is_none()) {
            match timeout_at(deadline, self.seen.recv()).await {
                Ok(Some((id, seen))) => self.note(id, seen),
                Ok(None) | Err(_) => return,
            }
        }
    }
}
