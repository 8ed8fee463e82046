//! The pipeline: gather a batch, decide it, commit it, publish, settle, forget.
//!
//! Everything runs in one task, so there is one order of things. Publishing overlaps with gathering and committing the
//! next batches, a few of them: a bus that takes long to confirm costs no throughput. What it has not confirmed holds
//! back what comes after those, and as soon as a publish fails, everything behind it waits until it has succeeded.

mod calls;
mod commit;
mod left_behind;
mod outward;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Consumer, Message, Publisher, Settlement};
use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use futures::{FutureExt, StreamExt};
use store::OutboxId;
use tokio::sync::watch;
use tokio::time::Instant;

use self::calls::Calls;
use self::outward::Outward;
use crate::decide::DecidedOf;
use crate::health::Need;
use crate::held::Held;
use crate::item::{Item, ItemOf};
use crate::options::Weakness;
use crate::requests::Asking;
use crate::{Asked, CallId, Handler, Millis, Participant, ParticipantError};

/// The shortest wait for a timer: due times have millisecond resolution.
const TIMER_WAIT_MIN: Duration = Duration::from_millis(1);
/// The longest wait for a timer before the clock is read again. Due times are wall-clock times and waits are not: a clock
/// that is set delays a timer by no more than this.
const TIMER_WAIT_MAX: Duration = Duration::from_secs(1);

/// What is handled in one transaction. An empty one only forgets outbox rows.
pub(crate) type Batch<H> = Vec<ItemOf<H>>;

type Publishing = BoxFuture<'static, Result<Option<OutboxId>, ParticipantError>>;

pub(crate) struct Pipeline<H: Handler> {
    own: Participant<H>,
    consumer: Arc<dyn Consumer>,
    publisher: Arc<dyn Publisher>,
    message_bytes_max: usize,
    calls: Calls<H::Call, H::Outcome>,
    /// Committed batches on their way out, oldest first.
    publishing: FuturesOrdered<Publishing>,
    /// Whether the last publish to end succeeded at once.
    flows: Arc<AtomicBool>,
    /// Whether this life ends: what the bus does not take is left to the next one then.
    ends: watch::Receiver<bool>,
    /// Whether something was left.
    leaves: Arc<AtomicBool>,
    /// Rows that are done, to go with the next commit.
    forget: Vec<OutboxId>,
    /// The states of entities that were written lately.
    held: Held<H::State>,
    /// Rows that this life takes care of.
    known: BTreeSet<OutboxId>,
    /// No timer is due before this; there may be none.
    next_due: Option<Millis>,
    /// A commit or a take-over failed, but may have happened: rows that became this instance's then must be looked for.
    outbox_in_doubt: bool,
    /// The consumer's epoch as of when the keys it tells of were taken over.
    epoch: u64,
    /// When to look after the other instances next; never on a store of one's own.
    next_look: Option<Instant>,
}

impl<H: Handler> Pipeline<H> {
    pub(crate) fn new(
        own: Participant<H>,
        consumer: Arc<dyn Consumer>,
        publisher: Arc<dyn Publisher>,
        ends: watch::Receiver<bool>,
    ) -> Self {
        Self {
            held: Held::new(own.options.states_held_max),
            message_bytes_max: own.bus.capabilities().message_bytes_max,
            epoch: consumer.epoch(),
            next_look: own.store.is_shared().then(|| Instant::now() + own.options.look_around_every),
            calls: Calls::new(Arc::clone(&own.caller), &own.options, own.metrics.calls.clone()),
            own,
            consumer,
            publisher,
            publishing: FuturesOrdered::new(),
            flows: Arc::default(),
            ends,
            leaves: Arc::default(),
            forget: Vec::new(),
            known: BTreeSet::new(),
            next_due: None,
            outbox_in_doubt: false,
        }
    }

    /// Waits for something to do and takes what else is ready; `None` once `shutdown` completes. A batch may be
    /// empty: then there are only rows to forget.
    pub(crate) async fn gather(
        &mut self,
        shutdown: impl Future<Output = ()> + Unpin,
    ) -> Result<Option<Batch<H>>, ParticipantError> {
        let mut shutdown = shutdown;
        let mut backoff = self.own.backoff();
        let mut batch = Batch::<H>::new();
        let forget_at = Instant::now() + self.own.options.forget_after;
        while batch.is_empty() {
            self.look_around().await?;
            self.start_calls().await?;
            let has_room = self.calls.has_room();
            let room = self.own.options.batch_max.saturating_sub(self.requests_to_come()).max(1);
            let until_due = self.until_due();
            let next_look = self.next_look;
            tokio::select! {
                biased;
                () = &mut shutdown => return Ok(None),
                Some(published) = self.publishing.next(), if !self.publishing.is_empty() => self.published(published?),
                Some(done) = self.calls.next(), if self.calls.are_under_way() => batch.push(done),
                asking = next(&mut self.own.asked, has_room) => batch.push(Item::Request(asking)),
                received = self.consumer.receive(room), if has_room => match received {
                    Ok(deliveries) => {
                        self.own.health.has(Need::Deliveries);
                        batch.extend(deliveries.into_iter().map(Item::Delivery));
                    }
                    Err(error) => self.own.wait_for_bus(error, &mut backoff).await?,
                },
                () = tokio::time::sleep(until_due.unwrap_or_default()), if until_due.is_some() => {
                    // It may have been the longest wait, and not the whole: then the store has nothing to tell.
                    if self.until_due() == Some(Duration::ZERO) {
                        self.gather_due(&mut batch).await?;
                    }
                }
                () = tokio::time::sleep_until(forget_at), if !self.forget.is_empty() => break,
                () = until(next_look) => {}
            }
        }
        self.gather_ready(&mut batch).await?;
        self.take_over_keys().await?;
        Ok(Some(batch))
    }

    /// Adds what is there already, up to the batch's limit: a bigger batch makes each input cheaper, and waits for
    /// nothing.
    async fn gather_ready(&mut self, batch: &mut Batch<H>) -> Result<(), ParticipantError> {
        let batch_max = self.own.options.batch_max;
        while batch.len() < batch_max {
            match self.calls.next().now_or_never() {
                Some(Some(done)) => batch.push(done),
                Some(None) | None => break,
            }
        }
        let has_room = self.calls.has_room();
        if let Some(asked) = self.own.asked.as_mut() {
            let taken = batch.iter().filter(|item| matches!(item, Item::Request(_))).count();
            let room = (batch_max / 2).saturating_sub(taken).min(batch_max.saturating_sub(batch.len()));
            batch.extend(asked.ready(room, has_room).into_iter().map(Item::Request));
        }
        let room = batch_max.saturating_sub(batch.len());
        let has_deliveries = batch.iter().any(|item| matches!(item, Item::Delivery(_)));
        if room > 0 && has_room && !has_deliveries && !batch.is_empty() {
            // An error here is met again, and handled, where deliveries are waited for.
            if let Some(Ok(deliveries)) = self.consumer.receive(room).now_or_never() {
                batch.extend(deliveries.into_iter().map(Item::Delivery));
            }
        }
        let has_due = batch.iter().any(|item| matches!(item, Item::Due(_)));
        if !has_due && self.until_due() == Some(Duration::ZERO) {
            self.gather_due(batch).await?;
        }
        Ok(())
    }

    /// How many requests the next batch takes: deliveries always get half of it.
    fn requests_to_come(&self) -> usize {
        self.own.asked.as_ref().map_or(0, Asked::waiting).min(self.own.options.batch_max / 2)
    }

    async fn gather_due(&mut self, batch: &mut Batch<H>) -> Result<(), ParticipantError> {
        let now = self.own.clock.now();
        let limit = self.own.options.batch_max;
        let patience = Some(self.own.options.store_patience);
        let found = async || {
            let due = self.own.store.due(now, limit).await?;
            let next = if due.is_empty() { self.own.store.next_due().await? } else { Some(now) };
            Ok((due, next))
        };
        let (due, next) = self.own.insist(found, patience).await?;
        // What was found due is looked at again after its commit, together with what comes after it.
        self.next_due = next.map(|next: Millis| if due.is_empty() { next } else { now });
        batch.extend(due.into_iter().map(Item::Due));
        Ok(())
    }

    /// How long to wait for the next timer, at the most, before the clock is read again.
    fn until_due(&self) -> Option<Duration> {
        let wait = self.next_due?.saturating_sub(self.own.clock.now());
        if wait <= 0 {
            return Some(Duration::ZERO);
        }
        Some(Duration::from_millis(wait.unsigned_abs()).clamp(TIMER_WAIT_MIN, TIMER_WAIT_MAX))
    }

    /// Decides and commits the batch, then lets its effects out. A key that other instances keep writing is handled after
    /// the others, in a transaction of its own.
    pub(crate) async fn process(&mut self, batch: Batch<H>) -> Result<(), ParticipantError> {
        if self.own.options.weakness == Some(Weakness::SettleBeforeCommit) {
            let _ = self.consumer.settle(settle_all(&batch)).await;
        }
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            match self.transact(&mut part).await? {
                Transacted::Committed(decided, ids) => self.let_out(part, *decided, ids).await?,
                Transacted::Contended(key) => {
                    let (of_key, others) = part.into_iter().partition(|item| item.key() == key);
                    parts.extend([of_key, others]);
                }
            }
        }
        Ok(())
    }

    /// Answers, publishes, settles and calls what was committed.
    async fn let_out(
        &mut self,
        mut batch: Batch<H>,
        mut decided: DecidedOf<H>,
        ids: Vec<OutboxId>,
    ) -> Result<(), ParticipantError> {
        for (key, answer) in decided.announcements.drain(..) {
            self.own.handler.announced(&key, answer);
        }
        for (place, answer) in decided.answers.drain(..) {
            if let Some(Item::Request(asking)) = batch.get_mut(place) {
                asking.answer(answer);
            }
        }
        self.count(&decided, &batch);
        for item in &batch {
            // The row of a rejected one stays: the call is not done, and is made again at the next start.
            if let Item::Outcome { id, row, .. } = item
                && !decided.rejected_calls.contains(id)
                && self.calls.outcome_committed(*row)
            {
                self.forget.push(*row);
            }
        }
        let mut ids = ids.into_iter();
        let messages_row = if decided.messages.is_empty() { None } else { ids.next() };
        let calls_row = if decided.calls.is_empty() { None } else { ids.next() };
        self.known.extend(messages_row.into_iter().chain(calls_row));
        self.next_due = [self.next_due, decided.earliest_timer].into_iter().flatten().min();
        if let Some(row) = calls_row {
            self.add_calls(row, decided.calls, false);
        }
        self.publish(decided.messages, decided.settlements, messages_row).await?;
        if std::mem::take(&mut self.outbox_in_doubt) {
            self.recover(Some(self.own.options.store_patience)).await?;
        }
        Ok(())
    }

    fn count(&self, decided: &DecidedOf<H>, batch: &Batch<H>) {
        let metrics = &self.own.metrics;
        metrics.handled.inc_by(decided.handled);
        metrics.duplicates.inc_by(decided.duplicates);
        metrics.timers_fired.inc_by(decided.timers_fired);
        metrics.rejected.inc_by(decided.rejected);
        let is_dead =
            |settlement: &&Settlement| matches!(settlement.outcome, bus::Outcome::DeadLetter { .. });
        metrics.dead_letters.inc_by(decided.settlements.iter().filter(is_dead).count() as u64);
        if !batch.is_empty() {
            metrics.batch_size.observe(batch.len() as f64);
        }
    }

    /// Publishes messages and then settles deliveries, behind what is being published already: it is begun here, so that
    /// the bus gets the messages in the order of the calls.
    async fn publish(
        &mut self,
        messages: Vec<Message>,
        settlements: Vec<Settlement>,
        row: Option<OutboxId>,
    ) -> Result<(), ParticipantError> {
        while self.has_to_wait()
            && let Some(published) = self.publishing.next().await
        {
            self.published(published?);
        }
        let out = Outward {
            participant: self.own.name.clone(),
            publisher: Arc::clone(&self.publisher),
            consumer: Arc::clone(&self.consumer),
            health: self.own.health.clone(),
            metrics: self.own.metrics.clone(),
            flows: Arc::clone(&self.flows),
            ends: self.ends.clone(),
            leaves: Arc::clone(&self.leaves),
            backoff: self.own.backoff(),
        };
        let mut publishing = out.publish_and_settle(messages, settlements, row).boxed();
        match (&mut publishing).now_or_never() {
            Some(published) if self.publishing.is_empty() => self.published(published?),
            Some(published) => self.publishing.push_back(std::future::ready(published).boxed()),
            None => self.publishing.push_back(publishing),
        }
        Ok(())
    }

    fn has_to_wait(&self) -> bool {
        self.publishing.len() >= self.own.options.publishing_max.max(1)
            || !self.publishing.is_empty() && !self.flows.load(Ordering::Relaxed)
    }

    fn published(&mut self, row: Option<OutboxId>) {
        self.forget.extend(row);
        self.own.metrics.outbox_rows.set(self.known.len() as i64);
    }

    fn add_calls(&mut self, row: OutboxId, calls: Vec<(CallId, H::Call)>, are_late: bool) {
        self.calls.add(row, calls, are_late);
        self.own.metrics.calls_pending.set(self.calls.pending() as i64);
    }

    /// Makes the calls whose turn it is; those that are not here are read first.
    async fn start_calls(&mut self) -> Result<(), ParticipantError> {
        self.calls.start();
        while let Some(row) = self.calls.wanted() {
            let calls = self.calls_of(row).await?;
            self.calls.fill(row, calls);
        }
        self.own.metrics.calls_pending.set(self.calls.pending() as i64);
        Ok(())
    }

    /// Lets the batch in hand be published, as far as the bus takes it now, and forgets what is done.
    pub(crate) async fn finish(mut self) -> Result<(), ParticipantError> {
        // Who asks from now on, or waits to be asked, is told at once.
        self.own.asked = None;
        while let Some(published) = self.publishing.next().await {
            self.published(published?);
        }
        if self.forget.is_empty() {
            return Ok(());
        }
        self.process(Batch::<H>::new()).await
    }
}

/// The next request; none ever comes where nobody can ask.
async fn next<R, A>(asked: &mut Option<Asked<R, A>>, has_room: bool) -> Asking<R, A> {
    if let Some(asking) = async { asked.as_mut()?.next(has_room).await }.await {
        return asking;
    }
    std::future::pending().await
}

/// Completes at that time; never, when there is none.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn settle_all<O, R, A>(batch: &[Item<O, R, A>]) -> Vec<Settlement> {
    let tokens = batch.iter().filter_map(|item| match item {
        Item::Delivery(delivery) => Some(delivery.token),
        Item::Due(_) | Item::Outcome { .. } | Item::Request(_) => None,
    });
    tokens.map(|token| Settlement { token, outcome: bus::Outcome::Done }).collect()
}

/// What came of a batch.
enum Transacted<H: Handler> {
    Committed(Box<DecidedOf<H>>, Vec<OutboxId>),
    /// Other instances write this key all the time: nothing of the batch was applied, and its other keys should not have
    /// to wait for this one.
    Contended(String),
}
