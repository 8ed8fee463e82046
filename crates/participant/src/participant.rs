//! A participant's parts, and how it waits for its store and its bus.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Subscription, Topic};
use store::{Store, StoreError};
use tokio::time::Instant;

use crate::health::Need;
use crate::{Asked, Backoff, Caller, Clock, Handler, Health, Metrics, Options, ParticipantError};

/// A store that is away fails at once, so it costs little to try it often.
const STORE_BACKOFF_CAP: Duration = Duration::from_secs(1);
/// A store that takes longer to answer is not one to be called ready with.
const STORE_SLOW_AFTER: Duration = Duration::from_secs(1);

/// A consumer of messages whose every effect happens exactly once; see the crate's documentation.
pub struct Participant<H: Handler> {
    pub(crate) name: String,
    pub(crate) topics: Vec<Topic>,
    pub(crate) handler: Arc<H>,
    pub(crate) caller: Arc<dyn Caller<H::Call, H::Outcome>>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: Options,
    pub(crate) metrics: Metrics,
    pub(crate) health: Health,
    pub(crate) asked: Option<Asked<H::Request, H::Answer>>,
}

impl<H: Handler> Participant<H> {
    /// A participant named `name` (its consumer group, and the prefix of the ids of its messages) that consumes
    /// `topics`. Nothing happens until [`Self::run`].
    pub fn new(
        name: impl Into<String>,
        topics: Vec<Topic>,
        handler: H,
        caller: Arc<dyn Caller<H::Call, H::Outcome>>,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            name: name.into(),
            topics,
            handler: Arc::new(handler),
            caller,
            store,
            bus,
            clock,
            options: Options::default(),
            metrics: Metrics::unregistered(),
            health: Health::default(),
            asked: None,
        }
    }

    /// With these limits.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Counting in these metrics.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Telling its health here.
    #[must_use]
    pub fn with_health(mut self, health: Health) -> Self {
        self.health = health;
        self
    }

    /// Answering what is asked there; see [`requests`](crate::requests).
    #[must_use]
    pub fn with_requests(mut self, asked: Asked<H::Request, H::Answer>) -> Self {
        self.asked = Some(asked);
        self
    }

    /// A handle on its health.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// What it subscribes to.
    #[must_use]
    pub fn subscription(&self) -> Subscription {
        Subscription {
            group: self.name.clone(),
            topics: self.topics.clone(),
            unsettled_max: self.options.unsettled_max,
        }
    }

    pub(crate) fn backoff(&self) -> Backoff {
        Backoff::new(self.options.backoff_base, self.options.backoff_cap, self.options.seed)
    }

    /// Waits before the bus is tried again, and says so.
    pub(crate) async fn wait_for_bus(
        &self,
        error: BusError,
        backoff: &mut Backoff,
    ) -> Result<(), ParticipantError> {
        if !error.is_retryable() {
            return Err(ParticipantError::Bus { participant: self.name.clone(), source: error });
        }
        let delay = backoff.next_delay();
        self.metrics.retries.inc();
        self.health.lacks(Need::Deliveries, error.to_string());
        tracing::warn!(participant = self.name, %error, retry_in_ms = delay.as_millis(), "waiting for the bus");
        tokio::time::sleep(delay).await;
        Ok(())
    }

    pub(crate) fn store_error(&self, source: StoreError) -> ParticipantError {
        ParticipantError::Store { participant: self.name.clone(), source }
    }

    pub(crate) fn store_backoff(&self) -> Backoff {
        let cap = self.options.backoff_cap.min(STORE_BACKOFF_CAP);
        Backoff::new(self.options.backoff_base.min(cap), cap, self.options.seed)
    }

    /// Asks the store, and says so when it takes long to answer.
    pub(crate) async fn ask<T>(
        &self,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut question = std::pin::pin!(question);
        let answer = tokio::select! {
            biased;
            answer = &mut question => answer,
            () = tokio::time::sleep(STORE_SLOW_AFTER) => {
                let reason = format!("the store has not answered for {} s", STORE_SLOW_AFTER.as_secs());
                self.health.lacks(Need::Store, reason);
                question.await
            }
        };
        if answer.is_ok() {
            self.health.has(Need::Store);
        }
        answer
    }

    /// Asks the store until it answers, for as long as `patience` lasts; for ever without.
    pub(crate) async fn insist<T, Question>(
        &self,
        mut question: impl FnMut() -> Question,
        patience: Option<Duration>,
    ) -> Result<T, ParticipantError>
    where
        Question: Future<Output = Result<T, StoreError>>,
    {
        let mut backoff = self.store_backoff();
        let started = Instant::now();
        loop {
            match self.ask(question()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => self.wait_for_store(error, &mut backoff, started, patience).await?,
            }
        }
    }

    /// Waits before the store is tried again, and says so; `since` is when this began, and how long it may go on is
    /// `patience`, or for ever.
    pub(crate) async fn wait_for_store(
        &self,
        error: StoreError,
        backoff: &mut Backoff,
        since: Instant,
        patience: Option<Duration>,
    ) -> Result<(), ParticipantError> {
        if !error.is_retryable() || patience.is_some_and(|patience| since.elapsed() > patience) {
            return Err(self.store_error(error));
        }
        let delay = backoff.next_delay();
        self.metrics.retries.inc();
        self.health.lacks(Need::Store, error.to_string());
        let retry_in_ms = delay.as_millis();
        tracing::warn!(participant = self.name, %error, retry_in_ms, "waiting for the store");
        tokio::time::sleep(delay).await;
        Ok(())
    }
}
