//! A participant's life, from connecting to its end.

use std::future::Future;
use std::io;

use bus::Origin;
use futures::FutureExt;
use tokio::sync::{oneshot, watch};

use crate::health::Need;
use crate::pipeline::Pipeline;
use crate::{Handler, Participant, ParticipantError};

impl<H: Handler> Participant<H> {
    /// Publishes what an earlier life left in the outbox, then handles inputs until `shutdown` completes, then
    /// finishes the batch in hand; what the bus does not take then is left to the next life. Waits for a store or a bus that is
    /// down, with capped back-off. Dropping the future is a crash: nothing is lost, the next life carries on.
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
        let (ending, ends) = watch::channel(false);
        let starting = async {
            // Who has no store should not hold deliveries that another instance could handle.
            self.insist(|| self.store.probe(), None).await?;
            let mut pipeline = self.connect(ends).await?;
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
            ending.send_replace(true);
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

    async fn connect(self, ends: watch::Receiver<bool>) -> Result<Pipeline<H>, ParticipantError> {
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
                    return Ok(Pipeline::new(self, consumer, publisher, ends));
                }
                Err(error) => self.wait_for_bus(error, &mut backoff).await?,
            }
        }
    }
}
