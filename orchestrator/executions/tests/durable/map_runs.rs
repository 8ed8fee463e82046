//! Maps in distributed mode: their children are executions, driven by the same participant.

use std::sync::Arc;
use std::time::Duration;

use engine::{Fact, MapRunUpdate, Status};
use executions::{Answer, Catalogue, Request, Start, describe, execution_key, list, map_runs};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Read, Store};

use crate::common::stores::Watched;
use crate::common::{Running, Works, callback, check_journal, keep, machine_arn, somebody, start};

/// A Map in distributed mode, labelled `Each`, of which each child does that; with further fields.
pub(crate) fn each(does: Value, fields: &Value) -> Value {
    let mut map = json!({"Type": "Map", "Label": "Each", "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "D", "States": {"D": does}}});
    map.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    map
}

fn pass() -> Value {
    json!({"Type": "Pass", "End": true})
}

pub(crate) fn fail() -> Value {
    json!({"Type": "Fail", "Error": "E", "Cause": "C"})
}

pub(crate) fn begin(definition: &Arc<asl::Definition>, name: &str, input: Value) -> Request {
    let Request::Start(start) = start(definition, input) else { unreachable!() };
    Request::Start(Box::new(Start { identity: Some(somebody(name)), ..*start }))
}

/// All Map runs of an execution of `m`.
pub(crate) async fn runs(store: &dyn Read, name: &str) -> Vec<map_runs::DescribedRun> {
    let catalogue = Catalogue::default();
    map_runs::list(store, &catalogue, &execution_key("m", name), None, 100).await.unwrap().0
}

/// The name of a run: what stands behind the machine in its ARN, at home.
pub(crate) fn name_of(run: &map_runs::DescribedRun) -> String {
    format!("m/{}", run.run.arn.rsplit_once('/').unwrap().1)
}

/// Once nothing is left to do.
pub(crate) async fn at_rest(store: &dyn Read) {
    while store.stats().await.unwrap().outbox_rows > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_item_is_an_execution_and_the_run_is_told_of_afterwards() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let definition = keep(&*store, "m", json!({"M": each(pass(), &json!({}))})).await;
    let items: Vec<u64> = (0..40).collect();
    running.ask("a", begin(&definition, "a", json!(items))).await.unwrap();
    assert_eq!(running.ended("a").await.output, Some(json!(items)));
    check_journal(&*store, "a", &definition).await;
    at_rest(&*store).await;

    let [run] = runs(&*store, "a").await.try_into().unwrap();
    assert_eq!((run.run.status, run.run.items.succeeded), (Status::Succeeded, 40));
    assert!(run.run.arn.starts_with(&machine_arn("m").replace("stateMachine:m", "mapRun:m/Each:")));
    let found = map_runs::describe(&*store, &Catalogue::default(), &name_of(&run)).await.unwrap();
    assert_eq!(found, Some(run.clone()));
    let (children, _) = list(&*store, &name_of(&run), Some(Status::Succeeded), None, 100).await.unwrap();
    assert_eq!(children.len(), 40);
    // Each has a name and a history of its own, by which its ARN finds it.
    let key = execution_key("m/Each", &children[0].name);
    let history = executions::journal(&*store, &key).await.unwrap();
    assert!(matches!(&history[0].fact, Fact::ChildStarted(start) if start.execution == key), "{history:?}");
    // They are none of the machine's own.
    assert_eq!(list(&*store, "m", None, None, 100).await.unwrap().0.len(), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn children_wait_are_counted_and_limited_while_the_run_is_at_work() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let fields = json!({"MaxConcurrency": 2, "ToleratedFailureCount": 1});
    let map = each(callback(("End", json!(true))), &fields);
    let definition = keep(&*store, "m", json!({"M": map})).await;
    running.ask("a", begin(&definition, "a", json!([1, 2, 3, 4, 5]))).await.unwrap();
    at_rest(&*store).await;
    let mut waiting = running.waiting();
    assert_eq!(waiting.len(), 2);

    let [run] = runs(&*store, "a").await.try_into().unwrap();
    assert_eq!(
        (run.run.status, run.run.executions().running, run.run.items.pending),
        (Status::Running, 2, 3)
    );
    let name = name_of(&run);
    assert_eq!(list(&*store, &name, Some(Status::Running), None, 9).await.unwrap().0.len(), 2);
    let (key, request) =
        map_runs::update(&run, MapRunUpdate { max_concurrency: Some(5), ..MapRunUpdate::default() });
    assert!(running.tell(&key, request).await);
    at_rest(&*store).await;
    waiting.extend(running.waiting());
    assert_eq!(waiting.len(), 5);

    for (number, (key, task)) in waiting.into_iter().enumerate() {
        let fact = match number {
            3 => Fact::TaskFailed { task, error: "E".to_owned(), cause: None },
            _ => Fact::TaskSucceeded { task, output: json!(number) },
        };
        assert!(running.tell(&key, Request::Tell(fact)).await);
    }
    assert_eq!(running.ended("a").await.status, Status::Succeeded, "one may fail");
    at_rest(&*store).await;
    let run = map_runs::describe(&*store, &Catalogue::default(), &name).await.unwrap().unwrap();
    assert_eq!((run.run.items.succeeded, run.run.items.failed), (4, 1));
    let (key, request) = map_runs::update(&run, MapRunUpdate::default());
    assert!(!running.tell(&key, request).await, "it is over");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn children_are_stopped_with_the_execution() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let definition = keep(&*store, "m", json!({"M": each(callback(("End", json!(true))), &json!({}))})).await;
    // Of the one, they wait already; of the other, none has begun.
    running.ask("a", begin(&definition, "a", json!([1, 2, 3]))).await.unwrap();
    at_rest(&*store).await;
    let stop = || Request::Tell(Fact::Stopped { error: None, cause: None });
    running.ask("a", stop()).await.unwrap();
    let (begun, stopped) =
        tokio::join!(running.ask("b", begin_seeded(&definition, "b")), running.ask("b", stop()));
    begun.unwrap();
    assert!(matches!(stopped.unwrap(), Answer::Told { was_awaited: true, .. }));
    at_rest(&*store).await;
    for name in ["a", "b"] {
        let [run] = runs(&*store, name).await.try_into().unwrap();
        assert_eq!((run.run.status, run.run.items.aborted), (Status::Aborted, 3));
        let (children, _) = list(&*store, &name_of(&run), Some(Status::Aborted), None, 9).await.unwrap();
        assert_eq!(children.len(), 3, "{name}");
    }
    running.stop().await;
}

fn begin_seeded(definition: &Arc<asl::Definition>, name: &str) -> Request {
    let Request::Start(start) = begin(definition, name, json!([1, 2, 3])) else { unreachable!() };
    Request::Start(Box::new(Start { seed: 8, ..*start }))
}

/// A Map that reads `items/all.json` of bucket `b`, and writes what its children give to `results`.
fn reads_and_writes(express: bool) -> Value {
    let io = json!({
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}, "Parameters": {"Bucket": "b", "Key": "items/all.json"}},
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "results"}},
        "ToleratedFailurePercentage": 100,
    });
    let choice = json!({"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 2, "Next": "F"}], "Default": "P"});
    let mut map = each(choice, &io);
    map["ItemProcessor"]["States"]["F"] = fail();
    map["ItemProcessor"]["States"]["P"] = pass();
    if express {
        map["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = json!("EXPRESS");
    }
    json!({"M": map})
}

#[tokio::test(start_paused = true)]
async fn items_are_read_from_buckets_and_results_are_written_there() {
    for express in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let bucket = folder.path().join("b");
        std::fs::create_dir_all(bucket.join("items")).unwrap();
        let items: Vec<Value> = (0..1_500).map(|n| json!({"n": n % 4})).collect();
        std::fs::write(bucket.join("items/all.json"), json!(items).to_string()).unwrap();
        let store = Arc::new(MemoryStore::new());
        let works = Works { buckets: Some(folder.path().to_owned()), ..Works::default() };
        let running = Running::with(Arc::clone(&store) as Arc<dyn Store>, works);
        let definition = keep(&*store, "m", reads_and_writes(express)).await;
        running.ask("a", begin(&definition, "a", json!({}))).await.unwrap();
        let output = running.ended("a").await.output.unwrap();
        let details = &output["ResultWriterDetails"];
        let manifest = std::fs::read(bucket.join(details["Key"].as_str().unwrap())).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let written = |kind: &str| {
            let key = manifest["ResultFiles"][kind][0]["Key"].as_str().unwrap();
            let text = std::fs::read(bucket.join(key)).unwrap();
            serde_json::from_slice::<Vec<Value>>(&text).unwrap()
        };
        assert_eq!((written("SUCCEEDED").len(), written("FAILED").len()), (1_125, 375), "express: {express}");
        assert_eq!(written("FAILED")[0]["Input"], json!("{\"n\":3}"));
        at_rest(&*store).await;
        let [run] = runs(&*store, "a").await.try_into().unwrap();
        assert_eq!((run.run.items.succeeded, run.run.items.results_written), (1_125, 1_500));
        check_journal(&*store, "a", &definition).await;
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_buckets_a_run_that_needs_them_fails() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let definition = keep(&*store, "m", reads_and_writes(false)).await;
    running.ask("a", begin(&definition, "a", json!({}))).await.unwrap();
    let ending = running.ended("a").await;
    assert_eq!(ending.error.as_deref(), Some("States.ItemReaderFailed"));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn however_often_commits_fail_each_item_is_counted_once() {
    for fail_every in [2, 3, 7] {
        let inner: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let store = Watched::new(Arc::clone(&inner), fail_every);
        let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
        let definition = keep(&*inner, "m", json!({"M": each(pass(), &json!({"MaxConcurrency": 7}))})).await;
        let items: Vec<u64> = (0..50).collect();
        let request = begin(&definition, "a", json!(items));
        running.requests.insist(&execution_key("m", "a"), request).await.unwrap();
        assert_eq!(running.ended("a").await.output, Some(json!(items)));
        at_rest(&*inner).await;
        let [run] = runs(&*inner, "a").await.try_into().unwrap();
        assert_eq!((run.run.items.succeeded, run.run.items.total()), (50, 50));
        assert_eq!(list(&*inner, &name_of(&run), None, None, 100).await.unwrap().0.len(), 50);
        let stored = describe(&*inner, &execution_key("m", "a")).await.unwrap().unwrap();
        assert_eq!(stored.status(), Status::Succeeded);
        running.stop().await;
    }
}
