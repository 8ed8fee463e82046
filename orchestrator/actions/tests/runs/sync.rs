//! StartSyncExecution.

use serde_json::json;

use crate::common::{World, arn, fail, pass};

#[tokio::test(start_paused = true)]
async fn the_end_is_answered_with_all_that_is_known() {
    let world = World::new();
    let machine = world.express("x", pass()).await;
    let input = "{\"a\" : 1}";
    let body = json!({"stateMachineArn": machine, "name": "e", "input": input, "traceHeader": "Root=1-5"});
    let mut answer = world.ok("StartSyncExecution", body.clone()).await;
    let execution = answer["executionArn"].take();
    assert!(execution.as_str().unwrap().starts_with(&arn("express:x:e:")), "{execution}");
    assert_eq!(
        answer,
        json!({
            "executionArn": null, "stateMachineArn": machine, "name": "e", "startDate": 1_700_000_000,
            "stopDate": 1_700_000_000, "status": "SUCCEEDED",
            "input": input, "inputDetails": {"included": true},
            "output": "{\"a\":1}", "outputDetails": {"included": true}, "traceHeader": "Root=1-5",
            "billingDetails": {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 0},
        })
    );
    let again = world.ok("StartSyncExecution", body).await;
    assert_ne!(again["executionArn"], execution, "a name may be used again");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_an_answer() {
    let world = World::new();
    let machine = world.express("x", fail()).await;
    let answer = world.ok("StartSyncExecution", json!({"stateMachineArn": machine})).await;
    assert_eq!(
        (&answer["status"], &answer["error"], &answer["cause"], &answer["input"], answer.get("output")),
        (&json!("FAILED"), &json!("E"), &json!("why"), &json!("{}"), None)
    );
    assert!(uuid::Uuid::parse_str(answer["name"].as_str().unwrap()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn data_is_left_out_if_it_is_not_wanted() {
    let world = World::new();
    let machine = world.express("x", pass()).await;
    let body = json!({"stateMachineArn": machine, "includedData": "METADATA_ONLY"});
    let answer = world.ok("StartSyncExecution", body).await;
    for member in ["input", "inputDetails", "output", "outputDetails"] {
        assert_eq!(answer.get(member), None, "{member}");
    }
    assert_eq!(answer["status"], "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_begin_is_refused_with_a_reason() {
    let world = World::new();
    let standard = world.machine("m", pass()).await;
    let express = world.express("x", pass()).await;
    world.make("going", pass(), |machine| (machine.deleting, machine.express) = (true, true)).await;
    for (body, kind, message) in [
        (
            json!({"stateMachineArn": standard}),
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine".to_owned(),
        ),
        (json!({"stateMachineArn": express, "name": "a:b"}), "InvalidName", "Invalid Name: 'a:b'".to_owned()),
        (
            json!({"stateMachineArn": express, "input": "[1"}),
            "InvalidExecutionInput",
            "Invalid State Machine Execution Input: 'Unexpected end-of-input: expected close marker for Array (start marker \
             at [Source: (String)\"[1\"; line: 1, column: 1])\n at [Source: (String)\"[1\"; line: 1, column: 3]'"
                .to_owned(),
        ),
        (
            json!({"stateMachineArn": arn("stateMachine:no")}),
            "StateMachineDoesNotExist",
            format!("State Machine Does Not Exist: '{}'", arn("stateMachine:no")),
        ),
        (
            json!({"stateMachineArn": arn("stateMachine:going")}),
            "StateMachineDeleting",
            format!("State Machine is deleting: '{}'", arn("stateMachine:going")),
        ),
        (json!({"stateMachineArn": "x"}), "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'".to_owned()),
    ] {
        assert_eq!(world.refused("StartSyncExecution", body.clone()).await, (kind.to_owned(), message), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_is_waited_for() {
    let world = World::new();
    let machine = world.express("x", json!({"W": {"Type": "Wait", "Seconds": 2, "End": true}})).await;
    let answer = world.ok("StartSyncExecution", json!({"stateMachineArn": machine, "input": "[1]"})).await;
    let took = answer["stopDate"].as_f64().unwrap() - answer["startDate"].as_f64().unwrap();
    assert!((2.0..2.5).contains(&took), "{answer}");
    assert_eq!((&answer["status"], &answer["output"]), (&json!("SUCCEEDED"), &json!("[1]")));
    let billed = answer["billingDetails"]["billedDurationInMilliseconds"].as_u64().unwrap();
    assert!(billed >= 2_000 && billed.is_multiple_of(100), "{billed}");
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_five_minutes_is_timed_out() {
    let world = World::new();
    let machine = world.express("x", json!({"W": {"Type": "Wait", "Seconds": 1000, "End": true}})).await;
    let answer = world.ok("StartSyncExecution", json!({"stateMachineArn": machine})).await;
    assert_eq!((&answer["status"], &answer["error"]), (&json!("TIMED_OUT"), &json!("States.Timeout")));
}
