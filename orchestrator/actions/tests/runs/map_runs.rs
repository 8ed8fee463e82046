//! ListMapRuns, DescribeMapRun, UpdateMapRun, and the executions of a Map run.

use serde_json::{Value, json};

use crate::common::{World, arn, callback, pass};

/// A Map in distributed mode whose executions each wait for whoever has their token.
fn distributed() -> Value {
    let processor = json!({
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "T", "States": callback(),
    });
    json!({"M": {"Type": "Map", "Label": "Each", "ItemProcessor": processor, "MaxConcurrency": 2, "End": true}})
}

/// An execution over three items whose Map run is at work with two, and the run's ARN.
async fn at_work(world: &World) -> (String, String) {
    let machine = world.machine("m", distributed()).await;
    let execution = world.start(&machine, "e", "[1, 2, 3]").await;
    let listed = world.ok("ListMapRuns", json!({"executionArn": execution})).await;
    let run = listed["mapRuns"][0]["mapRunArn"].as_str().unwrap().to_owned();
    while children(world, &run).await.len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    (execution, run)
}

async fn children(world: &World, run: &str) -> Vec<Value> {
    world.ok("ListExecutions", json!({"mapRunArn": run})).await["executions"].as_array().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_map_run_is_listed_and_described_and_has_executions() {
    let world = World::new();
    let (execution, run) = at_work(&world).await;
    assert!(run.starts_with(&arn("mapRun:m/Each:")), "{run}");
    let listed = world.ok("ListMapRuns", json!({"executionArn": execution})).await;
    let item = &listed["mapRuns"][0];
    assert_eq!(
        (&item["executionArn"], &item["stateMachineArn"], item.get("stopDate")),
        (&json!(execution), &json!(arn("stateMachine:m/Each")), None)
    );
    let described = world.ok("DescribeMapRun", json!({"mapRunArn": run})).await;
    assert_eq!(
        (
            &described["executionArn"],
            &described["status"],
            &described["maxConcurrency"],
            &described["itemCounts"]["total"]
        ),
        (&json!(execution), &json!("RUNNING"), &json!(2), &json!(3))
    );
    for child in children(&world, &run).await {
        assert_eq!(
            (&child["mapRunArn"], &child["stateMachineArn"], &child["status"]),
            (&json!(run), &json!(arn("stateMachine:m/Each")), &json!("RUNNING"))
        );
        let described = world.describe(child["executionArn"].as_str().unwrap()).await;
        assert_eq!((&described["mapRunArn"], &described["name"]), (&json!(run), &child["name"]));
    }
    let none = json!({"mapRunArn": run, "statusFilter": "SUCCEEDED"});
    assert_eq!(world.ok("ListExecutions", none).await, json!({"executions": []}));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn express_children_have_arns_that_tell_their_run() {
    let world = World::new();
    let processor = json!({
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "P", "States": pass(),
    });
    let map = json!({"M": {"Type": "Map", "Label": "Each", "ItemProcessor": processor, "End": true}});
    let machine = world.machine("m", map).await;
    let execution = world.start(&machine, "e", "[7, 7]").await;
    while world.describe(&execution).await["status"] == "RUNNING" {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let listed = world.ok("ListMapRuns", json!({"executionArn": execution})).await;
    let run = listed["mapRuns"][0]["mapRunArn"].as_str().unwrap();
    let (_, id) = run.rsplit_once(':').unwrap();
    let children = children(&world, run).await;
    assert_eq!(children.len(), 2);
    for child in children {
        let (own, name) = (child["executionArn"].as_str().unwrap(), child["name"].as_str().unwrap());
        assert_eq!(own, arn(&format!("express:m/Each:{id}:{name}")));
        let described = world.describe(own).await;
        assert_eq!(
            (&described["name"], &described["mapRunArn"], &described["input"]),
            (&json!(name), &json!(run), &json!("7"))
        );
        let other = json!({"executionArn": arn(&format!("express:m/Each:0b2f:{name}"))});
        assert_eq!(world.refused("DescribeExecution", other).await.0, "ExecutionDoesNotExist");
        let history = json!({"executionArn": own});
        assert_eq!(world.refused("GetExecutionHistory", history).await.0, "InvalidArn");
    }
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn settings_change_while_it_is_at_work() {
    let world = World::new();
    let (execution, run) = at_work(&world).await;
    let update = json!({"mapRunArn": run, "maxConcurrency": 3, "toleratedFailureCount": 1, "toleratedFailurePercentage": 50.0});
    assert_eq!(world.ok("UpdateMapRun", update.clone()).await, json!({}));
    let described = world.ok("DescribeMapRun", json!({"mapRunArn": run})).await;
    assert_eq!(
        (
            &described["maxConcurrency"],
            &described["toleratedFailureCount"],
            &described["toleratedFailurePercentage"]
        ),
        (&json!(3), &json!(1), &json!(50.0))
    );
    while children(&world, &run).await.len() < 3 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    world.ok("StopExecution", json!({"executionArn": execution})).await;
    let error = world.call("UpdateMapRun", update).await.unwrap_err();
    assert_eq!(error["reason"], "CANNOT_UPDATE_COMPLETED_MAP_RUN", "{error}");
    assert_eq!(world.ok("DescribeMapRun", json!({"mapRunArn": run})).await["status"], "ABORTED");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_map_run_is_refused_with_a_reason() {
    let world = World::new();
    let machine = world.machine("m", callback()).await;
    let unknown = arn("mapRun:m/Each:0b2f");
    for action in ["DescribeMapRun", "UpdateMapRun"] {
        let error = world.call(action, json!({"mapRunArn": unknown, "maxConcurrency": 1})).await.unwrap_err();
        assert_eq!(
            (&error["resourceName"], &error["message"]),
            (&json!(unknown), &json!(format!("Map Run Does Not Exist: '{unknown}'")))
        );
        assert_eq!(
            world.refused(action, json!({"mapRunArn": machine, "maxConcurrency": 1})).await.0,
            "InvalidArn"
        );
    }
    let error = world.call("UpdateMapRun", json!({"mapRunArn": unknown})).await.unwrap_err();
    assert_eq!(error["reason"], "MISSING_REQUIRED_PARAMETER");
    let execution = world.start(&machine, "e", "{}").await;
    assert_eq!(world.ok("ListMapRuns", json!({"executionArn": execution})).await, json!({"mapRuns": []}));
    let token = json!({"executionArn": execution, "nextToken": "x"});
    assert_eq!(world.refused("ListMapRuns", token).await.0, "InvalidToken");
    for (execution, kind) in [(arn("execution:m:no"), "ExecutionDoesNotExist"), (machine, "InvalidArn")] {
        assert_eq!(world.refused("ListMapRuns", json!({"executionArn": execution})).await.0, kind);
    }
}
