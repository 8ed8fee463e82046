//! Two instances on one PostgreSQL share the work; one of them dies.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use engine::Status;
use executions::{Answer, execution_key, list};
use participant::AskError;
use serde_json::json;
use store::Store;
use store::postgres::{PostgresOptions, PostgresStore, drop_schema};

use common::{CALLBACK, Running, callback, check_journal, keep, parallel_of, start, succeeded};

const EXECUTIONS: usize = 6;
const BRANCHES: usize = 60;

async fn open(options: &PostgresOptions) -> Arc<dyn Store> {
    let store = PostgresStore::open(options.clone());
    store.ready().await.unwrap();
    Arc::new(store)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_share_executions_and_one_takes_over_from_the_other() {
    let Some(url) = testbed::POSTGRES.for_test() else { return };
    let mut options = PostgresOptions::parse(&url).unwrap();
    options.schema = Some(format!("t{}_executions", std::process::id()));
    let shared = tokio::spawn(share(options.clone())).await;
    drop_schema(&options).await.unwrap();
    shared.unwrap();
}

async fn share(options: PostgresOptions) {
    let (first, second) = (open(&options).await, open(&options).await);
    // Answers in any order, by either instance; then a second that passes, and one more answer.
    let mut states = parallel_of(BRANCHES, CALLBACK);
    states["P"].as_object_mut().unwrap().remove("End");
    states["P"]["Next"] = json!("W");
    states["W"] = json!({"Type": "Wait", "Seconds": 1, "Next": "A"});
    states["A"] = callback(("End", json!(true)));
    let definition = keep(&*first, "m", states).await;
    let (one, other) =
        (Running::on_wall_clock(Arc::clone(&first)), Running::on_wall_clock(Arc::clone(&second)));
    for number in 0..EXECUTIONS {
        let instance = if number % 2 == 0 { &one } else { &other };
        let started =
            ask(instance, &execution_key("m", &format!("e{number}")), start(&definition, json!({}))).await;
        assert!(matches!(started, Answer::Started { is_new: true, .. }), "{started:?}");
    }
    let mut waiting = [one.waiting(), other.waiting()].concat();
    waiting.sort();
    waiting.dedup();
    assert_eq!(waiting.len(), EXECUTIONS * BRANCHES);
    for (index, (key, task)) in waiting.into_iter().enumerate() {
        // Each Parallel ends with the first instance, which minds the timer.
        let instance = if index % 3 == 2 { &one } else { &other };
        let told = ask(instance, &key, succeeded(task, json!(index))).await;
        assert!(matches!(told, Answer::Told { .. }), "{told:?}");
    }
    let before = one.works.clone();
    one.crash().await;
    drop(first);

    // The timers of the one that is gone are minded by the other, which has never held its executions.
    let mut asked = Vec::new();
    while asked.len() < EXECUTIONS {
        asked.extend(other.waiting());
        // Some timers may have fired before it died.
        asked.extend(before.waiting.lock().unwrap().drain(..));
        asked.sort();
        asked.dedup();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (key, task) in asked {
        ask(&other, &key, succeeded(task, json!("end"))).await;
    }
    let (page, _) = list(&*second, "m", Some(Status::Succeeded), None, 100).await.unwrap();
    assert_eq!(page.len(), EXECUTIONS);
    for number in 0..EXECUTIONS {
        check_journal(&*second, &format!("e{number}"), &definition).await;
    }
    other.stop().await;
    assert_eq!(second.stats().await.unwrap().timers, 0);
}

/// Asks until there is an answer: an instance may still be starting.
async fn ask(running: &Running, key: &str, request: executions::Request) -> Answer {
    loop {
        match running.requests.ask(key, request.clone()).await {
            Ok(answer) => return answer,
            Err(AskError::Rejected(reason)) => panic!("{reason}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
