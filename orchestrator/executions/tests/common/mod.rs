//! Executions with everything around them: a participant on any store, and integrations that do what the resource says.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part, and fails by panicking")]

pub(crate) mod stores;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use asl::Definition;
use async_trait::async_trait;
use bus::memory::{MemoryBus, MemoryOptions};
use bus::{Bus, Message};
use engine::{Call, Ending, Fact, Identity, Refusal, TaskId};
use executions::{
    Answer, Catalogue, Errands, EventLog, Executor, Integrations, Metrics, Request, Spans, Start, Waiters,
    Way, describe, execution_key,
};
use items::Folder;
use participant::{
    AskError, CallId, Caller, Clock, Lane, Millis, Options, Participant, ParticipantError, Rejected,
    Requests, SystemClock, requests,
};
use registry::machines::{self, Change, Machine, Revision};
use serde_json::{Value, json};
use store::{Read, Store, StoreError};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) const F: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";
/// An execution of `inner` that is waited for.
pub(crate) const NESTED: &str = "arn:aws:states:::states:startExecution.sync:2";
pub(crate) const CALLBACK: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";

/// Functions are called outside, and return at once; `nobody` is refused; all else waits for somebody with the token.
#[derive(Clone, Default)]
pub(crate) struct Works {
    /// What waits, in the order in which it was decided on; what is decided again is there again.
    pub(crate) waiting: Arc<Mutex<Vec<(String, TaskId)>>>,
    /// Who waits for ends.
    pub(crate) waiters: Waiters,
    /// The folder whose folders are buckets.
    pub(crate) buckets: Option<PathBuf>,
    /// Where events are logged.
    pub(crate) event_log: Option<Arc<dyn EventLog>>,
    pub(crate) metrics: Option<Metrics>,
    pub(crate) spans: Option<Arc<dyn Spans>>,
    /// A function is called at once, or as these permit, one call after the other.
    pub(crate) turns: Option<Arc<Semaphore>>,
    /// Whose functions were called.
    pub(crate) called: Arc<Mutex<Vec<String>>>,
}

impl engine::Integrations for Works {
    fn refusal(&self, call: &Call) -> Option<Refusal> {
        let refusal = || Refusal { error: "Nobody".to_owned(), cause: "there is nobody".to_owned() };
        call.resource.ends_with("nobody").then(refusal)
    }
}

impl Integrations for Works {
    type Outside = TaskId;

    fn way(&self, key: &str, call: Call, _: Millis) -> Result<Way<TaskId>, Rejected> {
        if call.resource.ends_with("function:f") {
            return Ok(Way::Outside(call.task));
        }
        if call.resource.ends_with("unmakeable") {
            return Err(Rejected("it cannot be made".to_owned()));
        }
        self.waiting.lock().unwrap().push((key.to_owned(), call.task));
        Ok(Way::Awaited)
    }

    fn fact(&self, message: &Message) -> Result<Fact, Rejected> {
        Err(Rejected(format!("{} says nothing", message.topic)))
    }
}

#[async_trait]
impl Caller<TaskId, Fact> for Works {
    async fn call(&self, id: &CallId, task: &TaskId) -> Fact {
        self.called.lock().unwrap().push(id.key.clone());
        if let Some(turns) = &self.turns {
            turns.acquire().await.unwrap().forget();
        }
        Fact::FunctionReturned { task: *task, output: json!("done") }
    }

    fn lane<'c>(&'c self, _: &'c TaskId) -> Option<Lane<'c>> {
        self.turns.is_some().then_some(Lane { name: "f", at_once: 1 })
    }
}

/// Follows tokio's time, which tests may pause.
pub(crate) struct TokioClock(Instant);

impl TokioClock {
    /// That showed the beginning of time then.
    pub(crate) fn new(began: Instant) -> Self {
        Self(began)
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Millis {
        1_700_000_000_000 + Millis::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}

pub(crate) fn definition(states: Value) -> Arc<Definition> {
    let start = states.as_object().unwrap().keys().next().unwrap().clone();
    let text = json!({"StartAt": start, "States": states}).to_string();
    Arc::new(asl::parse(&text).unwrap_or_else(|problems| panic!("{problems}")))
}

/// Has the store keep it, as whoever makes a machine does.
pub(crate) async fn keep(store: &dyn Store, _: &str, states: Value) -> Arc<Definition> {
    let start = states.as_object().unwrap().keys().next().unwrap().clone();
    let text = json!({"StartAt": start, "States": states}).to_string();
    let definition = asl::parse(&text).unwrap();
    machines::keep_definition(store, definition.fingerprint(), &text).await.unwrap();
    Arc::new(definition)
}

/// Where machines of tests are.
pub(crate) const PLACE: &str = "arn:aws:states:us-east-1:123456789012";

pub(crate) fn machine_arn(machine: &str) -> String {
    format!("{PLACE}:stateMachine:{machine}")
}

/// A machine of the registry.
pub(crate) async fn make_machine(store: &dyn Store, name: &str, states: Value, express: bool) {
    let definition = keep(store, name, states).await;
    let current = Revision {
        id: None,
        fingerprint: definition.fingerprint().to_owned(),
        role_arn: "role".to_owned(),
        since_ms: 1,
        configuration: serde_json::Map::new(),
    };
    let machine = json!({"generation": 1, "express": express, "created_ms": 1, "current": current});
    let machine: Box<Machine> = serde_json::from_value(machine).unwrap();
    let put = |_| Ok::<_, StoreError>(Change::Put(machine.clone(), ()));
    machines::change(store, "us-east-1", &format!("us-east-1/{name}"), put).await.unwrap();
}

/// The execution of that name, of the machine `m`, as AWS calls it.
pub(crate) fn somebody(name: &str) -> Box<Identity> {
    Box::new(Identity {
        execution_arn: format!("{PLACE}:execution:m:{name}"),
        name: name.to_owned(),
        machine_arn: machine_arn("m"),
        machine_name: "m".to_owned(),
        role_arn: "role".to_owned(),
        version_arn: None,
        alias_arn: None,
        token_key: None,
    })
}

pub(crate) fn five_passes() -> Value {
    let states = (0..5).map(|n| {
        let next = if n == 4 { ("End", json!(true)) } else { ("Next", json!(format!("S{}", n + 1))) };
        (format!("S{n}"), json!({"Type": "Pass", "Parameters": {"n": n, "in.$": "$.in"}, next.0: next.1}))
    });
    Value::Object(states.collect())
}

/// A Map over `$.items` whose items each are a task of that resource.
pub(crate) fn map_of(resource: &str) -> Value {
    let parameters = json!({"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}});
    let mut task = json!({"Type": "Task", "Resource": resource, "End": true});
    if resource == CALLBACK {
        task["Parameters"] = parameters;
    }
    json!({"M": {"Type": "Map", "ItemsPath": "$.items", "End": true,
                 "ItemProcessor": {"StartAt": "T", "States": {"T": task}}}})
}

pub(crate) fn callback(next: (&str, Value)) -> Value {
    json!({"Type": "Task", "Resource": CALLBACK, next.0: next.1,
           "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}})
}

/// A Parallel of so many branches, each a task of that resource.
pub(crate) fn parallel_of(count: usize, resource: &str) -> Value {
    let branches = (0..count).map(|n| {
        let task = match resource {
            CALLBACK => callback(("End", json!(true))),
            NESTED => json!({"Type": "Task", "Resource": resource, "End": true,
                             "Parameters": {"StateMachineArn": machine_arn("inner")},
                             // What is told of a thousand executions is more than a result may have.
                             "ResultSelector": {"status.$": "$.Status"}}),
            _ => json!({"Type": "Task", "Resource": resource, "End": true}),
        };
        json!({"StartAt": format!("T{n}"), "States": {format!("T{n}"): task}})
    });
    json!({"P": {"Type": "Parallel", "Branches": branches.collect::<Vec<_>>(), "End": true}})
}

pub(crate) fn start(definition: &Arc<Definition>, input: Value) -> Request {
    let definition = Arc::clone(definition);
    Request::Start(Box::new(Start {
        definition,
        input,
        seed: 7,
        identity: None,
        express: false,
        given: None,
        logging: None,
        parent: None,
        by: None,
    }))
}

pub(crate) fn succeeded(task: TaskId, output: Value) -> Request {
    Request::Tell(Fact::TaskSucceeded { task, output })
}

/// A participant that drives executions.
pub(crate) struct Running {
    pub(crate) requests: Requests<Request, Answer>,
    pub(crate) works: Works,
    pub(crate) store: Arc<dyn Store>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ParticipantError>>,
}

pub(crate) fn participant(
    store: Arc<dyn Store>,
    works: &Works,
    clock: Arc<dyn Clock>,
) -> (Participant<Executor<Works>>, Requests<Request, Answer>) {
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new(MemoryOptions::default()));
    let (requests, asked) = requests();
    let catalogue = Catalogue::default();
    let foreign = Arc::new(works.clone());
    let mut errands = Errands::new(&requests, Arc::clone(&store), catalogue.clone(), foreign);
    if let Some(buckets) = &works.buckets {
        errands = errands.with_buckets(Arc::new(Folder::new(buckets.clone())));
    }
    let mut executor = Executor::new(catalogue, works.clone()).with_waiters(works.waiters.clone());
    if let Some(log) = &works.event_log {
        errands = errands.with_event_log(Arc::clone(log));
        executor = executor.with_event_log(Arc::clone(log));
    }
    if let Some(metrics) = &works.metrics {
        executor = executor.with_metrics(metrics.clone());
    }
    if let Some(spans) = &works.spans {
        executor = executor.with_spans(Arc::clone(spans));
    }
    let participant =
        Participant::new("executions", Vec::new(), executor, Arc::new(errands), store, bus, clock);
    let options = Options { batch_max: 1024, ..Options::default() };
    (participant.with_requests(asked).with_options(options), requests)
}

impl Running {
    pub(crate) fn on(store: Arc<dyn Store>) -> Self {
        Self::at(store, Arc::new(TokioClock(Instant::now())))
    }

    pub(crate) fn on_wall_clock(store: Arc<dyn Store>) -> Self {
        Self::at(store, Arc::new(SystemClock))
    }

    pub(crate) fn at(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self::of(store, clock, Works::default())
    }

    pub(crate) fn with(store: Arc<dyn Store>, works: Works) -> Self {
        Self::of(store, Arc::new(TokioClock(Instant::now())), works)
    }

    pub(crate) fn of(store: Arc<dyn Store>, clock: Arc<dyn Clock>, works: Works) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (participant, requests) = participant(Arc::clone(&store), &works, clock);
        let task = tokio::spawn(participant.run(async { drop(stopped.await) }));
        Self { requests, works, store, stop, task }
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }

    pub(crate) async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    pub(crate) async fn ask(&self, name: &str, request: Request) -> Result<Answer, AskError> {
        self.requests.ask(execution_key("m", name), request).await
    }

    /// Starts one that is new, and gives its end if it has ended.
    pub(crate) async fn start(
        &self,
        name: &str,
        definition: &Arc<Definition>,
        input: Value,
    ) -> Option<Ending> {
        match self.ask(name, start(definition, input)).await.unwrap() {
            Answer::Started { is_new: true, ending, .. } => ending,
            other => panic!("{name} is new, and not {other:?}"),
        }
    }

    /// Whether it was waited for.
    pub(crate) async fn tell(&self, key: &str, request: Request) -> bool {
        match self.requests.ask(key, request).await.unwrap() {
            Answer::Told { was_awaited, .. } => was_awaited,
            Answer::Taken { .. } => true,
            other => panic!("{key} can be told something, and not {other:?}"),
        }
    }

    /// What waits for somebody with the token.
    pub(crate) fn waiting(&self) -> Vec<(String, TaskId)> {
        self.works.waiting.lock().unwrap().drain(..).collect()
    }

    pub(crate) async fn ending(&self, name: &str) -> Option<Ending> {
        ending(&*self.store, name).await
    }

    /// Waits for the end of an execution: its timers and calls are all that happens.
    pub(crate) async fn ended(&self, name: &str) -> Ending {
        loop {
            if let Some(ending) = self.ending(name).await {
                return ending;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

pub(crate) async fn ending(store: &dyn Read, name: &str) -> Option<Ending> {
    describe(store, &execution_key("m", name)).await.unwrap()?.ending().cloned()
}

/// The journal of an execution leads to the end that its row tells.
pub(crate) async fn check_journal(store: &dyn Read, name: &str, definition: &Definition) {
    let key = execution_key("m", name);
    let stored = describe(store, &key).await.unwrap().unwrap();
    let journal = executions::journal(store, &key).await.unwrap();
    let (execution, history) = engine::replay(definition, journal).unwrap();
    let engine::Phase::Ended(ending) = execution.phase() else { panic!("{key} has ended") };
    assert_eq!(stored.ending(), Some(&**ending), "{key}");
    assert_eq!(history.last().unwrap().id, history.len() as u64);
}
