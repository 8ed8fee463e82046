//! Executions that stand in their rows.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use engine::{Fact, Status};
use executions::{Answer, Request, Start, describe, execution_key, list};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Read, Store};

use crate::common::stores::Watched;
use crate::common::{
    CALLBACK, F, Running, callback, check_journal, definition, five_passes, keep, start, succeeded,
};

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new())
}

#[tokio::test(start_paused = true)]
async fn what_needs_nobody_ends_in_the_commit_that_starts_it() {
    let store = Watched::new(store(), 0);
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let definition = definition(five_passes());
    let ending = running.start("a", &definition, json!({"in": "x"})).await.unwrap();
    assert_eq!((ending.status, ending.output), (Status::Succeeded, Some(json!({"n": 4, "in": "x"}))));
    assert_eq!(store.commits(), 1);
    check_journal(&*store, "a", &definition).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_name_is_given_once() {
    let store = store();
    let running = Running::on(store);
    let waits = definition(json!({"W": callback(("End", json!(true)))}));
    let other = definition(json!({"W": {"Type": "Pass", "End": true}}));
    assert_eq!(running.start("a", &waits, json!(1)).await, None);

    let again = running.ask("a", start(&waits, json!(1))).await.unwrap();
    assert!(matches!(again, Answer::Started { is_new: false, ending: None, .. }), "{again:?}");
    let refused = running.ask("a", start(&waits, json!(2))).await.unwrap();
    assert!(matches!(refused, Answer::Exists { .. }), "{refused:?}");
    // As with AWS: the machine may have become another meanwhile.
    let later = running.ask("a", start(&other, json!(1))).await.unwrap();
    assert!(matches!(later, Answer::Started { is_new: false, ending: None, .. }), "{later:?}");
    let [(key, task)] = running.waiting().try_into().unwrap();
    assert!(running.tell(&key, succeeded(task, json!("out"))).await);
    let closed = running.ask("a", start(&waits, json!(1))).await.unwrap();
    assert!(matches!(closed, Answer::Exists { .. }), "the same input, but it has ended: {closed:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn waits_are_timers_and_a_wait_of_no_time_is_none() {
    let store = Watched::new(store(), 0);
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let definition = definition(json!({
        "A": {"Type": "Wait", "Seconds": 0, "Next": "B"},
        "B": {"Type": "Wait", "Seconds": 60, "Next": "C"},
        "C": {"Type": "Wait", "Seconds": 0, "End": true},
    }));
    assert_eq!(running.start("a", &definition, json!({})).await, None);
    assert_eq!(store.commits(), 1, "the first Wait went by with the start");
    let ending = running.ended("a").await;
    let waited_ms =
        ending.at_ms - describe(&*store, &execution_key("m", "a")).await.unwrap().unwrap().started_ms();
    assert!(ending.status == Status::Succeeded && (60_000..60_100).contains(&waited_ms), "{ending:?}");
    assert_eq!(store.commits(), 2);
    assert_eq!(store.stats().await.unwrap().timers, 0);
    check_journal(&*store, "a", &definition).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_loop_without_end_ends_by_its_quota_in_the_commit_that_starts_it() {
    let store = Watched::new(store(), 0);
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let definition = definition(json!({
        "A": {"Type": "Wait", "Seconds": 0, "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$.go", "IsPresent": false, "Next": "A"}], "Default": "C"},
        "C": {"Type": "Succeed"},
    }));
    let ending = running.start("a", &definition, json!({})).await.unwrap();
    assert_eq!((ending.status, ending.error.as_deref()), (Status::Failed, Some("States.Runtime")));
    assert_eq!(store.commits(), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn tasks_are_called_outside_refused_or_awaited() {
    let store = store();
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let definition = definition(json!({
        "Call": {"Type": "Task", "Resource": F, "ResultPath": "$.called", "Next": "Refused"},
        "Refused": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:nobody", "Next": "Never",
                    "Catch": [{"ErrorEquals": ["Nobody"], "ResultPath": "$.refused", "Next": "Ask"}]},
        "Ask": callback(("Next", json!("Never"))),
        "Never": {"Type": "Succeed"},
    }));
    assert_eq!(running.start("a", &definition, json!({})).await, None);
    let (key, task) = loop {
        if let Some(waiting) = running.waiting().pop() {
            break waiting;
        }
        tokio::task::yield_now().await;
    };
    assert!(running.tell(&key, Request::Tell(Fact::TaskHeartbeat { task })).await, "it is at work");
    assert!(!running.tell(&key, succeeded(engine::TaskId(999), json!(1))).await);
    assert!(running.tell(&key, succeeded(task, json!("answer"))).await);
    assert!(!running.tell(&key, succeeded(task, json!("answer"))).await, "told once");
    let ending = running.ending("a").await.unwrap();
    assert_eq!((ending.status, ending.output), (Status::Succeeded, Some(json!("answer"))));
    check_journal(&*store, "a", &definition).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_execution_is_stopped_and_what_is_not_there_is_unknown() {
    let store = store();
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let definition = definition(json!({"W": {"Type": "Wait", "Seconds": 9, "End": true}}));
    running.start("a", &definition, json!({})).await;
    let stop = || Request::Tell(Fact::Stopped { error: Some("E".to_owned()), cause: None });
    let stopped = running.ask("a", stop()).await.unwrap();
    let Answer::Told { was_awaited: true, ending: Some(ending) } = stopped else { panic!("{stopped:?}") };
    assert_eq!((ending.status, ending.error.as_deref()), (Status::Aborted, Some("E")));
    let again = running.ask("a", stop()).await.unwrap();
    assert_eq!(again, Answer::Told { was_awaited: false, ending: Some(ending) });
    assert_eq!(running.ask("nobody", stop()).await.unwrap(), Answer::Unknown);
    assert_eq!(store.stats().await.unwrap().timers, 0);
    let fired = Request::Tell(Fact::TimerFired { timer: engine::TimerId(1) });
    running.ask("a", fired).await.unwrap_err();
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_express_execution_leaves_nothing_behind() {
    let store = Watched::new(store(), 0);
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let express = |states: Value| {
        let definition = definition(states);
        Request::Start(Box::new(Start {
            definition,
            input: json!({"in": 1}),
            seed: 7,
            identity: None,
            express: true,
            given: None,
            logging: None,
            parent: None,
            by: None,
        }))
    };
    let answer = running.ask("a", express(five_passes())).await.unwrap();
    assert!(matches!(answer, Answer::Started { ending: Some(_), .. }), "{answer:?}");
    assert_eq!((store.commits.load(Ordering::Relaxed), store.stats().await.unwrap().entities), (0, 0));

    running.ask("b", express(json!({"W": callback(("End", json!(true)))}))).await.unwrap();
    let [(key, task)] = running.waiting().try_into().unwrap();
    let Answer::Told { ending: Some(ending), .. } =
        running.requests.ask(&*key, succeeded(task, json!(2))).await.unwrap()
    else {
        panic!("it ends with the answer")
    };
    assert_eq!(ending.output, Some(json!(2)));
    assert_eq!(describe(&*store, &key).await.unwrap(), None);
    assert!(store.journal(&key, 0, 10).await.unwrap().is_empty());
    assert_eq!(store.stats().await.unwrap().entities, 0);
    // Nobody waits for what comes late, and it leaves nothing either.
    assert_eq!(running.requests.ask(&*key, succeeded(task, json!(2))).await.unwrap(), Answer::Unknown);
    assert_eq!(store.stats().await.unwrap().entities, 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn executions_are_listed_by_machine_and_status() {
    let store = store();
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let waits = definition(json!({"W": callback(("End", json!(true)))}));
    let fails = definition(json!({"F": {"Type": "Fail", "Error": "E"}}));
    for (name, definition) in [("w1", &waits), ("f1", &fails), ("w2", &waits), ("f2", &fails)] {
        running.start(name, definition, json!({})).await;
    }
    let names = async |status, before, limit| {
        let (page, cursor) = list(&*store, "m", status, before, limit).await.unwrap();
        (page.into_iter().map(|it| it.name).collect::<Vec<_>>(), cursor)
    };
    assert_eq!(names(None, None, 10).await.0, ["f2", "w2", "f1", "w1"]);
    assert_eq!(names(Some(Status::Failed), None, 10).await.0, ["f2", "f1"]);
    assert_eq!(names(Some(Status::Running), None, 10).await.0, ["w2", "w1"]);
    let (page, cursor) = names(None, None, 3).await;
    assert_eq!((page.len(), names(None, cursor, 3).await.0), (3, vec!["w1".to_owned()]));
    assert!(list(&*store, "other", None, None, 10).await.unwrap().0.is_empty());
    // Who has ended has left the running ones: not even a look finds it there.
    for (key, task) in running.waiting() {
        running.tell(&key, succeeded(task, json!({}))).await;
    }
    assert_eq!(names(Some(Status::Succeeded), None, 10).await.0, ["w2", "w1"]);
    let running_ones = store.linked("execution-status", "m:RUNNING", None, 10).await.unwrap();
    assert_eq!(running_ones, (vec![], None));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_execution_goes_on_with_the_definition_that_it_began_with() {
    let store = store();
    let states = json!({"W": {"Type": "Task", "Resource": CALLBACK, "Next": "P",
                              "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}},
                        "P": {"Type": "Pass", "Result": "the first", "End": true}});
    let first = keep(&*store, "m", states.clone()).await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    running.start("a", &first, json!({})).await;
    let [(key, task)] = running.waiting().try_into().unwrap();
    running.crash().await;
    let mut later = states;
    later["P"]["Result"] = json!("the second");
    keep(&*store, "m", later).await;

    // This life has never seen the definition.
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    assert!(running.tell(&key, succeeded(task, json!(1))).await);
    assert_eq!(running.ending("a").await.unwrap().output, Some(json!("the first")));
    assert_eq!(
        describe(&*store, &execution_key("m", "a")).await.unwrap().unwrap().definition(),
        first.fingerprint()
    );
    running.stop().await;
}
