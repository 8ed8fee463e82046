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

/// The children that wait for whoever has their tokens.
async fn waiting(world: &World, run: &str, count: usize) -> Vec<String> {
    loop {
        let listed = json!({"mapRunArn": run, "statusFilter": "RUNNING"});
        let listed = world.ok("ListExecutions", listed).await;
        let arns: Vec<String> = listed["executions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["executionArn"].as_str().unwrap().to_owned())
            .collect();
        if arns.len() == count {
            return arns;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

async fn until_ended(world: &World, execution: &str) -> Value {
    loop {
        let described = world.describe(execution).await;
        if described["status"] != "RUNNING" {
            return described;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_redriven_run_tells_how_often_and_its_executions_wait_for_their_turn() {
    let world = World::new();
    let (execution, run) = at_work(&world).await;
    let update = json!({"mapRunArn": run, "maxConcurrency": 3});
    world.ok("UpdateMapRun", update).await;
    for child in waiting(&world, &run, 3).await {
        let token = world.token(&child).await;
        // The first that fails has the others stopped.
        let _ = world.call("SendTaskFailure", json!({"taskToken": token, "error": "E"})).await;
    }
    assert_eq!(until_ended(&world, &execution).await["status"], "FAILED");
    let described = world.ok("DescribeMapRun", json!({"mapRunArn": run})).await;
    assert_eq!(
        (&described["status"], &described["redriveCount"], described.get("redriveDate")),
        (&json!("FAILED"), &json!(0), None)
    );
    waiting(&world, &run, 0).await;
    let child = children(&world, &run).await.pop().unwrap();
    assert_eq!((&child["itemCount"], &child["redriveCount"]), (&json!(1), &json!(0)));
    let own = child["executionArn"].as_str().unwrap();
    assert_eq!(world.describe(own).await["redriveStatus"], "REDRIVABLE_BY_MAP_RUN");
    let (kind, _) = world.refused("RedriveExecution", json!({"executionArn": own})).await;
    assert_eq!(kind, "ExecutionNotRedrivable");

    tokio::time::advance(std::time::Duration::from_secs(10)).await;
    let redriven = world.ok("RedriveExecution", json!({"executionArn": execution})).await;
    let described = world.ok("DescribeMapRun", json!({"mapRunArn": run})).await;
    assert_eq!(
        (&described["status"], &described["redriveCount"], described.get("stopDate")),
        (&json!("RUNNING"), &json!(1), None)
    );
    assert_eq!(described["redriveDate"], redriven["redriveDate"]);
    waiting(&world, &run, 3).await;
    let listed = world.ok("ListMapRuns", json!({"executionArn": execution})).await;
    assert_eq!(listed["mapRuns"].as_array().unwrap().len(), 1, "it is the same run");
    for redriven in ["REDRIVEN", "NOT_REDRIVEN"] {
        let wish = json!({"mapRunArn": run, "redriveFilter": redriven});
        let listed = world.ok("ListExecutions", wish).await["executions"].as_array().unwrap().len();
        assert_eq!(listed, if redriven == "REDRIVEN" { 3 } else { 0 });
    }

    // Stopped and redriven with room for one, the others wait.
    world.ok("UpdateMapRun", json!({"mapRunArn": run, "maxConcurrency": 1})).await;
    world.ok("StopExecution", json!({"executionArn": execution})).await;
    waiting(&world, &run, 0).await;
    world.ok("RedriveExecution", json!({"executionArn": execution})).await;
    let at_work = waiting(&world, &run, 1).await;
    let counts = world.ok("DescribeMapRun", json!({"mapRunArn": run})).await["executionCounts"].clone();
    assert_eq!(
        (&counts["running"], &counts["pendingRedrive"], &counts["total"]),
        (&json!(1), &json!(2), &json!(3))
    );
    let pending =
        world.ok("ListExecutions", json!({"mapRunArn": run, "statusFilter": "PENDING_REDRIVE"})).await;
    let pending = pending["executions"].as_array().unwrap();
    assert_eq!(pending.len(), 2);
    assert_eq!(pending[0]["status"], "PENDING_REDRIVE");
    let own = pending[0]["executionArn"].as_str().unwrap();
    assert_eq!(world.describe(own).await["status"], "PENDING_REDRIVE");
    assert!(!at_work.contains(&own.to_owned()));
    for _ in 0..3 {
        let child = waiting(&world, &run, 1).await.remove(0);
        let token = world.token(&child).await;
        world.ok("SendTaskSuccess", json!({"taskToken": token, "output": "7"})).await;
        while world.describe(&child).await["status"] == "RUNNING" {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    let ended = until_ended(&world, &execution).await;
    assert_eq!((&ended["status"], &ended["output"]), (&json!("SUCCEEDED"), &json!("[7,7,7]")));
    let events = world.events(&execution).await;
    let told: Vec<_> = events.iter().filter(|event| event["type"] == "MapRunRedriven").collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[1]["mapRunRedrivenEventDetails"], json!({"mapRunArn": run, "redriveCount": 2}));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_execution_over_a_batch_tells_how_many_items_that_has() {
    let world = World::new();
    let processor = json!({
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": pass(),
    });
    let map = json!({"M": {"Type": "Map", "Label": "Each", "ItemBatcher": {"MaxItemsPerBatch": 2}, "ItemProcessor": processor, "End": true}});
    let machine = world.machine("m", map).await;
    let execution = world.start(&machine, "e", "[1, 2, 3]").await;
    until_ended(&world, &execution).await;
    let listed = world.ok("ListMapRuns", json!({"executionArn": execution})).await;
    let run = listed["mapRuns"][0]["mapRunArn"].as_str().unwrap();
    let items: Vec<Value> = children(&world, run).await.iter().map(|it| it["itemCount"].clone()).collect();
    assert_eq!(items, [1, 2], "those that began last come first");
    let described = world.ok("DescribeMapRun", json!({"mapRunArn": run})).await;
    assert_eq!(
        (&described["itemCounts"]["succeeded"], &described["executionCounts"]["succeeded"]),
        (&json!(3), &json!(2))
    );
    // By its machine, of no Map run, none is told.
    let by_machine = world.ok("ListExecutions", json!({"stateMachineArn": machine})).await;
    assert_eq!(by_machine["executions"][0].get("itemCount"), None);
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
