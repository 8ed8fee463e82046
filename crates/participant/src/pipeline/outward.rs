//! The way out of a committed batch: its messages to the bus, its deliveries settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Consumer, Message, Publisher, Settlement};
use store::OutboxId;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::health::Need;
use crate::{Backoff, Health, Metrics, ParticipantError};

/// The way out of a committed batch.
pub(super) struct Outward {
    pub(super) participant: String,
    pub(super) publisher: Arc<dyn Publisher>,
    pub(super) consumer: Arc<dyn Consumer>,
    pub(super) health: Health,
    pub(super) metrics: Metrics,
    /// Whether the last publish to end succeeded at once; told to whoever comes behind.
    pub(super) flows: Arc<AtomicBool>,
    /// Whether this life ends: then nothing is tried again.
    pub(super) ends: watch::Receiver<bool>,
    /// Whether something was left to the next life; told to whoever comes behind, to be left as well.
    pub(super) leaves: Arc<AtomicBool>,
    pub(super) backoff: Backoff,
}

impl Outward {
    /// Publishes until the bus has confirmed (for as long as that takes: the messages are committed), then settles
    /// and hands the outbox row back to be forgotten. Deliveries that cannot be settled come again and are dropped by
    /// the inbox. Once this life ends, what fails is left to the next one, and the row stays.
    pub(super) async fn publish_and_settle(
        mut self,
        messages: Vec<Message>,
        settlements: Vec<Settlement>,
        row: Option<OutboxId>,
    ) -> Result<Option<OutboxId>, ParticipantError> {
        if self.leaves.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if !messages.is_empty() {
            let started = Instant::now();
            while let Err(error) = self.publisher.publish(&messages).await {
                if !error.is_retryable() {
                    return Err(ParticipantError::Bus { participant: self.participant, source: error });
                }
                self.flows.store(false, Ordering::Relaxed);
                let delay = self.backoff.next_delay();
                self.metrics.retries.inc();
                self.health.lacks(Need::Publishing, error.to_string());
                let participant = &self.participant;
                tracing::warn!(participant, %error, retry_in_ms = delay.as_millis(), "publishing again");
                if self.ends_within(delay).await {
                    self.leaves.store(true, Ordering::Relaxed);
                    tracing::warn!(
                        participant,
                        messages = messages.len(),
                        "left to be published at the next start"
                    );
                    return Ok(None);
                }
            }
            self.flows.store(true, Ordering::Relaxed);
            self.health.has(Need::Publishing);
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
                self.health.has(Need::Settling);
                return;
            }
            let delay = self.backoff.next_delay();
            self.metrics.retries.inc();
            self.health.lacks(Need::Settling, error.to_string());
            let participant = &self.participant;
            tracing::warn!(participant, %error, retry_in_ms = delay.as_millis(), "settling again");
            if self.ends_within(delay).await {
                tracing::warn!(
                    participant,
                    deliveries = settlements.len(),
                    "left unsettled: they come again"
                );
                return;
            }
        }
        self.health.has(Need::Settling);
    }

    /// Waits for that long, and no longer once this life ends.
    async fn ends_within(&self, delay: Duration) -> bool {
        let mut ends = self.ends.clone();
        let ended = async { ends.wait_for(|ends| *ends).await.is_ok() };
        tokio::time::timeout(delay, ended).await.unwrap_or(false)
    }
}
