//! A participant that drives executions of one activity's tasks, and workers that ask for them.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;

use actions::{Scope, Service};
use asl::Definition;
use bus::memory::{MemoryBus, MemoryOptions};
use engine::{Fact, Status, token};
use executions::{
    Answer, Catalogue, Errands, Executor, HandedIn, Pollers, Request, Start, Unconnected, describe,
    execution_key, no_foreign,
};
use participant::{Clock, Millis, Participant, ParticipantError, Requests, SystemClock};
use registry::activities::{self, Activity};
use registry::machines::{Change, keep_definition};
use serde_json::{Value, json};
use store::{Store, StoreError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The activity whose tasks there are.
pub(crate) const ARN: &str = "arn:aws:states:us-east-1:123456789012:activity:pack";

/// Follows tokio's time, which tests may pause.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> Millis {
        1_700_000_000_000 + Millis::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}

/// A process: a participant, and the service in front of it.
pub(crate) struct Process {
    pub(crate) service: Service,
    pub(crate) store: Arc<dyn Store>,
    requests: Requests<Request, Answer>,
    definition: Arc<Definition>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ParticipantError>>,
}

impl Process {
    /// On tokio's time.
    pub(crate) async fn on(store: Arc<dyn Store>) -> Self {
        Self::at(store, Arc::new(TokioClock(Instant::now()))).await
    }

    pub(crate) async fn on_wall_clock(store: Arc<dyn Store>) -> Self {
        Self::at(store, Arc::new(SystemClock)).await
    }

    async fn at(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let definition = definition(&*store).await;
        make_activity(&*store, false).await;
        let (requests, asked) = participant::requests();
        let (catalogue, pollers) = (Catalogue::default(), Pollers::default());
        let errands = Errands::new(&requests, Arc::clone(&store), catalogue.clone(), no_foreign());
        let executor = Executor::new(catalogue.clone(), Unconnected).with_pollers(pollers.clone());
        let bus = Arc::new(MemoryBus::new(MemoryOptions::default()));
        let participant = Participant::new(
            "executions",
            Vec::new(),
            executor,
            Arc::new(errands),
            Arc::clone(&store),
            bus,
            Arc::clone(&clock),
        );
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(participant.with_requests(asked).run(async { drop(stopped.await) }));
        let service = Service::new(Scope::default(), Arc::clone(&store), requests.clone(), catalogue, clock)
            .with_pollers(pollers);
        Self { service, store, requests, definition, stop, task }
    }

    /// Begins an execution whose only state is a task of the activity.
    pub(crate) async fn begin(&self, name: &str, input: Value) {
        let start = Start {
            definition: Arc::clone(&self.definition),
            input,
            seed: 7,
            identity: None,
            express: false,
            given: None,
            logging: None,
            parent: None,
            by: None,
        };
        let answer = self.ask(name, Request::Start(Box::new(start))).await;
        assert!(matches!(answer, Answer::Started { .. } | Answer::Exists { .. }), "{answer:?}");
    }

    pub(crate) async fn ask(&self, name: &str, request: Request) -> Answer {
        self.requests.ask(execution_key("us-east-1/m", name), request).await.unwrap()
    }

    pub(crate) async fn stop_execution(&self, name: &str) {
        self.ask(name, Request::Tell(Fact::Stopped { error: None, cause: None })).await;
    }

    pub(crate) async fn status(&self, name: &str) -> Option<Status> {
        let key = execution_key("us-east-1/m", name);
        let described = describe(self.store.reader(), &key).await.unwrap();
        described.map(|described| described.status())
    }

    /// Asks for a task as a worker does; the body of the answer, or of the error.
    pub(crate) async fn get(&self, worker: Option<&str>) -> Result<Value, Value> {
        get(&self.service, ARN, worker).await
    }

    /// What the worker that has the token of the task says: whether somebody waited for it.
    pub(crate) async fn succeed(&self, task_token: &str, output: Value) -> bool {
        let token = token::decode(task_token).unwrap();
        let (key, fact) = (token.execution().to_owned(), Fact::TaskSucceeded { task: token.task(), output });
        let handed = Request::HandIn(Box::new(HandedIn { token, fact }));
        let answer = self.requests.ask(key, handed).await.unwrap();
        matches!(answer, Answer::Told { was_awaited: true, .. })
    }

    pub(crate) async fn shut_down(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }

    /// Ends without a word.
    pub(crate) async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

pub(crate) async fn get(service: &Service, arn: &str, worker: Option<&str>) -> Result<Value, Value> {
    let body = json!({"activityArn": arn, "workerName": worker}).to_string();
    let request = api::request::read("AWSStepFunctions.GetActivityTask", body.as_bytes());
    let request = request.map_err(|failure| failure.body())?;
    service.act(request).await.map_err(|failure| failure.body())
}

/// The name of the execution that an answer's token is for.
pub(crate) fn execution_of(answer: &Value) -> String {
    let token = token::decode(answer["taskToken"].as_str().unwrap()).unwrap();
    token.execution().rsplit_once(':').unwrap().1.to_owned()
}

/// A task of the activity that is given up after ten seconds of work.
async fn definition(store: &dyn Store) -> Arc<Definition> {
    let task =
        json!({"Type": "Task", "Resource": ARN, "TimeoutSeconds": 10, "InputPath": "$.for_you", "End": true});
    let text = json!({"StartAt": "Pack", "States": {"Pack": task}}).to_string();
    let definition = asl::parse(&text).unwrap();
    keep_definition(store, definition.fingerprint(), &text).await.unwrap();
    Arc::new(definition)
}

pub(crate) async fn make_activity(store: &dyn Store, deleted: bool) {
    let activity = Activity { created_ms: 1, deleted, encryption: json!({}), tags: Vec::new() };
    let put = |_| Ok::<_, StoreError>(Change::Put(Box::new(activity.clone()), ()));
    activities::change(store, "us-east-1", "us-east-1/pack", put).await.unwrap();
}
