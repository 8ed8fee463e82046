//! Executions that tasks start, activities that they offer, and who is told of an end.

use asl::random::Random;
use engine::results::nested;
use engine::token::TokenKey;
use engine::{ChildEnd, Fact, MapNews, Status, TaskId, is_name};
use participant::CallId;
use serde_json::{Value, json};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use crate::errand::{Nest, Offer, Outcome, Waits};
use crate::errands::{Ends, Errands, patiently};
use crate::lists::{OF_TASK, of_task};
use crate::parent::Parent;
use crate::queue::queue_key;
use crate::read::{ReadError, describe, input as input_of};
use crate::refused::Refused;
use crate::request::{Answer, Nested, QueueRequest, Request, Start};
use crate::stored::{Place, Stored};
use crate::target::{Named, target};

/// An execution that can begin.
struct Wish {
    key: String,
    start: Start,
    execution_arn: String,
}

impl<C> Errands<C> {
    /// Starts the execution that a task asks for.
    pub(crate) async fn nest(&self, id: &CallId, nest: &Nest) -> Result<Outcome, Ends> {
        let refused = |refused: Refused| Ok(Outcome::Told(refused.fact(nest.task, nest.waits)));
        let Wish { key, start, execution_arn } = match self.wish(id, nest).await {
            Ok(wish) => wish,
            Err(reason) => return refused(reason),
        };
        let waits_for = matches!(nest.waits, Waits::Ended { .. });
        let (started_ms, ending) = match self.ask(&key, Request::Start(Box::new(start))).await? {
            Ok(Answer::Started { started_ms, ending, .. }) => (started_ms, ending),
            Ok(_) => {
                let cause = format!("Execution Already Exists: '{execution_arn}'");
                return refused(Refused::new("ExecutionAlreadyExists", cause));
            }
            Err(reason) => {
                let cause = format!("Invalid State Machine Execution Input: '{reason}'");
                return refused(Refused::new("InvalidExecutionInput", cause));
            }
        };
        let output = begun(&execution_arn, started_ms);
        let task = nest.task;
        Ok(match nest.waits {
            Waits::Begun => Outcome::Told(Fact::TaskSucceeded { task, output }),
            Waits::Token | Waits::Ended { .. } => {
                let nested = Some(key).filter(|_| waits_for && ending.is_none());
                Outcome::Begun { task, output, nested }
            }
        })
    }

    /// What is to begin for a task. All that is made up follows from the call's id, so that it is the same when it is asked again.
    async fn wish(&self, id: &CallId, nest: &Nest) -> Result<Wish, Refused> {
        let text = |name: &str| nest.arguments.get(name).and_then(Value::as_str);
        let random = Random::new(xxh3_64(id.key.as_bytes()), id.sequence);
        let (draw, made_up, own_id) = (random.next_u64(), random.next_uuid(), random.next_uuid());
        let machine_arn = text("StateMachineArn").unwrap_or_default();
        let unreadable = |error: store::StoreError| Refused::new("ServiceUnavailable", error.to_string());
        let found = patiently(|| target(self.reader(), machine_arn, nest.machine_arn.as_deref(), draw));
        let target = found.await.map_err(unreadable)??;
        let express = target.express;
        let name = text("Name").map_or(made_up, str::to_owned);
        if !is_name(&name) {
            return Err(Refused::new("InvalidName", format!("Invalid Name: '{name}'")));
        }
        let parent = match nest.waits {
            Waits::Ended { .. } if express => {
                let cause = format!("Express state machines cannot be waited for: '{}'", target.machine_arn);
                return Err(Refused::new("StateMachineTypeNotSupported", cause));
            }
            Waits::Ended { as_json } => {
                let (key, since_ms, task) = (id.key.clone(), nest.since_ms, nest.task);
                Some(Parent::Task { key, since_ms, task, as_json })
            }
            Waits::Begun | Waits::Token => None,
        };
        let fingerprint = &target.revision.fingerprint;
        let definition = patiently(|| self.catalogue.find(self.reader(), fingerprint)).await;
        let definition = definition.map_err(unreadable)?.ok_or_else(|| {
            Refused::new(
                "StateMachineDoesNotExist",
                format!("The definition of '{}' cannot be read", target.machine_arn),
            )
        })?;
        // The key is drawn anew each time it is asked for: the first that is committed is the one.
        let token_key = TokenKey::new(Uuid::new_v4().into_bytes());
        let Named { key, identity, given, logging } = target.named(name, &own_id, token_key);
        let execution_arn = identity.execution_arn.clone();
        let start = Start {
            definition,
            input: input(nest.arguments.get("Input")),
            // By the call, which is made once; there may have been others under its key.
            seed: xxh3_64(id.to_string().as_bytes()),
            identity: Some(identity),
            express,
            // Its input is read in its journal.
            given: given.filter(|given| given.version_arn.is_some()),
            logging,
            by: parent.is_none().then(|| id.clone()),
            parent,
        };
        Ok(Wish { key, start, execution_arn })
    }

    /// Stops what those tasks have started, of the execution that began then, in milliseconds since 1970.
    pub(crate) async fn stop_nested(
        &self,
        key: &str,
        since_ms: Option<u64>,
        tasks: &[TaskId],
    ) -> Result<Outcome, Ends> {
        for task in tasks {
            // An earlier version of this program may have begun it, which did not say of whom it is.
            let values = [since_ms, None].map(|since_ms| of_task(key, since_ms, *task));
            for value in &values {
                match patiently(|| self.reader().linked(OF_TASK, value, None, 1)).await {
                    // What is not there yet is stopped once it has begun: nobody waits for that either.
                    Ok((keys, _)) => self.stop(&keys).await?,
                    Err(error) => tracing::error!(key, %error, "what a task has started cannot be found"),
                }
            }
        }
        Ok(Outcome::Done)
    }

    /// Puts a task into the queue of its activity.
    pub(crate) async fn offer(&self, offer: &Offer) -> Result<Outcome, Ends> {
        // arn:PARTITION:states:REGION:ACCOUNT:activity:NAME
        let parts: Vec<&str> = offer.activity.split(':').collect();
        if let [_, _, _, region, _, _, name] = parts[..] {
            let put = QueueRequest::Put(Box::new(offer.offered.clone()));
            self.tell(&queue_key(region, name), Request::Queue(put)).await?;
        }
        Ok(Outcome::Done)
    }

    /// Tells whoever waits for the execution under `key` how it has ended.
    pub(crate) async fn report(&self, key: &str) -> Result<Outcome, Ends> {
        match self.reported(key).await {
            // It was redriven meanwhile: it will end again.
            Ok(None) => {}
            Ok(Some((parent, request))) => match self.ask(&parent, request).await? {
                Ok(Answer::Unknown) => return Ok(Outcome::Unheard),
                Ok(_) => {}
                Err(reason) => tracing::error!(key, reason, "the end of an execution could not be told"),
            },
            Err(error) => tracing::error!(key, %error, "how an execution has ended cannot be read"),
        }
        Ok(Outcome::Done)
    }

    /// Who is told, and what.
    async fn reported(&self, key: &str) -> Result<Option<(String, Request)>, ReadError> {
        let Some(stored) = self.described(key).await? else { return Ok(None) };
        let (Some(parent), Some(ending), Place::Here(execution)) =
            (stored.parent(), stored.ending(), &stored.place)
        else {
            return Ok(None);
        };
        let started_ms = stored.started_ms();
        Ok(Some(match parent {
            Parent::Task { key: parent, since_ms, task, as_json } => {
                let Some(identity) = execution.identity() else { return Ok(None) };
                let input = self.input(key, &stored).await?;
                let is_over = ending.status == Status::Succeeded;
                let told = nested(identity, &input, started_ms, ending, *as_json && is_over);
                let task = *task;
                let end = match ending.status {
                    Status::Succeeded => Fact::TaskSucceeded { task, output: told },
                    _ => Fact::TaskFailed {
                        task,
                        error: asl::error::TASK_FAILED.to_owned(),
                        cause: Some(told.to_string()),
                    },
                };
                let begun = begun(&identity.execution_arn, started_ms);
                let since_ms = *since_ms;
                (parent.clone(), Request::Nested(Box::new(Nested { since_ms, task, begun, end })))
            }
            Parent::MapRun { key: parent, since_ms, run, index, is_told_whole, .. } => {
                let has_input = *is_told_whole || ending.status != Status::Succeeded;
                let input = if has_input { Some(self.input(key, &stored).await?) } else { None };
                let end = child_end(&stored, input);
                let news = end.map(|end| MapNews::ChildEnded { index: *index, end: Box::new(end) });
                let Some(news) = news else { return Ok(None) };
                let fact = Fact::MapRun { run: *run, news };
                (parent.clone(), Request::ChildEnded { since_ms: *since_ms, fact: Box::new(fact) })
            }
        }))
    }

    /// The row of an execution, once the store answers.
    pub(crate) async fn described(&self, key: &str) -> Result<Option<Stored>, ReadError> {
        read_patiently(|| describe(self.reader(), key)).await
    }

    /// What an execution began with, as JSON text.
    pub(crate) async fn input(&self, key: &str, stored: &Stored) -> Result<String, ReadError> {
        if let Some(Parent::MapRun { input: Some(input), .. }) = stored.parent() {
            return Ok(input.clone());
        }
        let found = read_patiently(|| input_of(self.reader(), key, stored)).await?;
        Ok(found.unwrap_or_default())
    }
}

async fn read_patiently<T, F>(mut read: impl FnMut() -> F) -> Result<T, ReadError>
where
    F: Future<Output = Result<T, ReadError>>,
{
    let read = patiently(|| {
        let read = read();
        async move {
            match read.await {
                Err(ReadError::Store(error)) => Err(error),
                read => Ok(read),
            }
        }
    });
    read.await?
}

/// How a child has ended, if it has.
pub(crate) fn child_end(stored: &Stored, input: Option<String>) -> Option<ChildEnd> {
    let ending = stored.ending()?.clone();
    Some(ChildEnd {
        status: ending.status,
        started_ms: stored.started_ms(),
        stopped_ms: ending.at_ms,
        output: ending.output,
        error: ending.error,
        cause: ending.cause,
        attempt: stored.parent().map_or(0, Parent::attempt),
        redrives: stored.redriven().map_or(0, |(count, _)| count),
        input,
    })
}

/// What a task is told of an execution that has begun.
fn begun(execution_arn: &str, started_ms: u64) -> Value {
    json!({"ExecutionArn": execution_arn, "StartDate": started_ms})
}

/// What an execution is given: `Input` as it is, or what it says as text. Without it: an empty object.
fn input(given: Option<&Value>) -> Value {
    match given {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        Some(given) => given.clone(),
        None => json!({}),
    }
}
