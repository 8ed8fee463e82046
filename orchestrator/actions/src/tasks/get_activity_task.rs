//! `GetActivityTask`: waits for a task of an activity, and hands it out.
//!
//! A task is handed out once: by its execution, which is told that it was taken on, and knows whether it still waits for that. Only then it is
//! taken out of the queue. So after a crash between the two it is found again, and nobody gets it a second time.

use std::time::Duration;

use api::types::{GetActivityTaskInput, GetActivityTaskOutput};
use api::{ErrorKind, Failure};
use engine::Fact;
use executions::{Answer, Lent, Offered, Poller, Queue, QueueRequest, Request, Row, queue_key};
use participant::AskError;
use registry::activities;
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};

use crate::act::Act;
use crate::arn::{Arn, Resource, wrong_kind};
use crate::failures::{declared, no_activity, store_failed, unanswered};
use crate::service::Service;

/// How long a poll waits at the most.
const POLL: Duration = Duration::from_secs(60);
/// How often the first in line looks whether another instance has put a task in.
const LOOK: Duration = Duration::from_secs(1);

impl Act for GetActivityTaskInput {
    async fn act(self, service: &Service) -> Result<GetActivityTaskOutput, Failure> {
        let arn = Arn::read(&self.activity_arn)?;
        let Resource::Activity { name } = &arn.resource else { return Err(wrong_kind(&arn)) };
        let region = &arn.scope.region;
        let is_there = arn.scope == *service.home() && {
            let activity = activities::find(service.reader(), &format!("{region}/{name}")).await;
            activity.map_err(|error| store_failed(&error))?.is_some()
        };
        if !is_there {
            return Err(no_activity(&arn));
        }
        let key = queue_key(region, name);
        let Some(poller) = service.pollers().come(key.clone()) else {
            let message =
                "The maximum number of workers concurrently polling for activity tasks has been reached.";
            return Err(declared(ErrorKind::ActivityWorkerLimitExceeded, message));
        };
        let poll = Poll { service, poller: &poller, key: &key, worker: self.worker_name.as_deref() };
        let task = poll.next(Instant::now() + POLL).await?;
        let Some(Given { token, input }) = task else { return Ok(GetActivityTaskOutput::default()) };
        Ok(GetActivityTaskOutput { task_token: Some(token), input: Some(input.to_string()) })
    }
}

/// What a worker is given.
struct Given {
    token: String,
    input: Value,
}

/// A task that was found in the queue, as the queue was then.
struct Found {
    lent: Lent,
    queue: Queue,
}

/// A worker that waits for a task.
struct Poll<'a> {
    service: &'a Service,
    poller: &'a Poller,
    /// Of the queue.
    key: &'a str,
    worker: Option<&'a str>,
}

impl Poll<'_> {
    /// The next task that is this worker's; `None` if there is none until then.
    async fn next(&self, until: Instant) -> Result<Option<Given>, Failure> {
        loop {
            let Some(mut found) = self.first(until).await? else { return Ok(None) };
            loop {
                if let Some(given) = self.take_on(found).await? {
                    return Ok(Some(given));
                }
                // Nobody waited for that one: whoever has come this far goes on with the next, if there is one.
                match self.look().await? {
                    Some(next) => found = next,
                    None => break,
                }
            }
        }
    }

    /// Waits in line, and for a task.
    async fn first(&self, until: Instant) -> Result<Option<Found>, Failure> {
        let Ok(turn) = timeout_at(until, self.poller.turn()).await else { return Ok(None) };
        loop {
            if let Some(found) = self.look().await? {
                drop(turn);
                return Ok(Some(found));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            // A task or not, it is looked for again.
            let _ = timeout(LOOK.min(left), self.poller.put_in()).await;
        }
    }

    /// The first task in the queue that is on its way to nobody in this process.
    async fn look(&self) -> Result<Option<Found>, Failure> {
        let entity = self.service.reader().get(self.key).await.map_err(|error| store_failed(&error))?;
        let Some(entity) = entity else { return Ok(None) };
        let queue = match participant::inspect::state::<Row>(&entity) {
            Ok(Some(Row::Queue(queue))) => queue,
            Ok(_) => return Err(Failure::Internal(format!("{} is no queue", self.key))),
            Err(error) => return Err(Failure::Internal(format!("{} cannot be read: {error}", self.key))),
        };
        let lent = self.poller.borrow(queue.waiting());
        Ok(lent.map(|lent| Found { lent, queue }))
    }

    /// Tells the execution that the task was taken on, and takes it out of the queue. `None` if the execution does not wait for that, or not any
    /// more, or if the task or its execution cannot be read.
    async fn take_on(&self, Found { lent, queue }: Found) -> Result<Option<Given>, Failure> {
        let number = lent.number();
        let offered = match queue.task(self.service.reader(), self.key, number).await {
            Ok(offered) => offered,
            Err(error) if error.is_retryable() => return Err(store_failed(&error)),
            // If it stayed first in line, no worker would ever get another task of this activity.
            Err(error) => {
                tracing::error!(queue = self.key, number, %error, "a task cannot be read: nobody gets it");
                None
            }
        };
        let taken = match offered {
            Some(Offered { execution, task, input }) => {
                let worker = self.worker.map(str::to_owned);
                let fact = Fact::ActivityStarted { task, worker };
                match self.service.ask(execution.clone(), Request::Tell(fact)).await {
                    Ok(Answer::Taken { token }) => Some(Given { token, input }),
                    Ok(_) => None,
                    // It is damaged, and answers nobody; others wait behind its task.
                    Err(AskError::Rejected(reason)) => {
                        tracing::error!(execution, reason, "a task cannot be taken on: nobody gets it");
                        None
                    }
                    Err(error) => return Err(unanswered(&error)),
                }
            }
            None => None,
        };
        let done = Request::Queue(QueueRequest::Done { number });
        let done = self.service.ask(self.key.to_owned(), done).await;
        match (taken, done) {
            // It stays in the queue, and its execution will say that it has it no more.
            (Some(given), _) => Ok(Some(given)),
            (None, done) => done.map(|_| None).map_err(|error| unanswered(&error)),
        }
    }
}
