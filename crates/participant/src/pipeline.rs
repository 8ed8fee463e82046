//! The pipeline: gather a batch, decide it, commit it, publish, settle, forget.
//!
//! Everything runs in one task, so there is one order of things. Publishing overlaps with gathering and
//! committing the next batch, one batch deep: what the bus has not confirmed holds back what comes after.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bus::{Consumer, Message, Publisher, Settlement};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use store::{Commit, OutboxId, StoreError};
use tokio::time::Instant;

use crate::decide::{Decided, Item, Rules, decide, keys};
use crate::health::State;
use crate::options::Weakness;
use crate::outbox::{self, Row};
use crate::{Backoff, CallId, Handler, Health, Metrics, Millis, Participant, ParticipantError};

/// Outbox rows read at once when an earlier life's are looked for.
const OUTBOX_PAGE: usize = 64;
/// Conflicting commits tried again at once before backing off.
const CONFLICTS_AT_ONCE: u32 = 3;
/// The shortest wait for a timer: due times have millisecond resolution.
const TIMER_WAIT_MIN: Duration = Duration::from_millis(1);

/// What is handled in one transaction.
pub(crate) struct Batch<O> {
    items: Vec<Item<O>>,
    /// The outbox rows of the calls whose outcomes are among the items.
    outcome_rows: Vec<OutboxId>,
}

struct CallDone<O> {
    row: OutboxId,
    id: CallId,
    outcome: O,
}

struct CallWaiting<C> {
    row: OutboxId,
    id: CallId,
    call: C,
}

type Publishing = BoxFuture<'static, Result<Option<OutboxId>, ParticipantError>>;

pub(crate) struct Pipeline<H: Handler> {
    own: Participant<H>,
    consumer: Arc<dyn Consumer>,
    publisher: Arc<dyn Publisher>,
    message_bytes_max: usize,
    calls: FuturesUnordered<BoxFuture<'static, CallDone<H::Outcome>>>,
    calls_waiting: VecDeque<CallWaiting<H::Call>>,
    /// For each outbox row of calls, how many outcomes are not committed yet.
    calls_open: BTreeMap<OutboxId, usize>,
    publishing: Option<Publishing>,
    /// Rows that are done, to go with the next commit.
    forget: Vec<OutboxId>,
    /// Rows that this life takes care of.
    known: BTreeSet<OutboxId>,
    /// No timer is due before this; there may be none.
    next_due: Option<Millis>,
    /// A commit failed, but may have happened: its outbox rows must be looked for.
    commit_in_doubt: bool,
}

impl<H: Handler> Pipeline<H> {
    pub(crate) fn new(
        own: Participant<H>,
        consumer: Arc<dyn Consumer>,
        publisher: Arc<dyn Publisher>,
    ) -> Self {
        Self {
            message_bytes_max: own.bus.capabilities().message_bytes_max,
            own,
            consumer,
            publisher,
            calls: FuturesUnordered::new(),
            calls_waiting: VecDeque::new(),
            calls_open: BTreeMap::new(),
            publishing: None,
            forget: Vec::new(),
            known: BTreeSet::new(),
            next_due: None,
            commit_in_doubt: false,
        }
    }

    /// Takes up what an earlier life left: publishes its messages, makes its calls again, knows its timers.
    pub(crate) async fn recover(&mut self) -> Result<(), ParticipantError> {
        let mut backoff = self.own.backoff();
        let started = Instant::now();
        loop {
            match self.recover_once().await {
                Ok(()) => return Ok(()),
                Err(ParticipantError::Store { source, .. }) if source.is_retryable() => {
                    self.own.wait_for_store(source, &mut backoff, started.elapsed()).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn recover_once(&mut self) -> Result<(), ParticipantError> {
        self.take_up_outbox().await?;
        let next_due = self.own.store.next_due().await;
        self.next_due = next_due.map_err(|source| self.own.store_error(source))?;
        Ok(())
    }

    /// Takes care of every outbox row that nobody takes care of yet.
    async fn take_up_outbox(&mut self) -> Result<(), ParticipantError> {
        let mut after = 0;
        loop {
            let rows = self.own.store.outbox(after, OUTBOX_PAGE).await;
            let rows = rows.map_err(|source| self.own.store_error(source))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for row in rows {
                if !self.known.insert(row.id) {
                    continue;
                }
                if self.own.options.weakness == Some(Weakness::ForgetOutboxAtStart) {
                    self.forget.push(row.id);
                    continue;
                }
                match outbox::decode::<H::Call>(row.blob) {
                    Ok(Row::Messages(messages)) => self.publish(messages, Vec::new(), Some(row.id)).await?,
                    Ok(Row::Calls(calls)) => self.enqueue_calls(row.id, calls),
                    Err(_) => {
                        let participant = self.own.name.clone();
                        return Err(ParticipantError::Outbox { participant, row: row.id });
                    }
                }
            }
        }
    }

    /// Waits for something to do and takes what else is ready; `None` once `shutdown` completes. A batch may be
    /// empty: then there are only rows to forget.
    pub(crate) async fn gather(
        &mut self,
        shutdown: impl Future<Output = ()> + Unpin,
    ) -> Result<Option<Batch<H::Outcome>>, ParticipantError> {
        let mut shutdown = shutdown;
        let mut backoff = self.own.backoff();
        let mut batch = Batch { items: Vec::new(), outcome_rows: Vec::new() };
        while batch.items.is_empty() {
            self.start_calls();
            let has_room = self.calls_waiting.len() < self.own.options.calls_waiting_max;
            let batch_max = self.own.options.batch_max;
            let until_due = self.until_due();
            tokio::select! {
                biased;
                () = &mut shutdown => return Ok(None),
                published = drive(&mut self.publishing), if self.publishing.is_some() => self.published(published?),
                Some(done) = self.calls.next(), if !self.calls.is_empty() => batch.push_outcome(done),
                received = self.consumer.receive(batch_max), if has_room => match received {
                    Ok(deliveries) => {
                        self.own.health.set_ready();
                        batch.items.extend(deliveries.into_iter().map(Item::Delivery));
                    }
                    Err(error) => self.own.wait_for_bus(error, &mut backoff).await?,
                },
                () = tokio::time::sleep(until_due.unwrap_or_default()), if until_due.is_some() => {
                    self.gather_due(&mut batch).await?;
                }
                () = tokio::time::sleep(self.own.options.forget_after), if !self.forget.is_empty() => break,
            }
        }
        self.gather_ready(&mut batch).await?;
        Ok(Some(batch))
    }

    /// Adds what is there already, up to the batch's limit: a bigger batch makes each input cheaper, and waits for
    /// nothing.
    async fn gather_ready(&mut self, batch: &mut Batch<H::Outcome>) -> Result<(), ParticipantError> {
        let batch_max = self.own.options.batch_max;
        while batch.items.len() < batch_max {
            match self.calls.next().now_or_never() {
                Some(Some(done)) => batch.push_outcome(done),
                Some(None) | None => break,
            }
        }
        let has_room = self.calls_waiting.len() < self.own.options.calls_waiting_max;
        let room = batch_max.saturating_sub(batch.items.len());
        let has_deliveries = batch.items.iter().any(|item| matches!(item, Item::Delivery(_)));
        if room > 0 && has_room && !has_deliveries && !batch.items.is_empty() {
            // An error here is met again, and handled, where deliveries are waited for.
            if let Some(Ok(deliveries)) = self.consumer.receive(room).now_or_never() {
                batch.items.extend(deliveries.into_iter().map(Item::Delivery));
            }
        }
        let has_due = batch.items.iter().any(|item| matches!(item, Item::Due(_)));
        if !has_due && self.until_due() == Some(Duration::ZERO) {
            self.gather_due(batch).await?;
        }
        Ok(())
    }

    async fn gather_due(&mut self, batch: &mut Batch<H::Outcome>) -> Result<(), ParticipantError> {
        let now = self.own.clock.now();
        let limit = self.own.options.batch_max;
        let mut backoff = self.own.backoff();
        let waited_from = Instant::now();
        loop {
            let found = async {
                let due = self.own.store.due(now, limit).await?;
                let next = if due.is_empty() { self.own.store.next_due().await? } else { Some(now) };
                Ok((due, next))
            };
            match found.await {
                Ok((due, next)) => {
                    // What was found due is looked at again after its commit, together with what comes after it.
                    self.next_due = next.map(|next: Millis| if due.is_empty() { next } else { now });
                    batch.items.extend(due.into_iter().map(Item::Due));
                    return Ok(());
                }
                Err(source) => self.own.wait_for_store(source, &mut backoff, waited_from.elapsed()).await?,
            }
        }
    }

    fn until_due(&self) -> Option<Duration> {
        let wait = self.next_due?.saturating_sub(self.own.clock.now());
        if wait <= 0 {
            return Some(Duration::ZERO);
        }
        Some(Duration::from_millis(wait.unsigned_abs()).max(TIMER_WAIT_MIN))
    }

    /// Decides and commits the batch, then lets its effects out.
    pub(crate) async fn process(&mut self, batch: Batch<H::Outcome>) -> Result<(), ParticipantError> {
        if self.own.options.weakness == Some(Weakness::SettleBeforeCommit) {
            let _ = self.consumer.settle(settle_all(&batch)).await;
        }
        let (decided, ids) = self.commit_with_patience(&batch).await?;
        self.count(&decided, &batch);
        let calls = batch.items.iter().filter_map(|item| match item {
            Item::Outcome(call, _) => Some(call),
            Item::Delivery(_) | Item::Due(_) => None,
        });
        for (call, row) in calls.zip(batch.outcome_rows) {
            // The row of a rejected one stays: the call is not done, and is made again at the next start.
            if !decided.rejected_calls.contains(call) {
                self.outcome_committed(row);
            }
        }
        let mut ids = ids.into_iter();
        let messages_row = if decided.messages.is_empty() { None } else { ids.next() };
        let calls_row = if decided.calls.is_empty() { None } else { ids.next() };
        self.known.extend(messages_row.into_iter().chain(calls_row));
        self.next_due = [self.next_due, decided.earliest_timer].into_iter().flatten().min();
        if let Some(row) = calls_row {
            self.enqueue_calls(row, decided.calls);
        }
        self.publish(decided.messages, decided.settlements, messages_row).await?;
        if std::mem::take(&mut self.commit_in_doubt) {
            self.recover().await?;
        }
        Ok(())
    }

    async fn commit_with_patience(
        &mut self,
        batch: &Batch<H::Outcome>,
    ) -> Result<(Decided<H::Call>, Vec<OutboxId>), ParticipantError> {
        let started = Instant::now();
        let mut backoff = self.own.backoff();
        let mut conflicts = 0;
        loop {
            let error = match self.transact(batch).await {
                Ok(committed) => {
                    self.own.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
                    return Ok(committed);
                }
                Err(error) => error,
            };
            match error {
                // Nothing was applied, and who was faster is done: try again at once.
                StoreError::Conflict { .. } if conflicts < CONFLICTS_AT_ONCE => {
                    conflicts += 1;
                    self.own.metrics.retries.inc();
                }
                error => {
                    self.commit_in_doubt |= !matches!(error, StoreError::Conflict { .. });
                    self.own.wait_for_store(error, &mut backoff, started.elapsed()).await?;
                }
            }
        }
    }

    async fn transact(
        &mut self,
        batch: &Batch<H::Outcome>,
    ) -> Result<(Decided<H::Call>, Vec<OutboxId>), StoreError> {
        let entities = match keys(&batch.items) {
            keys if keys.is_empty() => Vec::new(),
            keys => self.own.store.load(&keys).await?,
        };
        let rules = Rules {
            name: &self.own.name,
            message_bytes_max: self.message_bytes_max,
            inbox: self.own.options.weakness != Some(Weakness::NoInbox),
            now: self.own.clock.now(),
        };
        let mut decided = decide(&*self.own.handler, &rules, &batch.items, &entities);
        let mut commit = Commit { entities: std::mem::take(&mut decided.writes), ..Commit::default() };
        if !decided.messages.is_empty() {
            commit.outbox_add.push(outbox::encode_messages(&decided.messages));
        }
        if !decided.calls.is_empty() {
            let calls = outbox::encode_calls(&decided.calls);
            commit
                .outbox_add
                .push(calls.expect("a handler's calls have only string keys and finite numbers"));
        }
        // Rows alone are forgotten only when there is nothing else to do: see `Options::forget_after`.
        if !commit.is_empty() || batch.items.is_empty() {
            commit.outbox_forget.clone_from(&self.forget);
        }
        if self.own.options.weakness == Some(Weakness::PublishBeforeCommit) {
            let _ = self.publisher.publish(&decided.messages).await;
        }
        if commit.is_empty() {
            return Ok((decided, Vec::new()));
        }
        let ids = self.own.store.commit(&commit).await?;
        self.own.metrics.commits.inc();
        for row in &commit.outbox_forget {
            self.known.remove(row);
        }
        self.forget.drain(..commit.outbox_forget.len());
        Ok((decided, ids))
    }

    fn count(&self, decided: &Decided<H::Call>, batch: &Batch<H::Outcome>) {
        let metrics = &self.own.metrics;
        metrics.handled.inc_by(decided.handled);
        metrics.duplicates.inc_by(decided.duplicates);
        metrics.timers_fired.inc_by(decided.timers_fired);
        metrics.rejected.inc_by(decided.rejected);
        let is_dead =
            |settlement: &&Settlement| matches!(settlement.outcome, bus::Outcome::DeadLetter { .. });
        metrics.dead_letters.inc_by(decided.settlements.iter().filter(is_dead).count() as u64);
        if !batch.items.is_empty() {
            metrics.batch_size.observe(batch.items.len() as f64);
        }
    }

    /// Publishes messages and then settles deliveries, behind what is being published already.
    async fn publish(
        &mut self,
        messages: Vec<Message>,
        settlements: Vec<Settlement>,
        row: Option<OutboxId>,
    ) -> Result<(), ParticipantError> {
        if self.publishing.is_some() {
            let published = drive(&mut self.publishing).await?;
            self.published(published);
        }
        let out = Outward {
            participant: self.own.name.clone(),
            publisher: Arc::clone(&self.publisher),
            consumer: Arc::clone(&self.consumer),
            health: self.own.health.clone(),
            metrics: self.own.metrics.clone(),
            backoff: self.own.backoff(),
        };
        let mut publishing = out.publish_and_settle(messages, settlements, row).boxed();
        match (&mut publishing).now_or_never() {
            Some(published) => self.published(published?),
            None => self.publishing = Some(publishing),
        }
        Ok(())
    }

    fn published(&mut self, row: Option<OutboxId>) {
        self.forget.extend(row);
        self.own.metrics.outbox_rows.set(self.known.len() as i64);
    }

    fn enqueue_calls(&mut self, row: OutboxId, calls: Vec<(CallId, H::Call)>) {
        self.calls_open.insert(row, calls.len());
        self.calls_waiting.extend(calls.into_iter().map(|(id, call)| CallWaiting { row, id, call }));
        self.start_calls();
    }

    fn start_calls(&mut self) {
        while self.calls.len() < self.own.options.calls_max
            && let Some(CallWaiting { row, id, call }) = self.calls_waiting.pop_front()
        {
            let caller = Arc::clone(&self.own.caller);
            self.own.metrics.calls.inc();
            self.calls.push(
                async move {
                    let outcome = caller.call(&id, &call).await;
                    CallDone { row, id, outcome }
                }
                .boxed(),
            );
        }
        self.own.metrics.calls_pending.set((self.calls.len() + self.calls_waiting.len()) as i64);
    }

    fn outcome_committed(&mut self, row: OutboxId) {
        if let Some(open) = self.calls_open.get_mut(&row) {
            *open -= 1;
            if *open == 0 {
                self.calls_open.remove(&row);
                self.forget.push(row);
            }
        }
    }

    /// Lets the batch in hand be published, and forgets what is done.
    pub(crate) async fn finish(mut self) -> Result<(), ParticipantError> {
        if self.publishing.is_some() {
            let published = drive(&mut self.publishing).await?;
            self.published(published);
        }
        if self.forget.is_empty() {
            return Ok(());
        }
        self.process(Batch { items: Vec::new(), outcome_rows: Vec::new() }).await
    }
}

impl<O> Batch<O> {
    fn push_outcome(&mut self, done: CallDone<O>) {
        self.outcome_rows.push(done.row);
        self.items.push(Item::Outcome(done.id, done.outcome));
    }
}

/// Completes when what is being published has been; never, when nothing is.
async fn drive(publishing: &mut Option<Publishing>) -> Result<Option<OutboxId>, ParticipantError> {
    let Some(future) = publishing else { return std::future::pending().await };
    let published = future.await;
    *publishing = None;
    published
}

fn settle_all<O>(batch: &Batch<O>) -> Vec<Settlement> {
    let tokens = batch.items.iter().filter_map(|item| match item {
        Item::Delivery(delivery) => Some(delivery.token),
        Item::Due(_) | Item::Outcome(..) => None,
    });
    tokens.map(|token| Settlement { token, outcome: bus::Outcome::Done }).collect()
}

/// The way out of a committed batch.
struct Outward {
    participant: String,
    publisher: Arc<dyn Publisher>,
    consumer: Arc<dyn Consumer>,
    health: Health,
    metrics: Metrics,
    backoff: Backoff,
}

impl Outward {
    /// Publishes until the bus has confirmed (for as long as that takes: the messages are committed), then settles
    /// and hands the outbox row back to be forgotten. Deliveries that cannot be settled come again and are dropped by
    /// the inbox.
    async fn publish_and_settle(
        mut self,
        messages: Vec<Message>,
        settlements: Vec<Settlement>,
        row: Option<OutboxId>,
    ) -> Result<Option<OutboxId>, ParticipantError> {
        if !messages.is_empty() {
            let started = Instant::now();
            while let Err(error) = self.publisher.publish(&messages).await {
                if !error.is_retryable() {
                    return Err(ParticipantError::Bus { participant: self.participant, source: error });
                }
                let delay = self.backoff.next_delay();
                self.metrics.retries.inc();
                self.health.set(State::Waiting(error.to_string()));
                let participant = &self.participant;
                tracing::warn!(participant, %error, retry_in_ms = delay.as_millis(), "publishing again");
                tokio::time::sleep(delay).await;
            }
            self.health.set_ready();
            self.metrics.published.inc_by(messages.len() as u64);
            self.metrics.publish_seconds.observe(started.elapsed().as_secs_f64());
        }
        if !settlements.is_empty() {
            self.settle(settlements).await;
        }
        Ok(row)
    }

    /// Settles for as long as it takes: a delivery that stays unsettled takes up room for ever, and one that cannot
    /// be kept among the dead letters (they are full) must not look as if it had been handled. Settling again what
    /// was settled is harmless.
    async fn settle(&mut self, settlements: Vec<Settlement>) {
        self.backoff.reset();
        while let Err(error) = self.consumer.settle(settlements.clone()).await {
            if !error.is_retryable() {
                let participant = &self.participant;
                tracing::warn!(participant, %error, "could not settle: the deliveries will come again");
                return;
            }
            let delay = self.backoff.next_delay();
            self.metrics.retries.inc();
            self.health.set(State::Waiting(error.to_string()));
            let participant = &self.participant;
            tracing::warn!(participant, %error, retry_in_ms = delay.as_millis(), "settling again");
            tokio::time::sleep(delay).await;
        }
        self.health.set_ready();
    }
}
