//! Calls to what is not an execution, and takes its time.

use std::sync::Arc;
use std::time::Duration;

use engine::{Fact, Status};
use executions::{Request, execution_key};
use serde_json::json;
use store::memory::MemoryStore;
use store::{Commit, EntityForget, Read, Store};
use tokio::sync::Semaphore;

use crate::common::{F, Running, Works, definition};
use crate::map_runs::at_rest;

const STOP: Request = Request::Tell(Fact::Stopped { error: None, cause: None });

/// One function that takes one call at a time, and waits for a permit for each.
fn running() -> (Arc<MemoryStore>, Running, Arc<Semaphore>) {
    let (store, turns) = (Arc::new(MemoryStore::new()), Arc::new(Semaphore::new(0)));
    let works = Works { turns: Some(Arc::clone(&turns)), ..Works::default() };
    (Arc::clone(&store), Running::with(store, works), turns)
}

fn called(running: &Running) -> Vec<String> {
    running.works.called.lock().unwrap().clone()
}

async fn is_called(running: &Running, times: usize) {
    while called(running).len() < times {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_is_not_made_if_its_task_waits_no_more() {
    let (store, running, turns) = running();
    let patient = definition(json!({"T": {"Type": "Task", "Resource": F, "End": true}}));
    let hasty = definition(json!({"T": {"Type": "Task", "Resource": F, "TimeoutSeconds": 5, "End": true}}));
    for (name, definition) in
        [("at-work", &patient), ("stopped", &patient), ("timed-out", &hasty), ("waits", &patient)]
    {
        assert_eq!(running.start(name, definition, json!({})).await, None);
    }
    running.ask("stopped", STOP).await.unwrap();
    assert_eq!(running.ended("timed-out").await.status, Status::Failed);
    turns.add_permits(4);
    for name in ["at-work", "waits"] {
        assert_eq!(running.ended(name).await.status, Status::Succeeded);
    }
    at_rest(&*store).await;
    assert_eq!(called(&running), [execution_key("m", "at-work"), execution_key("m", "waits")]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_call_of_an_earlier_execution_returns_is_nothing_to_the_one_that_has_its_name_now() {
    let (store, running, turns) = running();
    let definition = definition(json!({"T": {"Type": "Task", "Resource": F, "End": true}}));
    running.start("a", &definition, json!({})).await;
    is_called(&running, 1).await;
    running.ask("a", STOP).await.unwrap();
    let key = execution_key("m", "a");
    let expected = store.get(&key).await.unwrap().unwrap().version;
    let forget = vec![EntityForget { key: key.clone(), expected, unlink: Vec::new() }];
    store.commit(&Commit { forget, ..Commit::default() }).await.unwrap();
    // Another moment is another execution.
    tokio::time::sleep(Duration::from_millis(10)).await;
    running.start("a", &definition, json!({})).await;

    turns.add_permits(1);
    is_called(&running, 2).await;
    // What was returned is committed by now, or with this.
    assert!(running.ask("b", STOP).await.is_ok());
    assert_eq!(running.ending("a").await, None, "its own call is at work");
    turns.add_permits(1);
    assert_eq!(running.ended("a").await.status, Status::Succeeded);
    at_rest(&*store).await;
    running.stop().await;
}
