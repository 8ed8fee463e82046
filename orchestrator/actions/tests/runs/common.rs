//! The API over a real participant.

use std::sync::Arc;

use actions::{Limits, Service};
use bus::memory::{MemoryBus, MemoryOptions};
use executions::{Catalogue, Errands, Executor, OpenExecutions, Unconnected, Waiters, no_foreign};
use participant::{Clock, Millis, Participant, ParticipantError, SystemClock, requests};
use registry::machines::{self, Change, Machine};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Store, StoreError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/r";

pub(crate) fn arn(rest: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:{rest}")
}

/// Follows tokio's time, which tests pause.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> Millis {
        1_700_000_000_000 + Millis::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}

/// A service whose tasks wait for whoever has their token.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) store: Arc<dyn Store>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ParticipantError>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(Arc::new(MemoryStore::new()), Arc::new(TokioClock(Instant::now())))
    }

    /// With room for so many open executions, on that store.
    pub(crate) async fn with_room_for(open_executions: u64, store: Arc<dyn Store>) -> Self {
        let open = OpenExecutions::default();
        open.look(&*store).await.unwrap();
        let limits = Limits { open_executions, ..Limits::default() };
        Self::counting(store, Arc::new(TokioClock(Instant::now())), open, limits)
    }

    pub(crate) fn on_wall_clock(store: Arc<dyn Store>) -> Self {
        Self::on(store, Arc::new(SystemClock))
    }

    fn on(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self::counting(store, clock, OpenExecutions::default(), Limits::default())
    }

    fn counting(store: Arc<dyn Store>, clock: Arc<dyn Clock>, open: OpenExecutions, limits: Limits) -> Self {
        let catalogue = Catalogue::default();
        let (requests, asked) = requests();
        let waiters = Waiters::default();
        let errands = Errands::new(&requests, Arc::clone(&store), catalogue.clone(), no_foreign());
        let participant = Participant::new(
            "executions",
            Vec::new(),
            Executor::new(catalogue.clone(), Unconnected)
                .with_waiters(waiters.clone())
                .with_open(open.clone()),
            Arc::new(errands),
            Arc::clone(&store),
            Arc::new(MemoryBus::new(MemoryOptions::default())),
            Arc::clone(&clock),
        );
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(participant.with_requests(asked).run(async { drop(stopped.await) }));
        let home = actions::Scope::default();
        let service = Service::new(home, Arc::clone(&store), requests, catalogue, clock)
            .with_waiters(waiters)
            .with_limits(limits)
            .with_open(open);
        Self { service, store, stop, task }
    }

    pub(crate) async fn end(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }

    pub(crate) async fn call(&self, action: &str, body: Value) -> Result<Value, Value> {
        let target = format!("AWSStepFunctions.{action}");
        let request =
            api::request::read(&target, body.to_string().as_bytes()).map_err(|failure| failure.body())?;
        self.service.act(request).await.map_err(|failure| failure.body())
    }

    /// The answer to a request that is carried out.
    pub(crate) async fn ok(&self, action: &str, body: Value) -> Value {
        match self.call(action, body.clone()).await {
            Ok(answer) => answer,
            Err(error) => panic!("{action} {body}: {error}"),
        }
    }

    /// The error and the message of a request that is refused.
    pub(crate) async fn refused(&self, action: &str, body: Value) -> (String, String) {
        match self.call(action, body.clone()).await {
            Ok(answer) => panic!("{action} {body} is answered with {answer}"),
            Err(error) => {
                let (_, kind) = error["__type"].as_str().unwrap().split_once('#').unwrap();
                (kind.to_owned(), error["message"].as_str().unwrap_or_default().to_owned())
            }
        }
    }

    pub(crate) async fn make(&self, name: &str, states: Value, shape: impl Fn(&mut Machine)) -> String {
        let start = states.as_object().unwrap().keys().next().unwrap().clone();
        let text = json!({"StartAt": start, "States": states}).to_string();
        let definition = asl::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
        machines::keep_definition(&*self.store, definition.fingerprint(), &text).await.unwrap();
        let current = json!({"fingerprint": definition.fingerprint(), "role_arn": ROLE, "since_ms": 0});
        let machine = json!({"generation": 1, "created_ms": 0, "current": current});
        let mut machine: Machine = serde_json::from_value(machine).unwrap();
        let key = format!("us-east-1/{name}");
        let made = machines::change(&*self.store, "us-east-1", &key, |old| {
            machine.generation = old.map_or(1, |old| old.generation + 1);
            shape(&mut machine);
            Ok::<_, StoreError>(Change::Put(Box::new(machine.clone()), ()))
        });
        made.await.unwrap();
        arn(&format!("stateMachine:{name}"))
    }

    /// A Standard machine; its ARN.
    pub(crate) async fn machine(&self, name: &str, states: Value) -> String {
        self.make(name, states, |_| {}).await
    }

    /// An Express machine; its ARN.
    pub(crate) async fn express(&self, name: &str, states: Value) -> String {
        self.make(name, states, |machine| machine.express = true).await
    }

    /// Starts an execution of a machine, and gives its ARN.
    pub(crate) async fn start(&self, machine: &str, name: &str, input: &str) -> String {
        let body = json!({"stateMachineArn": machine, "name": name, "input": input});
        self.ok("StartExecution", body).await["executionArn"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn describe(&self, execution: &str) -> Value {
        self.ok("DescribeExecution", json!({"executionArn": execution})).await
    }

    pub(crate) async fn events(&self, execution: &str) -> Vec<Value> {
        let body = json!({"executionArn": execution, "maxResults": 1000});
        self.ok("GetExecutionHistory", body).await["events"].as_array().unwrap().clone()
    }

    /// The token of the last task that the execution scheduled.
    pub(crate) async fn token(&self, execution: &str) -> String {
        let events = self.events(execution).await;
        let scheduled = events.iter().rev().find(|event| event["type"] == "TaskScheduled").unwrap();
        let parameters = scheduled["taskScheduledEventDetails"]["parameters"].as_str().unwrap();
        let parameters: Value = serde_json::from_str(parameters).unwrap();
        parameters["MessageBody"]["token"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn pass() -> Value {
    json!({"P": {"Type": "Pass", "End": true}})
}

/// A task that waits for whoever has its token.
pub(crate) fn callback() -> Value {
    json!({"T": {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}},
        "End": true
    }})
}

pub(crate) fn fail() -> Value {
    json!({"F": {"Type": "Fail", "Error": "E", "Cause": "why"}})
}
