//! What is told of executions once it is committed: events that are logged, and what is counted.

use std::sync::{Arc, Mutex};

use asl::Definition;
use engine::Status;
use executions::{Answer, EventLog, LoggedEvent, Logging, Metrics, Request, Start, execution_key, journal};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use prometheus::{Registry, TextEncoder};
use serde_json::{Value, json};
use store::Store;
use store::memory::MemoryStore;

use crate::common::stores::Watched;
use crate::common::{F, Running, Works, callback, definition, five_passes, keep, somebody, start, succeeded};

/// A log in memory.
#[derive(Default)]
struct Log {
    events: Mutex<Vec<LoggedEvent>>,
    /// It never says that it has written them.
    hangs: bool,
}

impl EventLog for Log {
    fn log(&self, events: Vec<LoggedEvent>) -> BoxFuture<'static, ()> {
        self.events.lock().unwrap().extend(events);
        if self.hangs { std::future::pending().boxed() } else { std::future::ready(()).boxed() }
    }
}

impl Log {
    /// Number and type of each, by number.
    fn told(&self) -> Vec<(u64, String)> {
        let events = self.events.lock().unwrap();
        let mut told: Vec<_> =
            events.iter().map(|event| (event.id.parse().unwrap(), event.event_type.clone())).collect();
        told.sort();
        told
    }

    async fn until_told(&self, count: usize) {
        while self.events.lock().unwrap().len() < count {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

fn with(log: &Arc<Log>) -> Works {
    Works { event_log: Some(Arc::clone(log) as Arc<dyn EventLog>), ..Works::default() }
}

fn logged(definition: &Arc<Definition>, level: &str, express: bool) -> Request {
    let Request::Start(start) = start(definition, json!({"in": 1})) else { unreachable!() };
    let configuration = json!({"loggingConfiguration": {"level": level, "includeExecutionData": true}});
    let logging = Logging::of(configuration.as_object().unwrap());
    Request::Start(Box::new(Start { identity: Some(somebody("a")), logging, express, ..*start }))
}

fn waits() -> Value {
    json!({
        "C": {"Type": "Task", "Resource": F, "Next": "W"},
        "W": callback(("End", json!(true))),
    })
}

#[tokio::test(start_paused = true)]
async fn every_event_of_the_history_is_logged() {
    let (store, log): (Arc<dyn Store>, Arc<Log>) = (Arc::new(MemoryStore::new()), Arc::default());
    let definition = keep(&*store, "m", waits()).await;
    let running = Running::with(Arc::clone(&store), with(&log));
    running.ask("a", logged(&definition, "ALL", false)).await.unwrap();
    let mut waiting = running.waiting();
    while waiting.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        waiting = running.waiting();
    }
    let (key, task) = waiting.pop().unwrap();
    assert!(running.tell(&key, succeeded(task, json!("out"))).await);
    let (_, history) =
        engine::replay(&definition, journal(&*store, &execution_key("m", "a")).await.unwrap()).unwrap();
    let history: Vec<_> = history.iter().map(|event| (event.id, event.type_name())).collect();
    log.until_told(history.len()).await;
    assert_eq!(log.told(), history);
    let first = log.events.lock().unwrap()[0].clone();
    assert_eq!(first.execution_arn, somebody("a").execution_arn);
    assert_eq!(first.details.unwrap()["input"], "{\"in\":1}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_that_nobody_has_written_are_logged_by_the_next_process() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let definition = keep(&*store, "m", five_passes()).await;
    let hangs = Arc::new(Log { hangs: true, ..Log::default() });
    let running = Running::with(Arc::clone(&store), with(&hangs));
    running.ask("a", logged(&definition, "ALL", false)).await.unwrap();
    hangs.until_told(12).await;
    running.crash().await;
    let log = Arc::<Log>::default();
    let running = Running::with(Arc::clone(&store), with(&log));
    log.until_told(12).await;
    assert_eq!(log.told(), hangs.told());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_never_stored_is_logged_without_a_commit() {
    let (store, log) = (Watched::new(Arc::new(MemoryStore::new()), 0), Arc::<Log>::default());
    let running = Running::with(Arc::clone(&store) as Arc<dyn Store>, with(&log));
    let definition = definition(five_passes());
    running.ask("a", logged(&definition, "OFF", true)).await.unwrap();
    assert_eq!(log.told(), []);
    running.ask("b", logged(&definition, "ALL", true)).await.unwrap();
    assert_eq!((log.told().len(), store.commits()), (12, 0));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn levels_leave_out_what_went_well() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let fails = json!({"P": {"Type": "Pass", "Next": "F"}, "F": {"Type": "Fail", "Error": "E"}});
    let definition = keep(&*store, "m", fails).await;
    for (level, expected) in
        [("ERROR", &["FailStateEntered", "ExecutionFailed"][..]), ("FATAL", &["ExecutionFailed"])]
    {
        let log = Arc::<Log>::default();
        let running = Running::with(Arc::clone(&store), with(&log));
        running.ask(level, logged(&definition, level, false)).await.unwrap();
        log.until_told(expected.len()).await;
        let types: Vec<_> = log.told().into_iter().map(|(_, event_type)| event_type).collect();
        assert_eq!(types, expected, "{level}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_committed_is_counted_once() {
    let registry = Registry::new();
    let metrics = Some(Metrics::register(&registry).unwrap());
    let running = Running::with(Arc::new(MemoryStore::new()), Works { metrics, ..Works::default() });
    let definition = definition(json!({"W": callback(("End", json!(true)))}));
    assert_eq!(running.start("a", &definition, json!(1)).await, None);
    // Neither a start that is asked for again nor one that is refused is another one.
    for input in [json!(1), json!(2)] {
        let again = running.ask("a", start(&definition, input)).await.unwrap();
        assert!(!matches!(again, Answer::Started { is_new: true, .. }), "{again:?}");
    }
    let [(key, task)] = running.waiting().try_into().unwrap();
    assert!(running.tell(&key, succeeded(task, json!("out"))).await);
    assert!(!running.tell(&key, succeeded(task, json!("late"))).await);
    assert_eq!(running.ending("a").await.unwrap().status, Status::Succeeded);
    let Request::Start(express) = start(&definition, json!(1)) else { unreachable!() };
    running.ask("b", Request::Start(Box::new(Start { express: true, ..*express }))).await.unwrap();
    let told = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    for line in [
        "duet_workflow_executions_started_total{type=\"STANDARD\"} 1",
        "duet_workflow_executions_started_total{type=\"EXPRESS\"} 1",
        "duet_workflow_executions_ended_total{status=\"SUCCEEDED\",type=\"STANDARD\"} 1",
        "duet_workflow_executions_ended_total{status=\"FAILED\",type=\"STANDARD\"} 0",
        "duet_workflow_state_transitions_total{type=\"STANDARD\"} 1",
        "duet_workflow_execution_seconds_count{type=\"STANDARD\"} 1",
    ] {
        assert!(told.lines().any(|told| told == line), "{line} is not in\n{told}");
    }
    running.stop().await;
}
