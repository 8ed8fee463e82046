//! How many executions may be open.

use std::sync::Arc;

use serde_json::json;
use store::Store;
use store::memory::MemoryStore;

use crate::common::{World, callback, fail, pass};

#[tokio::test(start_paused = true)]
async fn no_more_begin_than_may_be_open_and_one_that_ends_makes_room() {
    const FULL: &str = "ExecutionLimitExceeded";
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let world = World::with_room_for(3, Arc::clone(&store)).await;
    let (waits, passes) = (world.machine("c", callback()).await, world.machine("m", pass()).await);
    let (fails, express) = (world.machine("f", fail()).await, world.express("x", callback()).await);
    let failed = world.start(&fails, "f", "{}").await;
    let starts = |machine: &str, name: &str| json!({"stateMachineArn": machine, "name": name});
    let first = world.start(&waits, "e1", "{}").await;
    world.start(&waits, "e2", "{}").await;
    world.start(&passes, "ends", "{}").await;
    let third = world.start(&waits, "e3", "{}").await;

    let (error, message) = world.refused("StartExecution", starts(&passes, "e4")).await;
    assert_eq!(error, FULL);
    assert!(message.starts_with("The maximum number of running executions has been reached."), "{message}");
    assert_eq!(world.refused("RedriveExecution", json!({"executionArn": failed})).await.0, FULL);
    let listed = world.ok("ListExecutions", json!({"stateMachineArn": passes})).await;
    assert_eq!(listed["executions"].as_array().unwrap().len(), 1, "nothing was begun");
    // What is wrong with a request is told before.
    let wrong = json!({"stateMachineArn": passes, "input": "{"});
    assert_eq!(world.refused("StartExecution", wrong).await.0, "InvalidExecutionInput");

    world.ok("StopExecution", json!({"executionArn": first})).await;
    world.ok("RedriveExecution", json!({"executionArn": failed})).await;
    world.start(&passes, "e4", "{}").await;
    world.start(&waits, "e5", "{}").await;
    assert_eq!(world.refused("StartExecution", starts(&passes, "e6")).await.0, FULL);
    // Of Express executions AWS counts none.
    world.ok("StartExecution", starts(&express, "x")).await;
    world.end().await;

    // After a restart as before.
    let world = World::with_room_for(4, Arc::clone(&store)).await;
    assert_eq!(world.refused("StartExecution", starts(&passes, "e6")).await.0, FULL);
    world.ok("StopExecution", json!({"executionArn": third})).await;
    world.start(&waits, "e6", "{}").await;
    assert_eq!(world.refused("StartExecution", starts(&passes, "e7")).await.0, FULL);
    world.end().await;
}

/// Many that are asked for at once are as many as there is room for.
#[tokio::test(start_paused = true)]
async fn those_that_are_about_to_begin_are_counted() {
    let world = World::with_room_for(10, Arc::new(MemoryStore::new())).await;
    let machine = world.machine("c", callback()).await;
    let starts = (0..50).map(|n| {
        let body = json!({"stateMachineArn": machine, "name": format!("e{n}")});
        world.call("StartExecution", body)
    });
    let started = futures::future::join_all(starts).await;
    assert_eq!(started.iter().filter(|answer| answer.is_ok()).count(), 10);
    world.end().await;
}
