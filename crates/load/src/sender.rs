//! Sends orders when they are due, at the rate of the plan, which may change at any time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use auditor::SentOrder;
use bus::{Backoff, Bus, BusError, Message, Origin, Publisher, Subscription};
use contract::{Envelope, Order, Style};
use participant::{Clock as _, Millis, SystemClock};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::board::Board;
use super::observer::Placed;
use super::orders::Orders;
use super::plan::Plan;
use super::sendings::Sendings;

/// CloudEvents source of its messages.
const SOURCE: &str = "duet/load";
/// Orders published in one call.
const BATCH_MAX: usize = 128;
/// How far it may fall behind before it skips what it should have sent: a bus that was away is not flooded afterwards.
const BEHIND_MAX: Duration = Duration::from_secs(1);
/// Pauses when the bus does not take orders.
const BACKOFF_BASE: Duration = Duration::from_millis(20);
const BACKOFF_CAP: Duration = Duration::from_secs(1);
/// Batches that are published and not yet written down, at the most: further ones wait, and orders with them.
const UNWRITTEN_MAX: usize = 8;
/// How long it may take to write down what is sent, until that is told as a trouble.
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);

/// Sends the load.
pub struct Sender {
    orders: Orders,
    bus: Arc<dyn Bus>,
    observer: Subscription,
    board: Arc<Board>,
    sendings: Sendings,
    /// Tell when batches are written down, in their order.
    unwritten: VecDeque<oneshot::Receiver<()>>,
    orders_max: u64,
}

/// An order with its style and the time at which it is due.
type Due = (Order, Style, Millis);

impl Sender {
    /// Sends `orders` on `bus`, at most so many, and none before the observer's group is there to see it. All of them are written
    /// down in `sendings`.
    #[must_use]
    pub fn new(
        orders: Orders,
        bus: Arc<dyn Bus>,
        observer: Subscription,
        board: Arc<Board>,
        sendings: Sendings,
        orders_max: u64,
    ) -> Self {
        Self { orders, bus, observer, board, sendings, unwritten: VecDeque::new(), orders_max }
    }

    /// Sends until whoever makes the plans is gone. An order that was begun is published until the bus has it.
    pub async fn run(mut self, mut plans: watch::Receiver<Plan>) {
        let mut publisher: Option<Arc<dyn Publisher>> = None;
        let mut pace = Pace::new(plans.borrow_and_update().rate_per_s, Instant::now());
        loop {
            let resting = self.room() == 0;
            self.board.set_resting(resting);
            let due = if resting { None } else { pace.next() };
            tokio::select! {
                biased;
                changed = plans.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let plan = *plans.borrow_and_update();
                    self.board.planned(&plan);
                    pace = Pace::new(plan.rate_per_s, Instant::now());
                    continue;
                }
                () = until(due) => {}
            }
            let now = Instant::now();
            self.board.skipped(pace.skip(now, BEHIND_MAX));
            let plan = *plans.borrow();
            let batch = self.batch(&mut pace, now, plan);
            if !batch.is_empty() {
                self.send(&mut publisher, &batch).await;
            }
        }
    }

    /// How many orders more may be sent, in this life and those before altogether.
    fn room(&self) -> u64 {
        self.orders_max.saturating_sub(self.orders.made() + self.board.sent_before_so_far())
    }

    /// What is due by `now`.
    fn batch(&mut self, pace: &mut Pace, now: Instant, plan: Plan) -> Vec<Due> {
        let wall = SystemClock.now();
        let mut batch = Vec::new();
        let room = usize::try_from(self.room()).unwrap_or(usize::MAX);
        while batch.len() < BATCH_MAX.min(room) {
            let Some(due) = pace.next().filter(|due| *due <= now) else { break };
            pace.taken();
            let late = i64::try_from((now - due).as_millis()).unwrap_or(i64::MAX);
            let style = plan.style.of(self.orders.made());
            batch.push((self.orders.next(plan.decline_rate), style, wall - late));
        }
        batch
    }

    /// Publishes these orders, however often it takes, and writes down that they are.
    async fn send(&mut self, publisher: &mut Option<Arc<dyn Publisher>>, batch: &[Due]) {
        let ids = || batch.iter().map(|(order, ..)| order.order_id.as_str());
        self.board.sending(ids(), SystemClock.now());
        let placed = |(order, style, at): &Due| Placed { at: *at, sent: SentOrder::new(order, *style) };
        let (begun, written) = self.sendings.begin(batch.iter().map(placed).collect()).await;
        self.unwritten.push_back(written);
        let taken = self.publish_all(publisher, batch).await;
        self.mind_the_unwritten().await;
        if !taken {
            self.board.withdrawn(ids());
            return sleep(BACKOFF_CAP).await;
        }
        if self.board.trouble().is_some() {
            tracing::info!("orders are sent again");
            self.board.set_trouble(None);
        }
        let sent = batch.iter().map(|(order, style, _)| (order.order_id.as_str(), *style));
        self.board.sent(sent, SystemClock.now());
        self.sendings.confirmed(begun).await;
    }

    /// Whether the bus has taken them: it may refuse them for good.
    async fn publish_all(&self, publisher: &mut Option<Arc<dyn Publisher>>, batch: &[Due]) -> bool {
        let message = |(order, style, due): &Due| {
            contract::envelope::placed(order, &Envelope::new(*style), SOURCE, *due)
        };
        let messages: Vec<Message> = batch.iter().map(message).collect();
        let mut backoff = Backoff::new(BACKOFF_BASE, BACKOFF_CAP, u64::from(std::process::id()));
        loop {
            let Err(error) = self.publish(publisher, &messages).await else { return true };
            self.board.failed();
            if self.board.trouble().is_none() {
                tracing::warn!(%error, "the bus takes no orders; trying again");
            }
            self.board.set_trouble(Some(error.to_string()));
            *publisher = None;
            if !error.is_retryable() && !matches!(error, BusError::Closed) {
                return false;
            }
            sleep(backoff.next_delay()).await;
        }
    }

    /// Waits while too much of what is sent is not written down: nothing more is sent before.
    async fn mind_the_unwritten(&mut self) {
        while let Some(mut oldest) = self.unwritten.pop_front() {
            if oldest.try_recv() == Err(TryRecvError::Empty) {
                if self.unwritten.len() < UNWRITTEN_MAX {
                    return self.unwritten.push_front(oldest);
                }
                self.until_written(oldest).await;
            }
        }
    }

    /// Waits until it is written down.
    async fn until_written(&self, mut written: oneshot::Receiver<()>) {
        // Its only error is that nobody writes any more.
        if timeout(WRITTEN_WITHIN, &mut written).await.is_err() {
            let trouble = "what is sent cannot be written down: the observer's store does not answer";
            self.board.set_trouble(Some(trouble.to_owned()));
            let _ = written.await;
        }
    }

    async fn publish(
        &self,
        publisher: &mut Option<Arc<dyn Publisher>>,
        messages: &[Message],
    ) -> Result<(), BusError> {
        // No time-out here: a publish ends by itself, and a bus may need its own for what it does about it.
        let publisher = match publisher {
            Some(publisher) => publisher,
            None => {
                self.bus.declare(&self.observer).await?;
                publisher.insert(self.bus.publisher(Origin::Edge).await?)
            }
        };
        publisher.publish(messages).await
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// When the next order is due.
#[derive(Debug)]
struct Pace {
    begun: Instant,
    /// Time between two orders; `None`: no orders.
    gap: Option<Duration>,
    taken: u64,
}

impl Pace {
    fn new(rate_per_s: f64, begun: Instant) -> Self {
        // A rate that is next to nothing has a gap too long for a Duration: then there is nothing.
        let gap = Duration::try_from_secs_f64(1.0 / rate_per_s).ok();
        Self { begun, gap, taken: 0 }
    }

    fn next(&self) -> Option<Instant> {
        // Not the sum of gaps, whose rounding would add up.
        let since = self.gap?.as_secs_f64() * self.taken as f64;
        self.begun.checked_add(Duration::try_from_secs_f64(since).ok()?)
    }

    fn taken(&mut self) {
        self.taken += 1;
    }

    /// Leaves out what was due more than `behind_max` before `now`, and says how many that were.
    fn skip(&mut self, now: Instant, behind_max: Duration) -> u64 {
        let Some(gap) = self.gap else { return 0 };
        let Some(behind) = self.next().and_then(|next| now.checked_duration_since(next)) else { return 0 };
        if behind <= behind_max {
            return 0;
        }
        let skipped = (behind.as_secs_f64() / gap.as_secs_f64()) as u64;
        self.taken += skipped;
        skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_due_at_even_distances() {
        let begun = Instant::now();
        let mut pace = Pace::new(300.0, begun);
        for n in 0..3_000_u32 {
            let exact = Duration::from_secs_f64(f64::from(n) / 300.0);
            assert!(pace.next().unwrap().duration_since(begun).abs_diff(exact) < Duration::from_micros(10));
            pace.taken();
        }
        assert_eq!(Pace::new(0.0, begun).next(), None);
        assert_eq!(Pace::new(1e-300, begun).next(), None);
    }

    #[test]
    fn what_could_not_be_sent_for_long_is_left_out() {
        let begun = Instant::now();
        let mut pace = Pace::new(10.0, begun);
        assert_eq!(pace.skip(begun + Duration::from_millis(900), Duration::from_secs(1)), 0);
        let skipped = pace.skip(begun + Duration::from_secs(60), Duration::from_secs(1));
        assert!((599..=600).contains(&skipped), "{skipped}");
        assert_eq!(pace.skip(begun + Duration::from_secs(60), Duration::from_secs(1)), 0);
    }
}
