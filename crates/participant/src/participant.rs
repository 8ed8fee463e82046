//! A participant's parts, and its life from connecting to its end.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Origin, Subscription, Topic};
use futures::FutureExt;
use store::{Store, StoreError};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::health::Need;
use crate::pipeline::Pipeline;
use crate::{Asked, Backoff, Caller, Clock, Handler, Health, Metrics, Options};

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

/// Why a participant ended although it was not asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParticipantError {
    /// The store cannot be used, or was unavailable for longer than the participant's patience in the middle of its work.
    #[error("participant {participant} cannot use its store")]
    Store {
        /// Which participant.
        participant: String,
        /// The last error.
        #[source]
        source: StoreError,
    },
    /// The bus refused for good.
    #[error("participant {participant} cannot use the bus")]
    Bus {
        /// Which participant.
        participant: String,
        /// The last error.
        #[source]
        source: BusError,
    },
    /// The outbox holds something that this program cannot read.
    #[error(
        "participant {participant} cannot read row {row} of its outbox: was it written by a newer version?"
    )]
    Outbox {
        /// Which participant.
        participant: String,
        /// The row's id.
        row: u64,
    },
    /// It was asked to stop, but the bus or the store did not let it finish its batch in time. What it had
    /// committed stands in the outbox and is published at the next start.
    #[error("participant {participant} could not finish its batch within {grace_s} s of being asked to stop")]
    Unfinished {
        /// Which participant.
        participant: String,
        /// How long it was given, in seconds.
        grace_s: u64,
    },
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

    /// Counting here.
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

    /// Publishes what an earlier life left in the outbox, then handles inputs until `shutdown` completes, then
    /// finishes the batch in hand. Waits for a store or a bus that is down, with capped back-off. Dropping the future
    /// is a crash: nothing is lost, the next life carries on.
    ///
    /// # Errors
    /// [`ParticipantError`]; nothing that was committed is lost by it.
    pub async fn run(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ParticipantError> {
        let health = self.health.clone();
        if let Some(asked) = &self.asked {
            asked.heed(&health);
        }
        let result = self.live(shutdown.boxed().shared()).await;
        health.set_stopped(result.as_ref().err().map(ToString::to_string));
        result
    }

    /// Like [`Self::run`], on a thread and a single-threaded runtime of its own. So a store that does its work on the
    /// calling thread holds up this participant and nothing else, and a batch costs no hop between threads. The
    /// receiver gets what `run` returned; it is closed without a value if the participant panicked.
    ///
    /// # Errors
    /// The operating system gives no thread or runtime.
    pub fn spawn(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<oneshot::Receiver<Result<(), ParticipantError>>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (ended, receiver) = oneshot::channel();
        let thread = std::thread::Builder::new().name(self.name.clone());
        thread.spawn(move || {
            let result = runtime.block_on(self.run(shutdown));
            // Whoever started it may not care any more.
            let _ = ended.send(result);
        })?;
        Ok(receiver)
    }

    async fn live(
        self,
        shutdown: impl Future<Output = ()> + Clone + Send + Unpin,
    ) -> Result<(), ParticipantError> {
        let grace = self.options.shutdown_grace;
        let participant = self.name.clone();
        let health = self.health.clone();
        let starting = async {
            // Who has no store should not hold deliveries that another instance could handle.
            self.find_store().await?;
            let mut pipeline = self.connect().await?;
            pipeline.recover(None).await?;
            Ok(pipeline)
        };
        let mut pipeline = tokio::select! {
            biased;
            () = shutdown.clone() => return Ok(()),
            started = starting => started?,
        };
        health.set_running();
        let out_of_time = async {
            shutdown.clone().await;
            tokio::time::sleep(grace).await;
        };
        let work = async {
            while let Some(batch) = pipeline.gather(shutdown.clone()).await? {
                pipeline.process(batch).await?;
            }
            pipeline.finish().await
        };
        tokio::select! {
            biased;
            result = work => result,
            () = out_of_time => Err(ParticipantError::Unfinished { participant, grace_s: grace.as_secs() }),
        }
    }

    /// Waits until the store answers, however long that takes.
    async fn find_store(&self) -> Result<(), ParticipantError> {
        let started = Instant::now();
        let mut backoff = self.store_backoff();
        while let Err(error) = self.ask(self.store.probe()).await {
            self.wait_for_store(error, &mut backoff, started, None).await?;
        }
        Ok(())
    }

    async fn connect(self) -> Result<Pipeline<H>, ParticipantError> {
        let subscription = self.subscription();
        let mut backoff = self.backoff();
        loop {
            let connected = async {
                let consumer = self.bus.subscribe(&subscription).await?;
                Ok((consumer, self.bus.publisher(Origin::Participant).await?))
            };
            match connected.await {
                Ok((consumer, publisher)) => {
                    self.health.has(Need::Deliveries);
                    return Ok(Pipeline::new(self, consumer, publisher));
                }
                Err(error) => self.wait_for_bus(error, &mut backoff).await?,
            }
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
