//! ListExecutions.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{World, arn, callback, pass};

async fn names(world: &World, mut body: Value, size: usize) -> Vec<Vec<String>> {
    body["maxResults"] = json!(size);
    let mut pages = Vec::new();
    loop {
        let page = world.ok("ListExecutions", body.clone()).await;
        let executions = page["executions"].as_array().unwrap();
        pages.push(executions.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect());
        match page.get("nextToken") {
            Some(token) => body["nextToken"] = token.clone(),
            None => return pages,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn executions_come_newest_first_in_full_pages() {
    let world = World::new();
    let machine = world.machine("c", callback()).await;
    for n in 0..7 {
        world.start(&machine, &format!("e{n}"), "{}").await;
    }
    let all = json!({"stateMachineArn": machine});
    assert_eq!(names(&world, all.clone(), 3).await, [&["e6", "e5", "e4"][..], &["e3", "e2", "e1"], &["e0"]]);
    for n in [0, 2, 3, 6] {
        world.ok("StopExecution", json!({"executionArn": arn(&format!("execution:c:e{n}"))})).await;
    }
    let running = json!({"stateMachineArn": machine, "statusFilter": "RUNNING"});
    assert_eq!(names(&world, running, 2).await, [&["e5", "e4"][..], &["e1"]]);
    let aborted = json!({"stateMachineArn": machine, "statusFilter": "ABORTED"});
    assert_eq!(names(&world, aborted, 3).await, [&["e6", "e3", "e2"][..], &["e0"]]);
    let failed = json!({"stateMachineArn": machine, "statusFilter": "FAILED"});
    assert_eq!(names(&world, failed, 3).await, [[""; 0]]);
    assert_eq!(names(&world, all.clone(), 7).await.len(), 1);
    assert_eq!(world.ok("ListExecutions", all).await["executions"].as_array().unwrap().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn an_execution_is_in_the_list_of_the_status_that_it_has_now() {
    let world = World::new();
    let machine = world.machine("c", callback()).await;
    let execution = world.start(&machine, "e", "{}").await;
    let token = world.token(&execution).await;
    world.ok("SendTaskFailure", json!({"taskToken": token})).await;
    world.ok("RedriveExecution", json!({"executionArn": execution})).await;
    for (status, count) in [("FAILED", 0), ("RUNNING", 1), ("SUCCEEDED", 0), ("TIMED_OUT", 0), ("ABORTED", 0)]
    {
        let body = json!({"stateMachineArn": machine, "statusFilter": status});
        let listed = world.ok("ListExecutions", body).await;
        assert_eq!(listed["executions"].as_array().unwrap().len(), count, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_tells_what_is_known() {
    let world = World::new();
    let machine = world.machine("c", callback()).await;
    let execution = world.start(&machine, "e", "{}").await;
    let listed = world.ok("ListExecutions", json!({"stateMachineArn": machine})).await;
    let mut item = json!({
        "executionArn": execution, "stateMachineArn": machine, "name": "e", "status": "RUNNING",
        "startDate": 1_700_000_000, "redriveCount": 0,
    });
    assert_eq!(listed, json!({"executions": [item]}));
    tokio::time::advance(Duration::from_secs(1)).await;
    let token = world.token(&execution).await;
    world.ok("SendTaskFailure", json!({"taskToken": token})).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    world.ok("RedriveExecution", json!({"executionArn": execution})).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    world.ok("StopExecution", json!({"executionArn": execution})).await;
    let listed = world.ok("ListExecutions", json!({"stateMachineArn": machine})).await;
    item["status"] = json!("ABORTED");
    item["stopDate"] = json!(1_700_000_003);
    item["redriveCount"] = json!(1);
    item["redriveDate"] = json!(1_700_000_002);
    assert_eq!(listed, json!({"executions": [item]}));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_listed_is_refused_with_a_reason() {
    let world = World::new();
    let machine = world.machine("m", pass()).await;
    let express = world.express("x", pass()).await;
    let run = arn("mapRun:m/label:0b2f");
    for (body, kind) in [
        (json!({}), "ValidationException"),
        (json!({"stateMachineArn": machine, "mapRunArn": run}), "ValidationException"),
        (json!({"stateMachineArn": machine, "redriveFilter": "REDRIVEN"}), "ValidationException"),
        (json!({"stateMachineArn": machine, "statusFilter": "PENDING_REDRIVE"}), "ValidationException"),
        (json!({"stateMachineArn": arn("stateMachine:m/label")}), "ValidationException"),
        (json!({"stateMachineArn": machine, "maxResults": 1001}), "ValidationException"),
        (json!({"stateMachineArn": express}), "StateMachineTypeNotSupported"),
        (json!({"stateMachineArn": arn("stateMachine:no")}), "StateMachineDoesNotExist"),
        (json!({"stateMachineArn": arn("stateMachine:m:7")}), "StateMachineDoesNotExist"),
        (json!({"stateMachineArn": arn("stateMachine:m:no")}), "StateMachineDoesNotExist"),
        (json!({"stateMachineArn": arn("execution:m:e")}), "InvalidArn"),
        (json!({"stateMachineArn": "m"}), "InvalidArn"),
        (json!({"mapRunArn": machine}), "InvalidArn"),
        (json!({"mapRunArn": run}), "ResourceNotFound"),
        (json!({"stateMachineArn": machine, "nextToken": "x"}), "InvalidToken"),
    ] {
        assert_eq!(world.refused("ListExecutions", body.clone()).await.0, kind, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_of_its_list_and_for_a_day() {
    let world = World::new();
    let machine = world.machine("m", pass()).await;
    for name in ["a", "b"] {
        world.start(&machine, name, "{}").await;
    }
    let body = json!({"stateMachineArn": machine, "maxResults": 1});
    let token = world.ok("ListExecutions", body).await["nextToken"].clone();
    let other = json!({"stateMachineArn": machine, "statusFilter": "SUCCEEDED", "nextToken": token});
    assert_eq!(world.refused("ListExecutions", other).await.0, "InvalidToken");
    let next = json!({"stateMachineArn": machine, "maxResults": 1, "nextToken": token});
    assert_eq!(world.ok("ListExecutions", next.clone()).await["executions"][0]["name"], "a");
    tokio::time::advance(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(world.refused("ListExecutions", next).await.0, "InvalidToken");
}
