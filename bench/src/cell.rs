//! One style on one bus and one store: the whole system in this process, loaded, observed and audited.
//!
//! A cell runs as a process of its own (`duet cell`), so that its CPU time, its peak memory and its allocator are its
//! own. It is told what to do on its standard input and answers on its standard output (see [`protocol`]); the
//! end of its input, as when the process that started it dies, ends it at once.
//!
//! The main thread sends, a thread of its own observes, and the runtime's workers run the system between them.

mod drain;
mod files;
mod flight;
mod observer;
pub mod protocol;
mod sender;
mod source;
mod system;

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bus::{BusError, Origin};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::measure::{peak_rss_bytes, process_cpu, thread_cpu};
use crate::orders_file::OrdersFileError;
use crate::report::Cell;
pub use files::{Audited, audit_folder};
use flight::Flight;
pub(crate) use observer::OUTCOMES_FILE;
use observer::Observer;
use protocol::{Answer, Finished, Phase, Request, Spec};
use sender::{Sender, Steady};
use system::System;

/// Why a cell cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CellError {
    /// The bus refuses for good.
    #[error("the bus cannot be used")]
    Bus(#[source] BusError),
    /// A store cannot be opened.
    #[error("the system cannot be started")]
    Open(#[source] Box<host::HostError>),
    /// A store cannot be read.
    #[error("the store of {name} cannot be used")]
    Store {
        /// Whose.
        name: &'static str,
        /// Why not.
        #[source]
        source: store::StoreError,
    },
    /// A file of the cell cannot be made, read or written.
    #[error("{} cannot be used", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The list of what was sent cannot be written.
    #[error("the list of sent orders cannot be written: is the disk full?")]
    Sent(#[source] std::io::Error),
    /// The list of outcomes cannot be written.
    #[error("the list of outcomes cannot be written: is the disk full?")]
    Outcomes(#[source] std::io::Error),
    /// The user's orders cannot be read.
    #[error(transparent)]
    Orders(#[from] OrdersFileError),
    /// A participant gave up.
    #[error("a participant cannot go on")]
    Participant(#[from] participant::ParticipantError),
    /// The orchestrator's workflow cannot be used.
    #[error("the workflow cannot be used: {0}")]
    Workflow(String),
    /// A part of the program ended by a panic.
    #[error("{0} ended by a panic; what it said stands above")]
    Panicked(&'static str),
    /// The auditor could not come to a verdict.
    #[error("the audit failed")]
    Audit(#[from] auditor::AuditError),
    /// Threads cannot be had.
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
    /// Whoever started this cell does not speak its language.
    #[error("the cell was asked for something that it does not understand: {0}")]
    Protocol(String),
}

/// Runs a cell as [`protocol`] says, to its end. What cannot be told to the other side (it has gone) is not told.
pub fn main() {
    let mut input = std::io::BufReader::new(std::io::stdin()).lines();
    let first = input.next().and_then(Result::ok).unwrap_or_default();
    let ended = match serde_json::from_str::<Spec>(&first) {
        Ok(spec) => run(spec, requests(input)),
        Err(error) => Err(CellError::Protocol(error.to_string())),
    };
    if let Err(error) = ended {
        answer(&Answer::Failed { error: telemetry::chain(&error) });
    }
}

/// What the other side asks for, read by a thread of its own: `Stop` must be heard while orders are being sent.
struct Requests {
    next: mpsc::Receiver<Request>,
    stop: Arc<AtomicBool>,
}

/// How many requests may wait; the other side waits for each one's answer, but for `Stop`.
const REQUESTS_MAX: usize = 16;

fn requests(input: impl Iterator<Item = std::io::Result<String>> + Send + 'static) -> Requests {
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, next) = mpsc::sync_channel(REQUESTS_MAX);
    let stopping = Arc::clone(&stop);
    std::thread::spawn(move || {
        for line in input.map_while(Result::ok) {
            match serde_json::from_str(&line) {
                Ok(Request::Stop) => stopping.store(true, Ordering::Relaxed),
                // The other end goes only with the process.
                Ok(request) => drop(sender.send(request)),
                Err(error) => answer(&Answer::Failed { error: format!("not a request: {line:?}: {error}") }),
            }
        }
        // Nobody listens any more: what is in the temporary folder is of no use to anybody.
        std::process::exit(1);
    });
    Requests { next, stop }
}

fn answer(answer: &Answer) {
    let mut line = serde_json::to_string(answer).expect("answers have only string keys and finite numbers");
    line.push('\n');
    let mut output = std::io::stdout().lock();
    // A closed output means that the other side has gone; the input's end says so, too.
    let _ = output.write_all(line.as_bytes()).and_then(|()| output.flush());
}

fn run(spec: Spec, requests: Requests) -> Result<(), CellError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(spec.worker_threads.max(1))
        .enable_all()
        .build()
        .map_err(CellError::Threads)?;
    let mut cell = Running::start(spec, runtime, requests.stop)?;
    answer(&Answer::Ready);
    while let Ok(request) = requests.next.recv() {
        match request {
            Request::Send { phase, orders } => {
                let sent = cell.send(phase, orders)?;
                answer(&Answer::Sent { orders: sent });
            }
            // Heard by the reading thread.
            Request::Stop => {}
            Request::Finish => {
                let finished = cell.finish()?;
                answer(&Answer::Finished(Box::new(finished)));
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Sums over all saturated phases.
#[derive(Clone, Copy, Debug, Default)]
struct Saturated {
    orders: u64,
    steady: Steady,
    cpu: Duration,
    cpu_measuring: Duration,
    commits: u64,
}

struct Running {
    spec: Spec,
    runtime: Runtime,
    system: System,
    flight: Arc<Flight>,
    sender: Sender,
    observer: std::thread::JoinHandle<Result<(), CellError>>,
    observer_cpu_ns: Arc<AtomicU64>,
    stop_observer: oneshot::Sender<()>,
    sent: u64,
    saturated: Saturated,
}

impl Running {
    fn start(spec: Spec, runtime: Runtime, stop: Arc<AtomicBool>) -> Result<Self, CellError> {
        let flight = Arc::new(Flight::default());
        let observer_cpu_ns = Arc::new(AtomicU64::new(0));
        let (system, publisher, observer) = runtime.block_on(async {
            let mut system = System::open(&spec)?;
            // Who listens must be known before anything is sent.
            system.declare().await?;
            let bus = system.unmetered();
            let cpu_ns = Arc::clone(&observer_cpu_ns);
            let observer = Observer::subscribe(bus, Arc::clone(&flight), &spec.dir, cpu_ns).await?;
            system.start()?;
            let publisher = system.metered().publisher(Origin::Edge).await.map_err(CellError::Bus)?;
            Ok::<_, CellError>((system, publisher, observer))
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
        let sender = Sender::new(&spec, publisher, runtime.handle().clone(), Arc::clone(&flight), stop)?;
        Ok(Self {
            spec,
            runtime,
            system,
            flight,
            sender,
            observer,
            observer_cpu_ns,
            stop_observer,
            sent: 0,
            saturated: Saturated::default(),
        })
    }

    fn send(&mut self, phase: Phase, orders: u64) -> Result<u64, CellError> {
        let progress = progress();
        let sent = match phase {
            Phase::Alone => self.sender.alone(orders, progress)?,
            Phase::Paced => self.sender.paced(orders, progress)?,
            Phase::WarmUp => self.sender.saturated(orders, phase, progress)?.0,
            Phase::Saturated => self.saturate(orders, progress)?,
        };
        self.sent += sent;
        self.system.check()?;
        Ok(sent)
    }

    fn saturate(&mut self, orders: u64, progress: impl FnMut(u64)) -> Result<u64, CellError> {
        let measuring = || Duration::from_nanos(self.observer_cpu_ns.load(Ordering::Relaxed)) + thread_cpu();
        let before = (process_cpu(), measuring(), self.system.commits());
        let (sent, steady) = self.sender.saturated(orders, Phase::Saturated, progress)?;
        let measuring = || Duration::from_nanos(self.observer_cpu_ns.load(Ordering::Relaxed)) + thread_cpu();
        let sums = &mut self.saturated;
        sums.orders += sent;
        sums.steady.orders += steady.orders;
        sums.steady.took += steady.took;
        sums.cpu += process_cpu() - before.0;
        sums.cpu_measuring += measuring() - before.1;
        sums.commits += self.system.commits() - before.2;
        Ok(sent)
    }

    fn finish(self) -> Result<Finished, CellError> {
        let Self { spec, runtime, mut system, flight, sender, observer, stop_observer, .. } = self;
        let patience = Duration::from_millis(spec.drain_ms_max);
        let (sent, saturated) = (self.sent, self.saturated);
        let (late_max, stalled) = (sender.late_max(), sender.stalled());
        let mut notes = Vec::new();
        if !stalled {
            notes.extend(drain::flight(&flight, patience));
        }
        if stalled || !notes.is_empty() {
            notes.push(drain::describe(&flight, patience));
        } else {
            notes.extend(runtime.block_on(drain::system(&system, patience))?);
        }
        let counters = system.counters();
        let peak_rss_bytes = peak_rss_bytes();
        sender.finish(&spec.dir)?;
        runtime.block_on(system.stop())?;
        let _ = stop_observer.send(());
        observer.join().map_err(|_| CellError::Panicked("the observer"))??;
        let durability = (system.bus_durability(), system.store_durability(&spec.dir));
        let queues = runtime.block_on(system.queues())?;
        // Closes the stores, so that the auditor reads what is in the files.
        drop(system);
        let unexpected = flight.read(flight::State::amiss);
        files::write_observed(&spec, queues, unexpected)?;
        let audited = runtime.block_on(audit_folder(&spec.dir))?;
        let cell = flight.read(|state| measured(&spec, sent, saturated, &counters, state, &audited));
        let cell = Cell {
            peak_rss_bytes,
            sender_late_ms_max: Some(late_max.as_secs_f64() * 1000.0).filter(|_| cell.latency_ms.is_some()),
            ..cell
        };
        Ok(Finished {
            cell,
            violations_total: audited.verdict.violations_total,
            violations: audited.verdict.violations,
            bus_durability: durability.0,
            store_durability: durability.1,
            notes,
        })
    }
}

/// Tells how far a phase is, a few times a second.
fn progress() -> impl FnMut(u64) {
    const EVERY: Duration = Duration::from_millis(200);
    let mut told = Instant::now();
    move |sent| {
        if told.elapsed() >= EVERY {
            told = Instant::now();
            answer(&Answer::Progress { sent });
        }
    }
}

fn measured(
    spec: &Spec,
    sent: u64,
    saturated: Saturated,
    counters: &bus::metered::Counters,
    state: &flight::State,
    audited: &Audited,
) -> Cell {
    let per = |amount: f64, orders: u64| (orders > 0).then(|| amount / orders as f64);
    let per_1000 = |cpu: Duration| per(cpu.as_secs_f64() * 1000.0, saturated.orders);
    let total = counters.total();
    let summary = audited.verdict.styles.get(&spec.style).cloned().unwrap_or_default();
    let steady_s = saturated.steady.took.as_secs_f64();
    Cell {
        style: spec.style,
        bus: "memory".to_owned(),
        store: "sqlite".to_owned(),
        orders: summary.accepted,
        outcomes: [
            (contract::TerminalState::Delivered, summary.delivered),
            (contract::TerminalState::Rejected, summary.rejected),
            (contract::TerminalState::Cancelled, summary.cancelled),
        ]
        .into(),
        unaccounted: summary.unaccounted,
        outcomes_digest: format!("{:016x}", state.digest),
        orders_per_s: (steady_s > 0.0).then(|| saturated.steady.orders as f64 / steady_s),
        latency_ms: state.delivered.percentiles(),
        latency_waiting_ms: state.waiting.percentiles(),
        latency_refused_ms: state.refused.percentiles(),
        latency_alone_ms: state.alone.percentiles(),
        latency_us_buckets: state.delivered.buckets(),
        sender_late_ms_max: None,
        messages_per_order: per(total.published as f64, sent),
        deliveries_per_order: per(total.deliveries as f64, sent),
        bytes_per_order: per(total.published_bytes as f64, sent),
        cpu_s_per_1000_orders: per_1000(saturated.cpu.saturating_sub(saturated.cpu_measuring)),
        cpu_s_per_1000_orders_measuring: per_1000(saturated.cpu_measuring),
        peak_rss_bytes: None,
        store_commits_per_order: per(saturated.commits as f64, saturated.orders),
        paths: summary.paths,
    }
}
