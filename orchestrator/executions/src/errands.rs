//! Carries out what executions have done outside of their own rows.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Fact;
use futures::StreamExt;
use futures::stream;
use participant::{AskError, Backoff, CallId, Caller, Lane, Requests};
use store::{Read, Store, StoreError};
use tokio::task::JoinHandle;

use crate::catalogue::Catalogue;
use crate::errand::{Errand, Foreign, Outcome};
use crate::event_log::EventLog;
use crate::files::Files;
use crate::request::{Answer, Request};

/// Executions that are stopped at once.
const STOPPED_AT_ONCE: usize = 32;
/// Pauses while the store is away, or something is not there yet.
pub(crate) const AGAIN_AFTER: std::time::Duration = std::time::Duration::from_millis(20);
pub(crate) const AGAIN_AFTER_MAX: std::time::Duration = std::time::Duration::from_secs(1);

/// Carries out what executions have done outside of their own rows: the participant's caller, which asks the participant itself.
///
/// # Guarantees
///
/// - **Until it is done.** While the store is away, or the participant has no time, an errand is tried again, for as long as the
///   process lives; then by the next one. A task does not fail of it.
/// - **Nothing waits for a stranger.** Calls that are none of executions may have lanes of their own ([`Caller::lane`]).
/// - **Twice is once.** What an errand asks for says who asks: an execution that was begun for a task is not begun again for it.
///
/// Calls that are none of executions are `foreign`.
pub struct Errands<C> {
    /// From within: what errands ask is always taken.
    pub(crate) requests: Requests<Request, Answer>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) catalogue: Catalogue,
    pub(crate) files: Files,
    event_log: Option<Arc<dyn EventLog>>,
    foreign: Arc<dyn Caller<C, Fact>>,
}

impl<C> Clone for Errands<C> {
    fn clone(&self) -> Self {
        Self {
            requests: self.requests.clone(),
            store: Arc::clone(&self.store),
            catalogue: self.catalogue.clone(),
            files: self.files.clone(),
            event_log: self.event_log.clone(),
            foreign: Arc::clone(&self.foreign),
        }
    }
}

/// A task that ends with whoever waits for it.
struct Working(JoinHandle<Outcome>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The participant ends: the errand is left to the next one.
pub(crate) struct Ends;

impl<C> Errands<C> {
    /// Of the participant that is asked with `requests`, on that store, with those definitions at hand.
    #[must_use]
    pub fn new(
        requests: &Requests<Request, Answer>,
        store: Arc<dyn Store>,
        catalogue: Catalogue,
        foreign: Arc<dyn Caller<C, Fact>>,
    ) -> Self {
        let (requests, files) = (requests.from_within(), Files::default());
        Self { requests, store, catalogue, files, event_log: None, foreign }
    }

    /// Map runs read their items from these buckets, and write their results there. Without any, both fail.
    #[must_use]
    pub fn with_buckets(self, buckets: Arc<dyn items::Buckets>) -> Self {
        Self { files: Files::of(buckets), ..self }
    }

    /// Events of executions go to that log. Without any, nothing is logged.
    #[must_use]
    pub fn with_event_log(self, event_log: Arc<dyn EventLog>) -> Self {
        Self { event_log: Some(event_log), ..self }
    }

    pub(crate) fn reader(&self) -> &dyn Read {
        self.store.reader()
    }

    /// Asks the participant until it answers; why it will not is `Err` inside.
    pub(crate) async fn ask(&self, key: &str, request: Request) -> Result<Result<Answer, String>, Ends> {
        match self.requests.insist(key, request).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(AskError::Stopped) => Err(Ends),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// The same, where all that is asked can be refused for is that something is damaged, which an operator is to know of.
    pub(crate) async fn tell(&self, key: &str, request: Request) -> Result<(), Ends> {
        if let Err(reason) = self.ask(key, request).await? {
            tracing::error!(key, reason, "an errand could not be carried out");
        }
        Ok(())
    }

    /// Stops the executions under these keys, unless they have ended.
    pub(crate) async fn stop(&self, keys: &[String]) -> Result<(), Ends> {
        self.stop_all(keys, &Request::Tell(Fact::Stopped { error: None, cause: None })).await
    }

    async fn stop_all(&self, keys: &[String], request: &Request) -> Result<(), Ends> {
        let stops = stream::iter(keys.to_vec()).map(async |key| self.tell(&key, request.clone()).await);
        let stopped: Vec<_> = stops.buffer_unordered(STOPPED_AT_ONCE).collect().await;
        stopped.into_iter().collect()
    }
}

/// Reads until the store answers.
pub(crate) async fn patiently<T, F>(mut read: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut backoff = Backoff::new(AGAIN_AFTER, AGAIN_AFTER_MAX, 0);
    loop {
        match read().await {
            Err(error) if error.is_retryable() => tokio::time::sleep(backoff.next_delay()).await,
            read => return read,
        }
    }
}

impl<C: Clone + Send + Sync + 'static> Errands<C> {
    async fn carry_out(&self, id: &CallId, errand: &Errand<C>) -> Result<Outcome, Ends> {
        Ok(match errand {
            Errand::Foreign(foreign) => {
                let Foreign { since_ms, call, .. } = foreign;
                Outcome::Returned { since_ms: *since_ms, fact: self.foreign.call(id, call).await }
            }
            Errand::Nest(nest) => self.nest(id, nest).await?,
            Errand::StopNested(tasks) => self.stop_nested(&id.key, None, tasks).await?,
            Errand::StopNestedOf { since_ms, tasks } => {
                self.stop_nested(&id.key, Some(*since_ms), tasks).await?
            }
            Errand::Offer(offer) => self.offer(offer).await?,
            Errand::Report => self.report(&id.key).await?,
            Errand::StartChild(child) => self.start_child(&id.key, child).await?,
            Errand::RedriveChild(again) => self.redrive_child(again).await?,
            Errand::StopChildren { children, attempt } => {
                self.stop_all(children, &Request::StopChild { attempt: *attempt }).await?;
                Outcome::Done
            }
            Errand::Stop(keys) => {
                self.stop(keys).await?;
                Outcome::Done
            }
            Errand::Log(events) => {
                if let Some(log) = &self.event_log {
                    log.log(events.clone()).await;
                }
                Outcome::Done
            }
            Errand::ReadItems(wanted) => self.read_items(&id.key, wanted).await,
            Errand::WriteResults(results) => self.write_results(results).await,
            Errand::KeepMapRun { name, run } => self.keep_map_run(&id.key, name, run).await?,
        })
    }
}

impl<C: Clone + Send + Sync + 'static> Errands<C> {
    /// Whether the task still waits that the call is for: there is no point in a call otherwise.
    async fn is_awaited(&self, id: &CallId, foreign: &Foreign<C>) -> Result<bool, Ends> {
        let asked = Request::Awaits { since_ms: foreign.since_ms, task: foreign.task };
        match self.ask(&id.key, asked).await? {
            Ok(Answer::Told { was_awaited, .. }) => Ok(was_awaited),
            Ok(_) => Ok(false),
            // Of what is damaged, the call's own outcome will tell.
            Err(_) => Ok(true),
        }
    }

    /// Carries it out, on a task of its own: the participant looks at its calls only between two batches, and one that has got hold of what reads
    /// the store just then would keep the next batch from it.
    async fn on_its_own(&self, id: &CallId, errand: &Errand<C>, is_late: bool) -> Outcome {
        let (errands, id, errand) = (self.clone(), id.clone(), errand.clone());
        let mut working = Working(tokio::spawn(async move {
            let carried_out = async {
                if let Errand::Foreign(foreign) = &errand
                    && is_late
                    && !errands.is_awaited(&id, foreign).await?
                {
                    return Ok(Outcome::Done);
                }
                errands.carry_out(&id, &errand).await
            };
            match carried_out.await {
                Ok(outcome) => outcome,
                // Nobody hears it: the participant drops its calls as it ends, and the next one makes them again.
                Err(Ends) => std::future::pending().await,
            }
        }));
        match (&mut working.0).await {
            Ok(outcome) => outcome,
            // It panicked, or the runtime ends: the next life tries it again.
            Err(_) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl<C: Clone + Send + Sync + 'static> Caller<Errand<C>, Outcome> for Errands<C> {
    async fn call(&self, id: &CallId, errand: &Errand<C>) -> Outcome {
        self.on_its_own(id, errand, false).await
    }

    async fn call_late(&self, id: &CallId, errand: &Errand<C>) -> Outcome {
        self.on_its_own(id, errand, true).await
    }

    fn lane<'c>(&'c self, errand: &'c Errand<C>) -> Option<Lane<'c>> {
        match errand {
            Errand::Foreign(foreign) => self.foreign.lane(&foreign.call),
            _ => None,
        }
    }
}
