//! RedriveExecution.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{World, callback, pass};

async fn failed(world: &World, name: &str) -> String {
    let machine = world.machine("c", callback()).await;
    let execution = world.start(&machine, name, "{\"a\": 1}").await;
    fail_again(world, &execution).await;
    execution
}

async fn fail_again(world: &World, execution: &str) {
    let token = world.token(execution).await;
    world.ok("SendTaskFailure", json!({"taskToken": token, "error": "E"})).await;
}

async fn redrive(world: &World, execution: &str, token: Option<&str>) -> Value {
    let body = json!({"executionArn": execution, "clientToken": token});
    world.ok("RedriveExecution", body).await["redriveDate"].clone()
}

#[tokio::test(start_paused = true)]
async fn what_failed_goes_on_and_tells_how_often() {
    let world = World::new();
    let execution = failed(&world, "e").await;
    tokio::time::advance(Duration::from_secs(10)).await;
    let first = redrive(&world, &execution, None).await;
    assert_eq!(first, json!(1_700_000_010));
    let described = world.describe(&execution).await;
    assert_eq!(
        (
            &described["status"],
            &described["redriveCount"],
            &described["redriveDate"],
            described.get("stopDate")
        ),
        (&json!("RUNNING"), &json!(1), &first, None)
    );
    fail_again(&world, &execution).await;
    assert_eq!(world.describe(&execution).await["redriveStatus"], "REDRIVABLE");
    let second = redrive(&world, &execution, None).await;
    let token = world.token(&execution).await;
    world.ok("SendTaskSuccess", json!({"taskToken": token, "output": "2"})).await;
    let described = world.describe(&execution).await;
    assert_eq!(
        (&described["status"], &described["redriveCount"], &described["redriveDate"], &described["input"]),
        (&json!("SUCCEEDED"), &json!(2), &second, &json!("{\"a\": 1}"))
    );
    let counts =
        world.events(&execution).await.into_iter().filter(|event| event["type"] == "ExecutionRedriven");
    let counts: Vec<Value> =
        counts.map(|event| event["executionRedrivenEventDetails"]["redriveCount"].clone()).collect();
    assert_eq!(counts, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_client_token_redrives_once() {
    let world = World::new();
    let execution = failed(&world, "e").await;
    let first = redrive(&world, &execution, Some("t")).await;
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(redrive(&world, &execution, Some("t")).await, first, "while it runs");
    fail_again(&world, &execution).await;
    assert_eq!(redrive(&world, &execution, Some("t")).await, first, "after it failed again");
    assert_eq!(world.describe(&execution).await["redriveCount"], 1);
    assert_ne!(redrive(&world, &execution, Some("u")).await, first);
    fail_again(&world, &execution).await;
    tokio::time::advance(Duration::from_secs(15 * 60)).await;
    assert_ne!(
        redrive(&world, &execution, Some("t")).await,
        first,
        "it is forgotten after a quarter of an hour"
    );
    assert_eq!(world.describe(&execution).await["redriveCount"], 3);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_go_on_says_why() {
    let world = World::new();
    let refused = async |execution: &str| {
        let (kind, message) = world.refused("RedriveExecution", json!({"executionArn": execution})).await;
        assert_eq!(kind, "ExecutionNotRedrivable");
        message
    };
    let succeeded = world.start(&world.machine("m", pass()).await, "e", "{}").await;
    assert_eq!(
        refused(&succeeded).await,
        "Execution Not Redrivable: 'Execution is SUCCEEDED and cannot be redriven'"
    );
    let execution = failed(&world, "e").await;
    redrive(&world, &execution, None).await;
    assert_eq!(
        refused(&execution).await,
        "Execution Not Redrivable: 'Execution is RUNNING and cannot be redriven'"
    );
    fail_again(&world, &execution).await;
    tokio::time::advance(Duration::from_secs(14 * 24 * 60 * 60 + 1)).await;
    assert_eq!(refused(&execution).await, "Execution Not Redrivable: 'Execution redrivable period exceeded'");
    let described = world.describe(&execution).await;
    assert_eq!(
        (&described["redriveStatus"], &described["redriveStatusReason"]),
        (&json!("NOT_REDRIVABLE"), &json!("Execution redrivable period exceeded"))
    );
}
