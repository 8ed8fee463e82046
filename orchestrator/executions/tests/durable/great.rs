//! Executions that are too great for their rows.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use asl::Definition;
use engine::{Fact, Status};
use executions::{Answer, Request, execution_key};
use futures::future::join_all;
use participant::AskError;
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Read, Store};

use crate::common::stores::Watched;
use crate::common::{CALLBACK, F, Running, check_journal, keep, map_of, parallel_of, start, succeeded};

fn items(count: usize) -> Value {
    json!({"items": (0..count).collect::<Vec<_>>()})
}

/// Runs a Map over so many items, each answered by itself; gives the bytes written.
async fn written_by(states: Value, count: usize) -> u64 {
    let store = Watched::new(Arc::new(MemoryStore::new()), 0);
    let definition = keep(&*store, "m", states).await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    running.start("a", &definition, items(count)).await;
    loop {
        let waiting = running.waiting();
        if waiting.is_empty() {
            break;
        }
        for (key, task) in waiting {
            assert!(running.tell(&key, succeeded(task, json!("answered"))).await);
        }
    }
    let ending = running.ended("a").await;
    assert_eq!(ending.output.unwrap().as_array().unwrap().len(), count);
    check_journal(&*store, "a", &definition).await;
    running.stop().await;
    store.written()
}

#[tokio::test(start_paused = true)]
async fn what_is_written_grows_with_what_happens_and_not_with_its_square() {
    for resource in [CALLBACK, F] {
        let map = (written_by(map_of(resource), 50).await, written_by(map_of(resource), 500).await);
        let parallel = (
            written_by(parallel_of(50, resource), 50).await,
            written_by(parallel_of(500, resource), 500).await,
        );
        for (what, (few, many)) in [("Map", map), ("Parallel", parallel)] {
            assert!(many < 15 * few, "{what} of {resource}: {few} bytes for 50 items, {many} for 500");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_holds_is_read_again() {
    let store = Arc::new(MemoryStore::new());
    let definition = keep(&*store, "m", map_of(CALLBACK)).await;
    let mut running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    running.start("a", &definition, items(30)).await;
    let waiting = running.waiting();
    assert_eq!(waiting.len(), 30);
    let key = execution_key("m", "a");
    for (index, (_, task)) in waiting.into_iter().enumerate() {
        running.crash().await;
        running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
        assert!(running.tell(&key, succeeded(task, json!(index))).await);
        assert!(!running.tell(&key, succeeded(task, json!(index))).await);
    }
    let expected: Vec<usize> = (0..30).collect();
    assert_eq!(running.ending("a").await.unwrap().output, Some(json!(expected)));
    check_journal(&*store, "a", &definition).await;
    running.stop().await;
}

/// A state that grows too great for a row, is answered often, and becomes small again.
fn grows_and_shrinks() -> Value {
    let mut map = map_of(CALLBACK);
    map["M"]["ItemProcessor"]["States"]["T"]["HeartbeatSeconds"] = json!(60);
    map["M"].as_object_mut().unwrap().remove("End");
    map["M"]["Next"] = json!("N");
    map["M"]["ResultPath"] = json!("$.results");
    let mut last = map_of(CALLBACK)["M"]["ItemProcessor"]["States"]["T"].clone();
    last["ResultPath"] = json!("$.last");
    map["N"] = json!({"Type": "Pass", "Parameters": {"items": [1]}, "Next": "L"});
    map["L"] = last;
    map
}

#[tokio::test(start_paused = true)]
async fn snapshots_stand_in_the_journal_once_the_facts_since_outweigh_them() {
    let store = Watched::new(Arc::new(MemoryStore::new()), 0);
    let definition = keep(&*store, "m", grows_and_shrinks()).await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    running.start("a", &definition, items(30)).await;
    let waiting = running.waiting();
    for round in 0..20 {
        for (key, task) in &waiting {
            assert!(running.tell(key, Request::Tell(Fact::TaskHeartbeat { task: *task })).await, "{round}");
        }
    }
    let key = execution_key("m", "a");
    let journal = store.journal(&key, 0, 10_000).await.unwrap();
    let (snapshots, facts): (Vec<_>, Vec<_>) = journal.iter().partition(|entry| entry[0] == b'S');
    let bytes = |entries: &[&bytes::Bytes]| entries.iter().map(|entry| entry.len()).sum::<usize>();
    assert_eq!(facts.len(), 601);
    assert!(snapshots.len() > 1 && bytes(&snapshots) <= bytes(&facts), "{} snapshots", snapshots.len());

    // Another life goes on from the last of them.
    running.crash().await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    for (key, task) in waiting {
        assert!(running.tell(&key, succeeded(task, json!(1))).await);
    }
    let [(key, last)] = running.waiting().try_into().unwrap();
    for _ in 0..200 {
        let told = running.tell(&key, Request::Tell(Fact::TaskHeartbeat { task: last })).await;
        assert!(told, "it is at work, though nothing follows from it");
    }
    assert!(running.tell(&key, succeeded(last, json!(2))).await);
    assert_eq!(running.ending("a").await.unwrap().output, Some(json!({"items": [1], "last": 2})));
    check_journal(&*store, "a", &definition).await;
    running.stop().await;
}

/// Asks until there is an answer.
async fn ask(running: &Running, key: &str, request: Request) -> Answer {
    loop {
        match running.requests.ask(key, request.clone()).await {
            Ok(answer) => return answer,
            Err(AskError::Rejected(reason)) => panic!("{reason}"),
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
        }
    }
}

async fn run_on(stores: &[Arc<dyn Store>], definition: &Arc<Definition>, count: usize) {
    let lives: Vec<Running> = stores.iter().map(|store| Running::on(Arc::clone(store))).collect();
    let key = execution_key("m", "a");
    let started = ask(&lives[0], &key, start(definition, json!({}))).await;
    assert!(matches!(started, Answer::Started { ending: None, .. }));
    let mut waiting = lives[0].waiting();
    waiting.sort();
    waiting.dedup();
    assert_eq!(waiting.len(), count);
    // Several at once, so that they meet in one batch, and each by another of the lives.
    for (chunk, life) in waiting.chunks(7).zip(lives.iter().cycle()) {
        let asked = chunk.iter().map(|(key, task)| ask(life, key, succeeded(*task, json!(task.0))));
        for answer in join_all(asked).await {
            assert!(matches!(answer, Answer::Told { .. }));
        }
    }
    let ending = lives[0].ending("a").await.unwrap();
    let expected: Vec<u64> = waiting.iter().map(|(_, task)| task.0).collect();
    assert_eq!((ending.status, ending.output), (Status::Succeeded, Some(json!(expected))));
    check_journal(&*stores[0], "a", definition).await;
    for life in lives {
        life.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_fails_or_is_not_confirmed_changes_nothing_about_the_end() {
    for fail_every in [2, 3, 5] {
        let inner: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let definition = keep(&*inner, "m", parallel_of(100, CALLBACK)).await;
        let store = Watched::new(inner, fail_every);
        run_on(&[Arc::clone(&store) as Arc<dyn Store>], &definition, 100).await;
        assert!(store.commits.load(Ordering::Relaxed) > 15);
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_instance_wrote_is_read_and_not_what_is_held() {
    let store = MemoryStore::new();
    let instances: [Arc<dyn Store>; 2] = [Arc::new(store.clone()), Arc::new(store)];
    let definition = keep(&*instances[0], "m", parallel_of(100, CALLBACK)).await;
    run_on(&instances, &definition, 100).await;
}
