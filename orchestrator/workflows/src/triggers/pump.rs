//! Receives what the rules want of the bus, and hands on what becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::{Bus, BusError, Consumer, Delivery, Outcome, Settlement, Subscription, Topic};
use participant::Backoff;
use store::StoreError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::book::{Known, patiently};
use super::intake::Intake;
use super::settling::Settling;
use super::standing::Standing;

/// Deliveries that are looked at together: the rules are asked for once.
const BATCH: usize = 256;
/// How often it is looked whether another instance has changed the rules.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long what was received may take to be settled before it is given back, and comes again.
const IDLE_WITHIN: Duration = Duration::from_secs(10);
/// Pauses while the bus is away.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(2);

/// What comes of receiving.
pub(crate) type Received = Result<Vec<Delivery>, BusError>;

/// The way from the bus to the participant.
pub(crate) struct Pump {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) group: String,
    pub(crate) unsettled_max: usize,
    pub(crate) intake: Arc<Intake>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) settling: Arc<Settling>,
    pub(crate) epoch: Arc<AtomicU64>,
    pub(crate) current: Option<Current>,
}

/// A consumer, and what it was subscribed for.
pub(crate) struct Current {
    consumer: Arc<dyn Consumer>,
    topics: Vec<Topic>,
    /// Of the pump, when the consumer's was 0.
    epoch_before: u64,
}

impl Pump {
    fn subscription(&self, topics: Vec<Topic>) -> Subscription {
        Subscription { group: self.group.clone(), topics, unsettled_max: self.unsettled_max }
    }

    async fn known(&self) -> Result<Arc<Known>, BusError> {
        patiently(|| self.intake.book.known()).await.map_err(|error| unreadable(&error))
    }

    /// Subscribes to what the rules want, unless it is subscribed to.
    ///
    /// # Errors
    /// The bus's: the subscription is what it was before, or there is none.
    pub(crate) async fn follow(&mut self) -> Result<(), BusError> {
        loop {
            let known = self.known().await?;
            if let Err(error) = self.subscribe(known.topics()).await {
                self.standing.lacks(known.revision, error.to_string());
                return Err(error);
            }
            // Another instance may have declared for newer rules just before this one did for older ones.
            if self.known().await?.revision == known.revision {
                self.standing.follows(known.revision);
                return Ok(());
            }
        }
    }

    async fn subscribe(&mut self, topics: Vec<Topic>) -> Result<(), BusError> {
        if self.current.as_ref().map_or(&[][..], |current| current.topics.as_slice()) == topics.as_slice() {
            return Ok(());
        }
        let was = self.current.take();
        if was.is_some() && timeout(IDLE_WITHIN, self.settling.idle()).await.is_err() {
            tracing::warn!(group = self.group, "what was received is not settled yet: it will come again");
        }
        // It leaves first: where members have the say over the group's place in a stream, there is none.
        drop(was);
        if topics.is_empty() {
            if self.bus.depth(&self.group).await?.is_some() {
                self.bus.declare(&self.subscription(topics)).await?;
            }
            return Ok(());
        }
        let consumer = self.bus.subscribe(&self.subscription(topics.clone())).await?;
        // Its keys may have been another member's meanwhile.
        let epoch_before = self.epoch.fetch_add(1, Ordering::AcqRel) + 1;
        let shown: Vec<&str> = topics.iter().map(Topic::as_str).collect();
        tracing::info!(
            group = self.group,
            topics = shown.join(" "),
            "subscribed to what the rules are about"
        );
        self.current = Some(Current { consumer, topics, epoch_before });
        Ok(())
    }

    /// Works until nobody receives any more.
    pub(crate) async fn run(mut self, out: mpsc::Sender<Received>) {
        let is_shared = self.intake.book.store().is_shared();
        let mut backoff = Backoff::new(AGAIN_AFTER, AGAIN_AFTER_MAX, 0);
        let mut look_at = Instant::now() + LOOK_EVERY;
        loop {
            let received = tokio::select! {
                biased;
                () = out.closed() => return,
                () = self.standing.changed() => None,
                () = sleep_until(look_at), if is_shared => None,
                received = receive(self.current.as_ref()) => Some(received),
            };
            if received.is_none() {
                look_at = Instant::now() + LOOK_EVERY;
            }
            let follows = received.is_none();
            let done = match received {
                None => self.follow().await,
                Some(Ok(deliveries)) => self.take(deliveries, &out).await,
                Some(Err(error)) => Err(error),
            };
            let Err(error) = done else {
                backoff.reset();
                continue;
            };
            if follows && !error.is_retryable() {
                // A rule's topic is nothing for this bus: no reason to end. Who made the rule is told.
                tracing::error!(group = self.group, %error, "what the rules are about cannot be subscribed to");
                continue;
            }
            if follows {
                self.standing.rules_changed();
            }
            // The participant says what it waits for.
            if out.send(Err(error)).await.is_err() {
                return;
            }
            tokio::select! {
                () = out.closed() => return,
                () = sleep(backoff.next_delay()) => {}
            }
        }
    }

    /// Hands on what becomes of deliveries, and settles those of which nothing does.
    async fn take(&self, deliveries: Vec<Delivery>, out: &mpsc::Sender<Received>) -> Result<(), BusError> {
        let Some(Current { consumer, epoch_before, .. }) = &self.current else { return Ok(()) };
        self.epoch.store(epoch_before + consumer.epoch(), Ordering::Release);
        // As of now: a rule that was answered for before a message was published is among them.
        let known = self.known().await?;
        let (mut parts, mut done) = (Vec::new(), Vec::new());
        for Delivery { token, attempt, message } in deliveries {
            let begins = patiently(|| self.intake.begins(&known, &message))
                .await
                .map_err(|error| unreadable(&error))?;
            if begins.is_empty() {
                done.push(Settlement { token, outcome: Outcome::Done });
                continue;
            }
            let tokens = self.settling.open(consumer, token, begins.len());
            parts.extend(tokens.into_iter().zip(begins).map(|(token, begin)| {
                let message = Arc::new(begin.message(&message.id));
                Delivery { token, attempt, message }
            }));
        }
        if !parts.is_empty() && out.send(Ok(parts)).await.is_err() {
            return Ok(());
        }
        if !done.is_empty() {
            self.forget(consumer, done).await;
        }
        Ok(())
    }

    /// Settles what matches nothing, for as long as it takes: unsettled, it would take up room for ever.
    async fn forget(&self, consumer: &Arc<dyn Consumer>, done: Vec<Settlement>) {
        let mut backoff = Backoff::new(AGAIN_AFTER, AGAIN_AFTER_MAX, 0);
        while let Err(error) = consumer.settle(done.clone()).await {
            tracing::warn!(group = self.group, %error, "could not settle what matches no rule");
            if !error.is_retryable() {
                return;
            }
            sleep(backoff.next_delay()).await;
        }
    }
}

async fn receive(current: Option<&Current>) -> Received {
    match current {
        Some(current) => current.consumer.receive(BATCH).await,
        None => std::future::pending().await,
    }
}

/// The store holds what cannot be read: to whoever receives, there is nothing to be had for now.
fn unreadable(error: &StoreError) -> BusError {
    BusError::Unavailable(format!("the rules cannot be read: {error}"))
}
