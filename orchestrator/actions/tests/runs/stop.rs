//! StopExecution.

use std::time::Duration;

use serde_json::json;

use crate::common::{World, callback, pass};

#[tokio::test(start_paused = true)]
async fn an_execution_is_stopped_once_with_error_and_cause() {
    let world = World::new();
    let machine = world.machine("c", callback()).await;
    let execution = world.start(&machine, "e", "{}").await;
    tokio::time::advance(Duration::from_millis(1_500)).await;
    let stop = json!({"executionArn": execution, "error": "Enough", "cause": "of it"});
    let stopped = world.ok("StopExecution", stop).await;
    assert_eq!(stopped, json!({"stopDate": 1_700_000_001.5}));
    let described = world.describe(&execution).await;
    assert_eq!(
        (&described["status"], &described["error"], &described["cause"], &described["stopDate"]),
        (&json!("ABORTED"), &json!("Enough"), &json!("of it"), &stopped["stopDate"])
    );
    tokio::time::advance(Duration::from_secs(10)).await;
    let again = world.ok("StopExecution", json!({"executionArn": execution, "error": "Again"})).await;
    assert_eq!(again, stopped, "it has ended, and stays as it is");
    assert_eq!(world.describe(&execution).await["error"], "Enough");
    let last = world.events(&execution).await.pop().unwrap();
    assert_eq!(last["executionAbortedEventDetails"], json!({"error": "Enough", "cause": "of it"}));
}

#[tokio::test(start_paused = true)]
async fn one_that_ended_well_is_left_alone() {
    let world = World::new();
    let execution = world.start(&world.machine("m", pass()).await, "e", "{}").await;
    let stopped = world.ok("StopExecution", json!({"executionArn": execution})).await;
    let described = world.describe(&execution).await;
    assert_eq!((&described["status"], &described["stopDate"]), (&json!("SUCCEEDED"), &stopped["stopDate"]));
    let running = world.start(&world.machine("c", callback()).await, "e", "{}").await;
    world.ok("StopExecution", json!({"executionArn": running})).await;
    let described = world.describe(&running).await;
    assert_eq!((described.get("error"), described.get("cause")), (None, None));
}
