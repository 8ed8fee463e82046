//! `GetActivityTask`.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use engine::Status;
use executions::{Queue, Row, queue_key};
use futures::FutureExt as _;
use futures::future::join_all;
use serde_json::json;
use store::Store;
use store::memory::MemoryStore;
use tokio::time::Instant;

use crate::harness::{ARN, Process, execution_of, get, make_activity};

async fn process() -> Process {
    Process::on(Arc::new(MemoryStore::new())).await
}

/// How many tasks are in the queue.
pub(crate) async fn queued(store: &dyn Store) -> u64 {
    let entity = store.reader().get(&queue_key("us-east-1", "pack")).await.unwrap();
    match entity.and_then(|entity| participant::inspect::state::<Row>(&entity).unwrap()) {
        Some(Row::Queue(queue)) => Queue::len(&queue),
        _ => 0,
    }
}

/// Waits until so many tasks are in the queue.
async fn until_queued(store: &dyn Store, count: u64) {
    while queued(store).await < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_gets_a_task_works_on_it_and_says_what_came_of_it() {
    let process = process().await;
    process.begin("e", json!({"for_you": {"n": 1}})).await;
    let answer = process.get(Some("ann")).await.unwrap();
    assert_eq!((&answer["input"], execution_of(&answer).as_str()), (&json!(r#"{"n":1}"#), "e"));
    assert!(process.succeed(answer["taskToken"].as_str().unwrap(), json!("packed")).await);
    assert_eq!(process.status("e").await, Some(Status::Succeeded));
    assert_eq!(queued(&*process.store).await, 0);
    process.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_waits_gets_the_task_as_soon_as_there_is_one() {
    let process = process().await;
    let begun = Instant::now();
    let (answer, ()) = tokio::join!(process.get(None), async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        process.begin("e", json!({"for_you": 1})).await;
    });
    assert_eq!(execution_of(&answer.unwrap()), "e");
    // It was told, and did not have to look.
    assert!(begun.elapsed() < Duration::from_millis(30_900), "{:?}", begun.elapsed());
    process.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_task_the_answer_comes_after_a_minute_and_says_nothing() {
    let process = process().await;
    let begun = Instant::now();
    // The one that is first in line, and the one behind it.
    let answers = join_all([process.get(None), process.get(None)]).await;
    assert_eq!(answers, [Ok(json!({})), Ok(json!({}))]);
    assert_eq!(begun.elapsed().as_secs(), 60);
    process.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn tasks_are_handed_out_in_order_to_those_who_came_in_order_and_each_once() {
    let process = process().await;
    let mut polls: Vec<_> = (0..20).map(|_| Box::pin(process.get(None))).collect();
    for poll in &mut polls {
        assert!(poll.as_mut().now_or_never().is_none());
    }
    let began = async {
        for n in 0..20 {
            process.begin(&format!("e{n}"), json!({"for_you": n})).await;
            until_queued_ever(&process, n + 1).await;
        }
    };
    let (answers, ()) = tokio::join!(join_all(polls), began);
    let given: Vec<String> = answers.into_iter().map(|answer| execution_of(&answer.unwrap())).collect();
    let expected: Vec<String> = (0..20).map(|n| format!("e{n}")).collect();
    assert_eq!(given, expected);
    process.shut_down().await;
}

/// Waits until so many tasks have been in the queue, done with or not.
async fn until_queued_ever(process: &Process, count: usize) {
    let key = queue_key("us-east-1", "pack");
    while process.store.reader().journal(&key, 0, 100).await.unwrap().len() < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_nobody_waits_for_any_more_is_passed_over() {
    let process = process().await;
    for name in ["stopped", "stopped too", "wanted"] {
        process.begin(name, json!({"for_you": 1})).await;
    }
    until_queued(&*process.store, 3).await;
    process.stop_execution("stopped").await;
    process.stop_execution("stopped too").await;
    assert_eq!(execution_of(&process.get(None).await.unwrap()), "wanted");
    assert_eq!(queued(&*process.store).await, 0);
    process.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_task_begins_when_it_is_handed_out() {
    let process = process().await;
    process.begin("e", json!({"for_you": 1})).await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(process.status("e").await, Some(Status::Running));
    let answer = process.get(None).await.unwrap();
    while process.status("e").await == Some(Status::Running) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(process.status("e").await, Some(Status::Failed));
    assert!(!process.succeed(answer["taskToken"].as_str().unwrap(), json!(1)).await);
    process.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_survives_the_process_and_a_worker_that_hangs_up() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let process = Process::on(Arc::clone(&store)).await;
    process.begin("e", json!({"for_you": 1})).await;
    until_queued(&*store, 1).await;
    // It hangs up before it could be answered.
    assert!(process.get(None).now_or_never().is_none());
    process.crash().await;
    let process = Process::on(store).await;
    assert_eq!(execution_of(&process.get(None).await.unwrap()), "e");
    process.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn another_process_on_the_same_store_has_its_share_and_hands_nothing_out_twice() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let (one, other) = (Process::on(Arc::clone(&store)).await, Process::on(Arc::clone(&store)).await);
    let begun = async {
        for n in 0..10 {
            one.begin(&format!("e{n}"), json!({"for_you": n})).await;
        }
    };
    let polls = (0..10).map(|n| if n % 2 == 0 { one.get(None) } else { other.get(None) });
    let (answers, ()) = tokio::join!(join_all(polls), begun);
    let mut given: Vec<String> = answers.into_iter().map(|answer| execution_of(&answer.unwrap())).collect();
    given.sort_unstable();
    let expected: Vec<String> = (0..10).map(|n| format!("e{n}")).collect();
    assert_eq!(given, expected);
    one.shut_down().await;
    other.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_activity_has_no_tasks() {
    let process = process().await;
    let is = async |arn: &str, kind: &str, message: String| {
        let body = get(&process.service, arn, None).await.unwrap_err();
        let expected = format!("com.amazonaws.swf.service.v2.model#{kind}");
        assert_eq!((&body["__type"], &body["message"]), (&json!(expected), &json!(message)));
    };
    let none = |arn: &str| format!("Activity Does Not Exist: '{arn}'");
    for arn in [
        "arn:aws:states:us-east-1:123456789012:activity:other",
        "arn:aws:states:eu-west-1:123456789012:activity:pack",
        "arn:aws:states:us-east-1:000000000000:activity:pack",
    ] {
        is(arn, "ActivityDoesNotExist", none(arn)).await;
    }
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:pack";
    is(
        machine,
        "InvalidArn",
        "Invalid Arn: 'Resource type not valid in this context: stateMachine'".to_owned(),
    )
    .await;
    is("pack", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: pack'".to_owned()).await;
    make_activity(&*process.store, true).await;
    is(ARN, "ActivityDoesNotExist", none(ARN)).await;
    process.shut_down().await;
}

#[tokio::test(start_paused = true)]
async fn there_are_a_thousand_pollers_at_most() {
    let process = process().await;
    let mut polls: Vec<_> = (0..1_000).map(|_| Box::pin(process.get(None))).collect();
    for poll in &mut polls {
        assert!(poll.as_mut().now_or_never().is_none());
    }
    let body = process.get(None).await.unwrap_err();
    assert_eq!(body["__type"], "com.amazonaws.swf.service.v2.model#ActivityWorkerLimitExceeded");
    // One hangs up: there is a place.
    polls.pop();
    assert!(process.get(None).now_or_never().is_none());
    drop(polls);
    process.shut_down().await;
}
