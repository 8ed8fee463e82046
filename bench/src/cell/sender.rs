//! Sends orders, one phase after another, from a thread of its own: its clock must not wait for the system's work.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use auditor::{SentOrder, SentWriter};
use bus::{BusError, Message, Publisher};
use contract::{Envelope, Style};
use external::Fate;
use participant::{Clock, SystemClock};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::error::CellError;
use super::flight::{self, Flight};
use super::patience::answered;
use super::protocol::{Load, Spec};
use super::source::{Next, Source};
use crate::phase::Phase;

/// Where the sender writes what it sent.
pub(super) const SENT_FILE: &str = "sent.ndjson";
/// CloudEvents source of its messages.
const EVENT_SOURCE: &str = "duet/bench";
/// Orders published in one call.
const BATCH_MAX: usize = 128;
/// How long any waiting lasts before it looks whether it is time to stop.
const LOOK_AROUND: Duration = Duration::from_millis(50);
/// The first and the longest pause when the bus has no room.
const BACKOFF_BASE: Duration = Duration::from_millis(1);
const BACKOFF_CAP: Duration = Duration::from_millis(50);

/// Sends the orders of a cell.
pub(super) struct Sender {
    style: Style,
    source: Source,
    /// `None` while the system does not run.
    publisher: Option<Arc<dyn Publisher>>,
    runtime: Handle,
    flight: Arc<Flight>,
    sent: SentWriter,
    fate: Fate,
    window: usize,
    patience: Duration,
    stop: Arc<AtomicBool>,
    /// The latest that an order of the phase with fixed times at hand was sent after it was due.
    late_max: Duration,
    /// Orders that should have ended did not, for as long as patience lasts: nothing more is sent.
    stalled: bool,
    /// An order read and not sent yet: the last phase ended before it.
    ahead: Option<Next>,
}

/// What a saturated phase reached while the window was full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steady {
    /// Orders that ended.
    pub(super) orders: u64,
    /// In which time.
    pub(super) took: Duration,
    /// Whether the window was full all the time; otherwise there were too few orders for that, and filling and emptying it
    /// are in these figures.
    pub(super) is_full: bool,
}

impl Default for Steady {
    fn default() -> Self {
        Self { orders: 0, took: Duration::ZERO, is_full: true }
    }
}

impl Steady {
    /// This and another phase.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            orders: self.orders + other.orders,
            took: self.took + other.took,
            is_full: self.is_full && other.is_full,
        }
    }

    /// Orders/s; `None` where no time passed.
    pub(super) fn orders_per_s(&self) -> Option<f64> {
        let seconds = self.took.as_secs_f64();
        (seconds > 0.0).then(|| self.orders as f64 / seconds)
    }
}

impl Sender {
    pub(super) fn new(
        spec: &Spec,
        publisher: Arc<dyn Publisher>,
        runtime: Handle,
        flight: Arc<Flight>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, CellError> {
        let path = spec.dir.join(SENT_FILE);
        Ok(Self {
            style: spec.style,
            source: Source::open(spec)?,
            publisher: Some(publisher),
            runtime,
            flight,
            sent: SentWriter::create(&path).map_err(|source| CellError::File { path, source })?,
            fate: Fate { seed: spec.seed, rates: spec.rates },
            window: spec.window.max(1),
            patience: Duration::from_millis(spec.drain_ms_max),
            stop,
            late_max: Duration::ZERO,
            stalled: false,
            ahead: None,
        })
    }

    /// From now on it sends through this one: the system was started again.
    pub(super) fn reconnect(&mut self, publisher: Arc<dyn Publisher>) {
        self.publisher = Some(publisher);
    }

    /// It sends nothing more until it is connected again.
    pub(super) fn disconnect(&mut self) {
        self.publisher = None;
    }

    /// The latest that an order was sent after it was due since this was last asked.
    pub(super) fn take_late_max(&mut self) -> Duration {
        std::mem::take(&mut self.late_max)
    }

    /// Whether it gave up waiting for orders that should have ended.
    pub(super) fn stalled(&self) -> bool {
        self.stalled
    }

    /// Everything that will be sent was.
    pub(super) fn finish(self, dir: &Path) -> Result<(), CellError> {
        let path = dir.join(SENT_FILE);
        self.sent.finish().map_err(|source| CellError::File { path, source })
    }

    /// Whether a phase is to end before all of its orders were sent.
    pub(super) fn stopping(&self) -> bool {
        self.stalled || self.stop.load(Ordering::Relaxed)
    }

    /// Sends orders one at a time, then waits for those that go straight through. Calls `progress` with how many were
    /// sent. Returns how many there were: fewer when the source ended, time was up or it was told to stop.
    pub(super) fn alone(&mut self, load: Load, mut progress: impl FnMut(u64)) -> Result<u64, CellError> {
        let (mut sent, in_time) = (0, in_time(load));
        while sent < load.orders && in_time() && !self.stopping() {
            let Some(next) = self.next()? else { break };
            self.send(vec![(next, Instant::now())], Phase::Alone)?;
            sent += 1;
            progress(sent);
            self.land();
        }
        Ok(sent)
    }

    /// Sends orders as fast as they go with at most the window in flight (those that have to wait for a
    /// back-off or a time-out do not count), then waits for those that go straight through.
    pub(super) fn saturated(
        &mut self,
        load: Load,
        mut progress: impl FnMut(u64),
    ) -> Result<(u64, Steady), CellError> {
        let (mut sent, in_time) = (0, in_time(load));
        let (window, ended_before) = (self.window, self.ended());
        let begun = Instant::now();
        let mut full_since = None;
        while sent < load.orders && in_time() {
            self.wait_for(|state| state.straight < window);
            if self.stopping() {
                break;
            }
            let (room, ended) =
                self.flight.read(|state| (window.saturating_sub(state.straight), state.ended));
            if full_since.is_none() && ended - ended_before >= window as u64 {
                full_since = Some((Instant::now(), ended));
            }
            let count = room.min(BATCH_MAX).min(usize::try_from(load.orders - sent).unwrap_or(usize::MAX));
            let batch = self.batch(count)?;
            if batch.is_empty() {
                break;
            }
            sent += batch.len() as u64;
            self.send(batch, load.phase)?;
            progress(sent);
        }
        let (all_sent, ended) = (Instant::now(), self.ended());
        self.land();
        let steady = match full_since {
            // Long enough to be a measurement.
            Some((since, first)) if ended - first >= window as u64 => {
                Steady { orders: ended - first, took: all_sent - since, is_full: true }
            }
            _ => Steady { orders: self.ended() - ended_before, took: begun.elapsed(), is_full: false },
        };
        Ok((sent, steady))
    }

    /// Sends each order when it is due: by the file's pattern where it is replayed, else at the rate. Then waits for
    /// those that go straight through.
    pub(super) fn paced(&mut self, load: Load, mut progress: impl FnMut(u64)) -> Result<u64, CellError> {
        let Load { phase, orders, rate_per_s, .. } = load;
        let mut sent = 0;
        let begun = Instant::now() + Duration::from_millis(5);
        let due_of = |next: &Next, n: u64, rate: f64| {
            begun + next.due.unwrap_or_else(|| Duration::from_secs_f64(n as f64 / rate))
        };
        while sent < orders {
            let Some(next) = self.next()? else { break };
            let due = due_of(&next, sent, rate_per_s);
            if !self.sleep_until(due) {
                self.ahead = Some(next);
                break;
            }
            // What else is due by now goes along.
            let now = Instant::now();
            let mut batch = vec![(next, due)];
            while batch.len() < BATCH_MAX && sent + (batch.len() as u64) < orders {
                let Some(next) = self.next()? else { break };
                let due = due_of(&next, sent + batch.len() as u64, rate_per_s);
                if due > now {
                    self.ahead = Some(next);
                    break;
                }
                batch.push((next, due));
            }
            self.late_max = self.late_max.max(Instant::now().saturating_duration_since(batch[0].1));
            sent += batch.len() as u64;
            self.send(batch, phase)?;
            progress(sent);
        }
        self.land();
        Ok(sent)
    }

    /// Waits for all orders in flight that need not wait for anything but their turn.
    fn land(&mut self) {
        self.wait_for(|state| state.straight == 0);
    }

    /// Waits until the state is as it should be, or nothing has ended for as long as patience lasts: then it is a
    /// stall. An interrupted run waits all the same, so that what was sent can end.
    fn wait_for(&mut self, ready: impl Fn(&flight::State) -> bool) {
        let (mut ended, mut since) = (self.ended(), Instant::now());
        while !self.stalled && !self.flight.wait(LOOK_AROUND, &ready) {
            let ended_now = self.ended();
            if ended_now != ended {
                (ended, since) = (ended_now, Instant::now());
            }
            self.stalled = since.elapsed() > self.patience;
        }
    }

    fn ended(&self) -> u64 {
        self.flight.read(|state| state.ended)
    }

    /// Whether it came to that: `false` when it is time to stop.
    fn sleep_until(&self, due: Instant) -> bool {
        while !self.stopping() {
            let rest = due.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return true;
            }
            std::thread::sleep(rest.min(LOOK_AROUND));
        }
        false
    }

    fn next(&mut self) -> Result<Option<Next>, CellError> {
        match self.ahead.take() {
            Some(next) => Ok(Some(next)),
            None => Ok(self.source.next()?),
        }
    }

    fn batch(&mut self, count: usize) -> Result<Vec<(Next, Instant)>, CellError> {
        let mut batch = Vec::with_capacity(count);
        while batch.len() < count {
            let Some(next) = self.next()? else { break };
            batch.push(next);
        }
        let now = Instant::now();
        Ok(batch.into_iter().map(|next| (next, now)).collect())
    }

    /// Puts the orders in flight, publishes them and writes them down.
    fn send(&mut self, batch: Vec<(Next, Instant)>, phase: Phase) -> Result<(), CellError> {
        let envelope = Envelope::new(self.style);
        let now = SystemClock.now();
        let messages: Vec<Message> = batch
            .iter()
            .map(|(next, _)| contract::envelope::placed(&next.order, &envelope, EVENT_SOURCE, now))
            .collect();
        // Before they are published: a terminal event may be here before the call returns.
        self.flight.add(batch.iter().map(|(next, due)| {
            let order = flight::Order { due: *due, phase, waits: waits(&self.fate, &next.order) };
            (next.order.order_id.clone(), order)
        }));
        self.publish(&messages)?;
        for (next, _) in &batch {
            self.sent.write(&SentOrder::new(&next.order, self.style)).map_err(CellError::Sent)?;
        }
        Ok(())
    }

    /// Publishes, and waits where the bus has no room or cannot be reached, for as long as patience lasts.
    fn publish(&self, messages: &[Message]) -> Result<(), CellError> {
        let Some(publisher) = &self.publisher else { return Err(CellError::Bus(BusError::Closed)) };
        let begun = Instant::now();
        let mut pause = BACKOFF_BASE;
        loop {
            let rest = self.patience.saturating_sub(begun.elapsed());
            match self.runtime.block_on(answered(rest, publisher.publish(messages))) {
                Ok(()) => return Ok(()),
                Err(error) if error.is_retryable() && begun.elapsed() < self.patience => {}
                Err(error) => return Err(CellError::Bus(error)),
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(BACKOFF_CAP);
        }
    }
}

/// Whether there is time left for more orders.
fn in_time(load: Load) -> impl Fn() -> bool {
    let begun = Instant::now();
    move || load.ms_max.is_none_or(|ms_max| begun.elapsed() < Duration::from_millis(ms_max))
}

/// Whether the order has to wait for a back-off or a time-out on its way, as the outside world's plan has it.
pub(super) fn waits(fate: &Fate, order: &contract::Order) -> bool {
    order.rejections().is_empty() && fate.makes_wait(&order.order_id)
}
