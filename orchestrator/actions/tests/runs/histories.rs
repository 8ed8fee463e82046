//! GetExecutionHistory.

use serde_json::{Map, Value, json};

use crate::common::{World, callback, pass};

/// A chain of so many Pass states.
fn passes(count: usize) -> Value {
    let states = (0..count).map(|n| {
        let next = if n + 1 == count { ("End", json!(true)) } else { ("Next", json!(format!("S{}", n + 1))) };
        (format!("S{n}"), json!({"Type": "Pass", next.0: next.1}))
    });
    Value::Object(states.collect::<Map<_, _>>())
}

async fn pages(world: &World, execution: &str, size: usize, reverse: bool) -> Vec<Vec<Value>> {
    let mut body = json!({"executionArn": execution, "maxResults": size, "reverseOrder": reverse});
    let mut pages = Vec::new();
    loop {
        let page = world.ok("GetExecutionHistory", body.clone()).await;
        pages.push(page["events"].as_array().unwrap().clone());
        match page.get("nextToken") {
            Some(token) => body["nextToken"] = token.clone(),
            None => return pages,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_events_are_told_as_aws_writes_them() {
    let world = World::new();
    let execution = world.start(&world.machine("m", pass()).await, "e", "{\"a\": 1}").await;
    let whole = json!({"truncated": false});
    let data = "{\"a\":1}";
    let at = 1_700_000_000;
    let entered = json!({"name": "P", "input": data, "inputDetails": whole});
    let exited = json!({"name": "P", "output": data, "outputDetails": whole});
    assert_eq!(
        world.ok("GetExecutionHistory", json!({"executionArn": execution})).await,
        json!({"events": [
            {"timestamp": at, "type": "ExecutionStarted", "id": 1, "previousEventId": 0, "executionStartedEventDetails":
                {"input": data, "inputDetails": whole, "roleArn": crate::common::ROLE}},
            {"timestamp": at, "type": "PassStateEntered", "id": 2, "previousEventId": 0, "stateEnteredEventDetails": entered},
            {"timestamp": at, "type": "PassStateExited", "id": 3, "previousEventId": 2, "stateExitedEventDetails": exited},
            {"timestamp": at, "type": "ExecutionSucceeded", "id": 4, "previousEventId": 3, "executionSucceededEventDetails":
                {"output": data, "outputDetails": whole}},
        ]})
    );
}

#[tokio::test(start_paused = true)]
async fn pages_join_without_gap_in_both_orders() {
    let world = World::new();
    let execution = world.start(&world.machine("m", passes(24)).await, "e", "{}").await;
    let all = world.events(&execution).await;
    assert_eq!(all.len(), 50);
    let lengths = |pages: &[Vec<Value>]| pages.iter().map(Vec::len).collect::<Vec<_>>();
    let onward = pages(&world, &execution, 20, false).await;
    assert_eq!((lengths(&onward), onward.concat()), (vec![20, 20, 10], all.clone()));
    let back = pages(&world, &execution, 25, true).await;
    let reversed: Vec<Value> = all.iter().rev().cloned().collect();
    assert_eq!((lengths(&back), back.concat()), (vec![25, 25], reversed));
}

#[tokio::test(start_paused = true)]
async fn a_history_that_is_not_held_is_paged_the_same() {
    let world = World::new();
    // Some 30 MB.
    let execution = world
        .start(&world.machine("m", passes(150)).await, "e", &format!("\"{}\"", "x".repeat(100_000)))
        .await;
    let onward = pages(&world, &execution, 70, false).await;
    let ids = |pages: &[Vec<Value>]| {
        pages.concat().iter().map(|event| event["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&onward), (1..=302).collect::<Vec<_>>());
    assert_eq!(onward[0].len(), 70);
    let back = pages(&world, &execution, 70, true).await;
    assert_eq!(ids(&back), (1..=302).rev().collect::<Vec<_>>());
    assert_eq!(back[1][0], *onward.concat().iter().find(|event| event["id"] == back[1][0]["id"]).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_long_history_of_many_facts_is_gone_on_with() {
    let world = World::new();
    // Each item waits for its token, with 100 KB in its input: more than is held.
    let parameters =
        json!({"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token", "data.$": "$.data"}});
    let task = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                      "Parameters": parameters, "ResultPath": null, "Next": "C"});
    let states = json!({
        "T": task,
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.never", "IsPresent": true, "Next": "E"}], "Default": "T"},
        "E": {"Type": "Succeed"},
    });
    let machine = world.machine("m", states).await;
    let execution = world.start(&machine, "e", &json!({"data": "x".repeat(50_000)}).to_string()).await;
    for _ in 0..90 {
        let body = json!({"executionArn": execution, "reverseOrder": true, "maxResults": 2});
        let last = world.ok("GetExecutionHistory", body).await;
        let last = &last["events"][1];
        assert_eq!(last["type"], "TaskScheduled");
        let parameters = last["taskScheduledEventDetails"]["parameters"].as_str().unwrap();
        let parameters: Value = serde_json::from_str(parameters).unwrap();
        let token = &parameters["MessageBody"]["token"];
        world.ok("SendTaskSuccess", json!({"taskToken": token, "output": "0"})).await;
    }
    let onward = pages(&world, &execution, 100, false).await;
    let ids = onward.concat().iter().map(|event| event["id"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    assert_eq!(ids.len(), 1 + 3 + 90 * 7);
}

#[tokio::test(start_paused = true)]
async fn a_history_that_grows_is_told_up_to_now() {
    let world = World::new();
    let execution = world.start(&world.machine("c", callback()).await, "e", "{}").await;
    let before = world.events(&execution).await;
    assert_eq!(before.last().unwrap()["type"], "TaskStarted");
    let token = world.token(&execution).await;
    world.ok("SendTaskSuccess", json!({"taskToken": token, "output": "1"})).await;
    let after = world.events(&execution).await;
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.last().unwrap()["type"], "ExecutionSucceeded");
}

#[tokio::test(start_paused = true)]
async fn data_is_left_out_if_it_is_not_wanted() {
    let world = World::new();
    let execution = world.start(&world.machine("c", callback()).await, "e", "{}").await;
    let body = json!({"executionArn": execution, "includeExecutionData": false});
    let events = world.ok("GetExecutionHistory", body).await["events"].clone();
    assert_eq!(events[0]["executionStartedEventDetails"], json!({"roleArn": crate::common::ROLE}));
    assert_eq!(events[1]["stateEnteredEventDetails"], json!({"name": "T"}));
    assert_eq!(
        events[2]["taskScheduledEventDetails"],
        json!({"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "region": "us-east-1", "parameters": ""})
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_is_of_its_execution_and_order() {
    let world = World::new();
    let machine = world.machine("m", pass()).await;
    let (one, other) = (world.start(&machine, "a", "{}").await, world.start(&machine, "b", "{}").await);
    let token =
        world.ok("GetExecutionHistory", json!({"executionArn": one, "maxResults": 1})).await["nextToken"]
            .clone();
    for body in [
        json!({"executionArn": other, "nextToken": token}),
        json!({"executionArn": one, "nextToken": token, "reverseOrder": true}),
        json!({"executionArn": one, "nextToken": "x"}),
    ] {
        assert_eq!(world.refused("GetExecutionHistory", body.clone()).await.0, "InvalidToken", "{body}");
    }
    let rest = world.ok("GetExecutionHistory", json!({"executionArn": one, "nextToken": token})).await;
    assert_eq!(rest["events"].as_array().unwrap().len(), 3);
}
