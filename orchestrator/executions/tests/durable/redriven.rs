//! Map runs that are redriven with their executions.

use std::sync::Arc;
use std::time::Duration;

use engine::{Fact, Status, TaskId};
use executions::{Answer, Catalogue, Request, Stored, describe, execution_key, list, map_runs};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Read, Store};

use crate::common::stores::Watched;
use crate::common::{Running, Works, callback, check_journal, keep, succeeded};
use crate::map_runs::{at_rest, begin, each, name_of, runs};

fn asks() -> Value {
    callback(("End", json!(true)))
}

fn failed(task: TaskId) -> Request {
    Request::Tell(Fact::TaskFailed { task, error: "E".to_owned(), cause: Some("C".to_owned()) })
}

async fn redrive(running: &Running) {
    let told = running.ask("a", Request::Redrive { token: None }).await.unwrap();
    assert!(matches!(told, Answer::Redriven { .. }), "{told:?}");
}

/// The children of a Map run, in the order in which they began, by their keys.
async fn children(store: &dyn Read, run: &map_runs::DescribedRun) -> Vec<(String, Stored)> {
    let (page, _) = list(store, &name_of(run), None, None, 1_000).await.unwrap();
    let keyed = |it: executions::Described| (execution_key("m/Each", &it.name), it.stored);
    page.into_iter().rev().map(keyed).collect()
}

#[tokio::test(start_paused = true)]
async fn the_same_run_goes_on_with_the_children_that_did_not_succeed() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let definition = keep(&*store, "m", json!({"M": each(asks(), &json!({}))})).await;
    running.ask("a", begin(&definition, "a", json!([1, 2, 3]))).await.unwrap();
    at_rest(&*store).await;
    let waiting = running.waiting();
    assert!(running.tell(&waiting[0].0, succeeded(waiting[0].1, json!("one"))).await);
    assert!(running.tell(&waiting[1].0, failed(waiting[1].1)).await);
    let ending = running.ended("a").await;
    assert_eq!(ending.error.as_deref(), Some("States.ExceedToleratedFailureThreshold"));
    at_rest(&*store).await;
    let [first] = runs(&*store, "a").await.try_into().unwrap();
    assert_eq!((first.run.items.failed, first.run.items.aborted), (1, 1));

    // By itself no child is redriven.
    let told = running.requests.ask(&*waiting[1].0, Request::Redrive { token: None }).await.unwrap();
    assert!(matches!(told, Answer::NotRedrivable(engine::NotRedrivable::OfMapRun)), "{told:?}");
    tokio::time::advance(Duration::from_secs(60)).await;
    redrive(&running).await;
    at_rest(&*store).await;
    let again = running.waiting();
    let keys = |waiting: &[(String, TaskId)]| waiting.iter().map(|it| it.0.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&again), keys(&waiting)[1..], "the same executions");
    let [at_work] = runs(&*store, "a").await.try_into().unwrap();
    let described = map_runs::describe(&*store, &Catalogue::default(), &name_of(&first)).await.unwrap();
    assert_eq!(described.as_ref(), Some(&at_work));
    assert_eq!(
        (at_work.run.status, at_work.run.redrives, at_work.run.items.running, at_work.run.stopped_ms),
        (Status::Running, 1, 2, None)
    );
    let (page, _) = list(&*store, &name_of(&first), Some(Status::Running), None, 9).await.unwrap();
    assert_eq!(page.len(), 2);
    for ((key, task), answer) in again.iter().zip(["two", "three"]) {
        assert!(running.tell(key, succeeded(*task, json!(answer))).await);
    }
    assert_eq!(running.ended("a").await.output, Some(json!(["one", "two", "three"])));
    at_rest(&*store).await;
    let [last] = runs(&*store, "a").await.try_into().unwrap();
    assert_eq!((last.run.status, last.run.redrives, last.run.items.succeeded), (Status::Succeeded, 1, 3));
    assert_eq!((&last.run.arn, last.run.started_ms), (&first.run.arn, first.run.started_ms));
    check_journal(&*store, "a", &definition).await;
    let redriven: Vec<_> = children(&*store, &last).await.iter().map(|(_, it)| it.redriven()).collect();
    assert_eq!(redriven.iter().map(|it| it.map(|it| it.0)).collect::<Vec<_>>(), [None, Some(1), Some(1)]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn express_children_begin_anew_under_their_names() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    // Whoever is asked returns what it does.
    let function = "arn:aws:lambda:us-east-1:000000000000:function:somebody";
    let mut map = each(json!({"Type": "Task", "Resource": function, "End": true}), &json!({}));
    map["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = json!("EXPRESS");
    let definition = keep(&*store, "m", json!({"M": map})).await;
    running.ask("a", begin(&definition, "a", json!(["x", "y"]))).await.unwrap();
    at_rest(&*store).await;
    let before = running.waiting();
    assert!(running.tell(&before[0].0, failed(before[0].1)).await);
    running.ended("a").await;
    at_rest(&*store).await;
    redrive(&running).await;
    at_rest(&*store).await;
    let again = running.waiting();
    assert_eq!((again.len(), &again[0].0, &again[1].0), (2, &before[0].0, &before[1].0));
    assert_ne!(again[0].1, before[0].1, "what was asked before is asked no more");
    assert!(!running.tell(&again[0].0, succeeded(before[0].1, json!("late"))).await);
    for (key, task) in &again {
        assert!(running.tell(key, succeeded(*task, json!("done"))).await);
    }
    assert_eq!(running.ended("a").await.output, Some(json!(["done", "done"])));
    at_rest(&*store).await;
    let [run] = runs(&*store, "a").await.try_into().unwrap();
    let all = children(&*store, &run).await;
    assert_eq!(all.iter().map(|(_, it)| it.status()).collect::<Vec<_>>(), [Status::Succeeded; 2]);
    let input = executions::input(&*store, &all[1].0, &all[1].1).await.unwrap();
    assert_eq!(input.as_deref(), Some("\"y\""));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn however_often_commits_fail_a_redriven_run_counts_each_item_once() {
    for fail_every in [2, 3, 7] {
        let inner: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let store = Watched::new(Arc::clone(&inner), fail_every);
        let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
        let fields = json!({"MaxConcurrency": 4, "ToleratedFailureCount": 3});
        let definition = keep(&*inner, "m", json!({"M": each(asks(), &fields)})).await;
        let request = begin(&definition, "a", (0..20).collect());
        running.requests.insist(&execution_key("m", "a"), request).await.unwrap();
        // Of the first attempt all fail, of each later one every other.
        let (mut attempt, mut told) = (0, 0);
        let ending = loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            for (key, task) in running.waiting() {
                told += 1;
                let fails = attempt == 0 || attempt < 3 && told % 2 == 0;
                let request = if fails { failed(task) } else { succeeded(task, json!(1)) };
                running.requests.insist(&key, request).await.unwrap();
            }
            match running.ending("a").await {
                Some(ending) if ending.status == Status::Succeeded => break ending,
                Some(_) => {
                    attempt += 1;
                    let redrive = Request::Redrive { token: Some(format!("t{attempt}")) };
                    running.requests.insist(&execution_key("m", "a"), redrive).await.unwrap();
                }
                None => {}
            }
        };
        assert!(ending.output.is_some());
        at_rest(&*inner).await;
        let [run] = runs(&*inner, "a").await.try_into().unwrap();
        let items = run.run.items;
        assert_eq!(
            (items.succeeded + items.failed, items.total(), items.pending_redrive),
            (20, 20, 0),
            "{run:?}"
        );
        assert_eq!(run.run.redrives, attempt, "one commit in {fail_every} fails");
        assert_eq!(children(&*inner, &run).await.len(), 20);
        check_journal(&*inner, "a", &definition).await;
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_stopped_because_others_failed_is_in_the_files_of_results() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("b")).unwrap();
    let store = Arc::new(MemoryStore::new());
    let works = Works { buckets: Some(folder.path().to_owned()), ..Works::default() };
    let running = Running::with(Arc::clone(&store) as Arc<dyn Store>, works);
    let writer =
        json!({"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "out"}});
    let map = each(asks(), &json!({"MaxConcurrency": 3, "ResultWriter": writer}));
    let definition = keep(&*store, "m", json!({"M": map})).await;
    running.ask("a", begin(&definition, "a", json!([1, 2, 3, 4]))).await.unwrap();
    at_rest(&*store).await;
    let waiting = running.waiting();
    assert!(running.tell(&waiting[1].0, failed(waiting[1].1)).await);
    assert_eq!(running.ended("a").await.status, Status::Failed);
    at_rest(&*store).await;
    let written = |kind: &str| -> Vec<Value> {
        let out = std::fs::read_dir(folder.path().join("b/out")).unwrap().next().unwrap().unwrap().path();
        let text = std::fs::read(out.join(format!("{kind}_0.json"))).unwrap_or_else(|_| b"[]".to_vec());
        serde_json::from_slice(&text).unwrap()
    };
    let told = |kind: &str| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        written(kind).iter().map(|it| (text(&it["Input"]), text(&it["Status"]))).collect()
    };
    let pair = |input: &str, status: &str| (input.to_owned(), status.to_owned());
    assert_eq!(told("FAILED"), [pair("1", "ABORTED"), pair("2", "FAILED"), pair("3", "ABORTED")]);
    assert_eq!(told("PENDING"), [pair("4", "PENDING")]);
    let [run] = runs(&*store, "a").await.try_into().unwrap();
    assert_eq!((run.run.items.results_written, run.run.items.aborted), (3, 2));

    redrive(&running).await;
    let mut left = 4;
    while left > 0 {
        at_rest(&*store).await;
        for (key, task) in running.waiting() {
            assert!(running.tell(&key, succeeded(task, json!("done"))).await);
            left -= 1;
        }
    }
    assert_eq!(running.ended("a").await.status, Status::Succeeded);
    assert_eq!((written("SUCCEEDED").len(), written("SUCCEEDED")[0]["RedriveCount"].clone()), (4, json!(1)));
    let manifest = std::fs::read_dir(folder.path().join("b/out")).unwrap().next().unwrap().unwrap();
    let manifest = std::fs::read(manifest.path().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["ResultFiles"]["FAILED"], json!([]), "what is there of before is not listed");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_child_knows_how_many_items_it_has() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let pass = json!({"Type": "Pass", "End": true});
    let map = each(pass, &json!({"ItemBatcher": {"MaxItemsPerBatch": 3}}));
    let definition = keep(&*store, "m", json!({"M": map})).await;
    running.ask("a", begin(&definition, "a", json!([1, 2, 3, 4, 5]))).await.unwrap();
    running.ended("a").await;
    at_rest(&*store).await;
    let [run] = runs(&*store, "a").await.try_into().unwrap();
    let items: Vec<_> = children(&*store, &run)
        .await
        .iter()
        .map(|(_, it)| it.parent().and_then(executions::Parent::child))
        .collect();
    assert_eq!(items, [Some((0, 3)), Some((1, 2))]);
    assert_eq!((run.run.items.succeeded, run.run.executions().succeeded), (5, 2));
    running.stop().await;
}

/// The process ends at any moment, and another goes on.
#[tokio::test(start_paused = true)]
async fn a_redrive_survives_crashes() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let definition = keep(&*store, "m", json!({"M": each(asks(), &json!({}))})).await;
    let mut running = Running::on(Arc::clone(&store));
    running.ask("a", begin(&definition, "a", (0..10).collect())).await.unwrap();
    at_rest(store.reader()).await;
    let (key, task) = running.waiting().swap_remove(4);
    assert!(running.tell(&key, failed(task)).await);
    running.ended("a").await;
    redrive(&running).await;
    let mut after_ms = 0;
    let output = loop {
        tokio::time::sleep(Duration::from_millis(after_ms % 7)).await;
        running.crash().await;
        running = Running::on(Arc::clone(&store));
        after_ms += 1;
        tokio::time::sleep(Duration::from_millis(after_ms % 11)).await;
        let [run] = runs(store.reader(), "a").await.try_into().unwrap();
        for (key, _) in children(store.reader(), &run).await {
            let journal = executions::journal(store.reader(), &key).await.unwrap();
            let (_, calls) = engine::unanswered(&definition, journal).unwrap();
            for call in calls {
                running.requests.insist(&key, succeeded(call.task, json!(1))).await.unwrap();
            }
        }
        if let Some(ending) = running.ending("a").await.filter(|it| it.status == Status::Succeeded) {
            break ending.output;
        }
        assert!(after_ms < 500, "it does not end: {run:?}");
    };
    assert_eq!(output, Some(json!(vec![1; 10])));
    at_rest(store.reader()).await;
    let [run] = runs(store.reader(), "a").await.try_into().unwrap();
    assert_eq!((run.run.redrives, run.run.items.succeeded, run.run.items.total()), (1, 10, 10));
    assert_eq!(children(store.reader(), &run).await.len(), 10);
    let stored = describe(store.reader(), &execution_key("m", "a")).await.unwrap().unwrap();
    assert_eq!(stored.status(), Status::Succeeded);
    running.stop().await;
}
