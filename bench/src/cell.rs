//! One style on one bus and one store: the whole system in this process, loaded, observed and audited.
//!
//! A cell runs as a process of its own (`duet cell`), so that its CPU time, its peak memory and its allocator are its
//! own. It is told what to do on its standard input and answers on its standard output (see [`protocol`]); the
//! end of its input, as when the process that started it dies, ends it at once.
//!
//! The main thread sends, a thread of its own observes, and the runtime's workers run the system between them.

mod drain;
mod error;
mod files;
mod flight;
mod live;
mod measured;
mod observer;
mod patience;
pub mod protocol;
mod sender;
mod source;
mod system;

use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::measure::{peak_rss_bytes, process_cpu, thread_cpu};
use crate::phase::Phase;
use crate::report::Phases;
pub use error::CellError;
pub use files::{Audited, audit_folder};
use flight::Flight;
use live::{Live, Stopped};
use measured::{Peaks, Saturated};
pub(crate) use observer::OUTCOMES_FILE;
pub(crate) use patience::answered;
use protocol::{Answer, AtRate, Finished, Load, Request, Sent, Spec};
use sender::{Sender, Steady};
use system::Work;
pub(crate) use system::groups;

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
            Request::Send(load) => answer(&Answer::Sent(cell.send(load)?)),
            Request::Park => {
                cell.park()?;
                answer(&Answer::Parked);
            }
            Request::Resume => {
                cell.resume()?;
                answer(&Answer::Ready);
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

/// A cell between its start and its end.
struct Running {
    spec: Spec,
    runtime: Runtime,
    flight: Arc<Flight>,
    sender: Sender,
    /// `None` while it is parked.
    live: Option<Live>,
    /// What was known when it last stopped running.
    stopped: Option<Stopped>,
    /// What earlier lives have done.
    past: Work,
    /// The most memory that each process of earlier lives had.
    peaks: Peaks,
    sent: Phases,
    saturated: Saturated,
    /// How late a paced order was sent at most.
    late_max: Duration,
    notes: Vec<String>,
}

impl Running {
    fn start(spec: Spec, runtime: Runtime, stop: Arc<AtomicBool>) -> Result<Self, CellError> {
        let flight = Arc::new(Flight::default());
        let (live, publisher) = Live::start(&spec, &runtime, &flight)?;
        let sender = Sender::new(&spec, publisher, runtime.handle().clone(), Arc::clone(&flight), stop)?;
        Ok(Self {
            spec,
            runtime,
            flight,
            sender,
            live: Some(live),
            stopped: None,
            past: Work::NONE,
            peaks: Peaks::default(),
            sent: Phases::default(),
            saturated: Saturated::default(),
            late_max: Duration::ZERO,
            notes: Vec::new(),
        })
    }

    fn live(&self) -> Result<&Live, CellError> {
        self.live.as_ref().ok_or_else(|| CellError::Protocol("it is parked".to_owned()))
    }

    fn send(&mut self, load: Load) -> Result<Sent, CellError> {
        self.live()?;
        let progress = progress();
        let (mut reached_per_s, mut at_rate) = (None, None);
        let orders = match load.phase {
            Phase::Alone => self.sender.alone(load, progress)?,
            Phase::Paced => {
                let orders = self.sender.paced(load, progress)?;
                self.late_max = self.late_max.max(self.sender.take_late_max());
                orders
            }
            Phase::Curve => {
                let (orders, found) = self.at_rate(load, progress)?;
                at_rate = Some(found);
                orders
            }
            Phase::WarmUp => {
                let (orders, steady) = self.sender.saturated(load, progress)?;
                reached_per_s = steady.orders_per_s();
                orders
            }
            Phase::Saturated => {
                let (orders, steady) = self.saturate(load, progress)?;
                reached_per_s = steady.orders_per_s();
                orders
            }
        };
        *self.sent.of_mut(load.phase) += orders;
        if let Some(live) = &mut self.live {
            live.system.check()?;
        }
        let (cut, orders_per_s) = (self.sender.stopping(), self.saturated.orders_per_s());
        Ok(Sent { orders, reached_per_s, at_rate, cut, orders_per_s })
    }

    fn saturate(&mut self, load: Load, progress: impl FnMut(u64)) -> Result<(u64, Steady), CellError> {
        let before = self.used()?;
        let (sent, steady) = self.sender.saturated(load, progress)?;
        let after = self.used()?;
        self.saturated.add(sent, steady, &before, &after);
        Ok((sent, steady))
    }

    /// Sends at a rate, and says what that was like. An order of an earlier phase that waits for its time-out may end
    /// meanwhile: its work counts here, as that of this one's may count later.
    fn at_rate(&mut self, load: Load, progress: impl FnMut(u64)) -> Result<(u64, AtRate), CellError> {
        let before = self.used()?;
        let sent = self.sender.paced(load, progress)?;
        let after = self.used()?;
        let found = AtRate {
            latency_ms: self.flight.take_at_rate().percentiles(),
            sender_late_ms_max: self.sender.take_late_max().as_secs_f64() * 1000.0,
            cpu_s: measured::cpu_between(&before, &after, self.spec.processes).as_secs_f64(),
        };
        Ok((sent, found))
    }

    /// What was used so far, by this process and the thread that calls.
    fn used(&self) -> Result<measured::Used, CellError> {
        let live = self.live()?;
        Ok(measured::Used {
            cpu: process_cpu(),
            cpu_measuring: thread_cpu() + live.observer_cpu(),
            processes: live.system.used(),
            work: self.runtime.block_on(live.system.work())?,
        })
    }

    /// Waits for what is in flight and stops running. A bus that lives in this process goes on: it has nothing to do
    /// then, and what it keeps would be gone.
    fn park(&mut self) -> Result<(), CellError> {
        if !self.spec.bus.is_broker() {
            return Ok(());
        }
        self.rest()?;
        self.stop()
    }

    fn resume(&mut self) -> Result<(), CellError> {
        if self.live.is_none() {
            let (live, publisher) = Live::start(&self.spec, &self.runtime, &self.flight)?;
            self.sender.reconnect(publisher);
            self.live = Some(live);
        }
        Ok(())
    }

    /// Waits until there is nothing left to do, or patience is at an end; then there is something to be said.
    fn rest(&mut self) -> Result<(), CellError> {
        let patience = Duration::from_millis(self.spec.drain_ms_max);
        let mut notes = Vec::new();
        if !self.sender.stalled() {
            notes.extend(drain::flight(&self.flight, patience));
        }
        let stuck = self.sender.stalled() || !notes.is_empty();
        if stuck {
            notes.push(drain::describe(&self.flight, patience));
        }
        // Orders that are stuck stay so; but that the bus or a store has gone is why, and ends the cell.
        let patience = if stuck { Duration::ZERO } else { patience };
        let left = self.runtime.block_on(drain::system(&self.live()?.system, patience))?;
        notes.extend(left.filter(|_| !stuck));
        self.notes.append(&mut notes);
        Ok(())
    }

    fn stop(&mut self) -> Result<(), CellError> {
        let Some(live) = self.live.take() else { return Ok(()) };
        self.sender.disconnect();
        let stopped = live.stop(&self.runtime)?;
        self.past += stopped.work;
        self.peaks.add(&stopped.used);
        self.stopped = Some(stopped);
        Ok(())
    }

    fn finish(mut self) -> Result<Finished, CellError> {
        // One that is parked was at rest when it stopped, and was sent nothing since.
        if self.live.is_some() {
            self.rest()?;
        }
        let peak_rss_bytes = peak_rss_bytes();
        self.stop()?;
        let Some(stopped) = self.stopped else { return Err(CellError::Protocol("it never ran".to_owned())) };
        self.sender.finish(&self.spec.dir)?;
        files::write_observed(&self.spec, stopped.queues, self.flight.read(flight::State::amiss))?;
        let audited = self.runtime.block_on(files::audit(&self.spec.dir, &self.spec.store, &|_, _| {}))?;
        let seen = measured::Seen {
            spec: &self.spec,
            sent: self.sent,
            saturated: &self.saturated,
            work: self.past,
            peaks: &self.peaks,
            late_max: self.late_max,
            peak_rss_bytes,
            bus_durability: stopped.bus_durability,
            store_durability: measured::store_durability(&self.spec, stopped.store_durability),
        };
        let cell = self.flight.read(|state| measured::cell(&seen, state, &audited));
        Ok(Finished {
            cell,
            violations_total: audited.verdict.violations_total,
            violations: audited.verdict.violations,
            notes: self.notes,
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
