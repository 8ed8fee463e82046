//! SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{World, callback};

async fn waiting(world: &World, states: Value, name: &str) -> (String, String) {
    let machine = world.machine("c", states).await;
    let execution = world.start(&machine, name, "{}").await;
    let token = world.token(&execution).await;
    (execution, token)
}

#[tokio::test(start_paused = true)]
async fn a_task_succeeds_with_what_is_sent() {
    let world = World::new();
    let (execution, token) = waiting(&world, callback(), "e").await;
    let sent = json!({"taskToken": token, "output": "{\"n\": 1.10}"});
    assert_eq!(world.ok("SendTaskSuccess", sent.clone()).await, json!({}));
    let described = world.describe(&execution).await;
    assert_eq!((&described["status"], &described["output"]), (&json!("SUCCEEDED"), &json!("{\"n\":1.10}")));
    assert_eq!(
        world.refused("SendTaskSuccess", sent).await,
        ("TaskTimedOut".to_owned(), "Task Timed Out: 'Provided task does not exist anymore'".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_fails_with_error_and_cause_or_without() {
    let world = World::new();
    let (execution, token) = waiting(&world, callback(), "e").await;
    let sent = json!({"taskToken": token, "error": "E", "cause": "why"});
    assert_eq!(world.ok("SendTaskFailure", sent.clone()).await, json!({}));
    let described = world.describe(&execution).await;
    assert_eq!(
        (&described["status"], &described["error"], &described["cause"]),
        (&json!("FAILED"), &json!("E"), &json!("why"))
    );
    assert_eq!(world.refused("SendTaskFailure", sent).await.0, "TaskTimedOut");
    let other = world.start(&crate::common::arn("stateMachine:c"), "other", "{}").await;
    let token = world.token(&other).await;
    world.ok("SendTaskFailure", json!({"taskToken": token})).await;
    let described = world.describe(&other).await;
    assert_eq!((&described["status"], described.get("error")), (&json!("FAILED"), None));
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_keeps_a_task_alive() {
    let world = World::new();
    let mut states = callback();
    states["T"]["HeartbeatSeconds"] = json!(10);
    let (execution, token) = waiting(&world, states, "e").await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(8)).await;
        assert_eq!(world.ok("SendTaskHeartbeat", json!({"taskToken": token})).await, json!({}));
    }
    assert_eq!(world.describe(&execution).await["status"], "RUNNING");
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(world.describe(&execution).await["status"], "FAILED");
    assert_eq!(world.refused("SendTaskHeartbeat", json!({"taskToken": token})).await.0, "TaskTimedOut");
}

#[tokio::test(start_paused = true)]
async fn a_task_without_a_time_for_it_takes_a_heartbeat_as_well() {
    let world = World::new();
    let (execution, token) = waiting(&world, callback(), "e").await;
    world.ok("SendTaskHeartbeat", json!({"taskToken": token})).await;
    let before = world.events(&execution).await.len();
    world.ok("SendTaskHeartbeat", json!({"taskToken": token})).await;
    assert_eq!(world.events(&execution).await.len(), before);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_or_no_output_is_refused() {
    let world = World::new();
    let (execution, token) = waiting(&world, callback(), "e").await;
    let timed_out = "Task Timed Out: 'Provided task does not exist anymore'";
    let invalid = ("InvalidToken", "Invalid Token: 'Invalid token'");
    let forged = token.replacen(&token[4..5], if &token[4..5] == "A" { "B" } else { "A" }, 1);
    assert_ne!(forged, token);
    for (token, (kind, message)) in [
        ("x", invalid),
        ("1/x", invalid),
        ("1/workflow/x:y", invalid),
        // Who can guess the name of an execution and the number of its task has no token all the same.
        ("1/execution/us-east-1/c:e", invalid),
        (&forged, invalid),
        (
            "1/execution/us-east-1/c:no",
            ("TaskDoesNotExist", "Task Does Not Exist: 'Provided task does not exist'"),
        ),
        ("1/execution/us-east-1/c:no:0b2f", ("TaskTimedOut", timed_out)),
    ] {
        for (action, body) in [
            ("SendTaskSuccess", json!({"taskToken": token, "output": "1"})),
            ("SendTaskFailure", json!({"taskToken": token})),
            ("SendTaskHeartbeat", json!({"taskToken": token})),
        ] {
            let refused = world.refused(action, body).await;
            assert_eq!(refused, (kind.to_owned(), message.to_owned()), "{action} {token}");
        }
    }
    assert_eq!(world.describe(&execution).await["status"], "RUNNING");
    let (kind, message) =
        world.refused("SendTaskSuccess", json!({"taskToken": token, "output": "nul"})).await;
    assert_eq!(kind, "InvalidOutput");
    assert!(message.starts_with("Invalid Output: 'Unrecognized token 'nul': was expecting"), "{message}");
    let long = format!("\"{}\"", "ü".repeat(131_072));
    let (kind, message) = world.refused("SendTaskSuccess", json!({"taskToken": token, "output": long})).await;
    assert_eq!(kind, "ValidationException");
    assert!(message.contains("at 'output' failed to satisfy constraint"), "{message}");
}
