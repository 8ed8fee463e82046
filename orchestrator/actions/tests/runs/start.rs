//! StartExecution and DescribeExecution.

use std::sync::Arc;

use registry::machines::{Alias, Route, Version};
use serde_json::{Value, json};
use store::sqlite::{SqliteOptions, SqliteStore};

use crate::common::{World, arn, callback, fail, pass};

#[tokio::test(start_paused = true)]
async fn an_execution_is_described_as_it_was_begun_and_as_it_ended() {
    let world = World::new();
    let machine = world.machine("m", pass()).await;
    let input = "{\"b\" :  1.10,\n \"a\": 1E3}";
    let begun = json!({"stateMachineArn": machine, "name": "e", "input": input, "traceHeader": "Root=1-5"});
    let started = world.ok("StartExecution", begun).await;
    assert_eq!(started, json!({"executionArn": arn("execution:m:e"), "startDate": 1_700_000_000}));
    let described = world.describe(&arn("execution:m:e")).await;
    assert_eq!(
        described,
        json!({
            "executionArn": arn("execution:m:e"), "stateMachineArn": machine, "name": "e", "status": "SUCCEEDED",
            "startDate": 1_700_000_000, "stopDate": 1_700_000_000,
            "input": input, "inputDetails": {"included": true},
            "output": "{\"b\":1.10,\"a\":1E3}", "outputDetails": {"included": true},
            "traceHeader": "Root=1-5", "redriveCount": 0, "redriveStatus": "NOT_REDRIVABLE",
            "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        })
    );
    let less = json!({"executionArn": arn("execution:m:e"), "includedData": "METADATA_ONLY"});
    let less = world.ok("DescribeExecution", less).await;
    for member in ["input", "inputDetails", "output", "outputDetails"] {
        assert_eq!(less.get(member), None, "{member}");
    }
    assert_eq!((&less["traceHeader"], &less["status"]), (&json!("Root=1-5"), &json!("SUCCEEDED")));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_runs_or_failed_is_described_as_such() {
    let world = World::new();
    let running = world.start(&world.machine("c", callback()).await, "e", "{}").await;
    let running = world.describe(&running).await;
    assert_eq!(
        (&running["status"], &running["redriveStatus"], &running["redriveStatusReason"]),
        (&json!("RUNNING"), &json!("NOT_REDRIVABLE"), &json!("Execution is RUNNING and cannot be redriven"))
    );
    for member in ["stopDate", "output", "outputDetails", "error", "cause", "redriveDate"] {
        assert_eq!(running.get(member), None, "{member}");
    }
    let failed = world.start(&world.machine("f", fail()).await, "e", "{}").await;
    let failed = world.describe(&failed).await;
    assert_eq!(
        (&failed["status"], &failed["error"], &failed["cause"], &failed["redriveStatus"]),
        (&json!("FAILED"), &json!("E"), &json!("why"), &json!("REDRIVABLE"))
    );
    assert_eq!((failed.get("output"), failed.get("redriveStatusReason")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_long_input_is_given_back_to_the_letter_too() {
    let world = World::new();
    for (name, states) in [("m", pass()), ("c", callback())] {
        let machine = world.machine(name, states).await;
        let input = format!("{{\"long\":  \"{}\"}}", "x".repeat(50_000));
        let execution = world.start(&machine, "e", &input).await;
        assert_eq!(world.describe(&execution).await["input"], json!(input));
        let events = world.events(&execution).await;
        assert_eq!(events[0]["type"], "ExecutionStarted");
        // It runs on, from where its journal leads to.
        if name == "c" {
            let token = world.token(&execution).await;
            world.ok("SendTaskSuccess", json!({"taskToken": token, "output": "1"})).await;
            assert_eq!(world.describe(&execution).await["output"], "1");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_nobody_names_gets_a_uuid_and_an_empty_object() {
    let world = World::new();
    let machine = world.machine("m", pass()).await;
    let started = world.ok("StartExecution", json!({"stateMachineArn": machine})).await;
    let execution = started["executionArn"].as_str().unwrap();
    let name = execution.strip_prefix(&arn("execution:m:")).unwrap();
    assert!(uuid::Uuid::parse_str(name).is_ok(), "{name}");
    let described = world.describe(execution).await;
    assert_eq!((&described["name"], &described["input"]), (&json!(name), &json!("{}")));
    let again = world.ok("StartExecution", json!({"stateMachineArn": machine})).await;
    assert_ne!(again["executionArn"], started["executionArn"]);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_started_once() {
    let world = World::new();
    let machine = world.machine("c", callback()).await;
    let begun = |input: &str| json!({"stateMachineArn": machine, "name": "e", "input": input});
    let first = world.ok("StartExecution", begun("{\"a\":1}")).await;
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    assert_eq!(world.ok("StartExecution", begun("{\"a\":1}")).await, first, "while it runs");
    let exists = (
        "ExecutionAlreadyExists".to_owned(),
        format!("Execution Already Exists: '{}'", arn("execution:c:e")),
    );
    assert_eq!(world.refused("StartExecution", begun("{\"a\":2}")).await, exists);
    world.ok("StopExecution", json!({"executionArn": arn("execution:c:e")})).await;
    assert_eq!(world.refused("StartExecution", begun("{\"a\":1}")).await, exists, "it has ended");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_begin_is_refused_with_a_reason() {
    let world = World::new();
    let machine = world.machine("m", pass()).await;
    world.make("going", pass(), |machine| machine.deleting = true).await;
    let long = format!("\"{}\"", "ü".repeat(131_072));
    for (body, kind, message) in [
        (json!({"stateMachineArn": "m"}), "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: m'".to_owned()),
        (
            json!({"stateMachineArn": arn("activity:a")}),
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: activity'".to_owned(),
        ),
        (
            json!({"stateMachineArn": arn("stateMachine:no")}),
            "StateMachineDoesNotExist",
            format!("State Machine Does Not Exist: '{}'", arn("stateMachine:no")),
        ),
        (
            json!({"stateMachineArn": arn("stateMachine:m:7")}),
            "StateMachineDoesNotExist",
            format!("State Machine Does Not Exist: '{}'", arn("stateMachine:m:7")),
        ),
        (
            json!({"stateMachineArn": arn("stateMachine:going")}),
            "StateMachineDeleting",
            format!("State Machine is deleting: '{}'", arn("stateMachine:going")),
        ),
        (
            json!({"stateMachineArn": arn("stateMachine:m/label")}),
            "ValidationException",
            "This API does not support labelled ARNs".to_owned(),
        ),
        (json!({"stateMachineArn": machine, "name": "a b"}), "InvalidName", "Invalid Name: 'a b'".to_owned()),
        (
            json!({"stateMachineArn": machine, "input": "{'a'}"}),
            "InvalidExecutionInput",
            "Invalid State Machine Execution Input: 'Unexpected character (''' (code 39)): was expecting double-quote to \
             start field name\n at [Source: (String)\"{'a'}\"; line: 1, column: 3]'"
                .to_owned(),
        ),
        (
            json!({"stateMachineArn": machine, "input": long}),
            "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than \
             or equal to 262144"
                .to_owned(),
        ),
    ] {
        assert_eq!(world.refused("StartExecution", body.clone()).await, (kind.to_owned(), message), "{body}");
    }
    let labelled = json!({"stateMachineArn": arn("stateMachine:m/label")});
    let error = world.call("StartExecution", labelled).await.unwrap_err();
    assert_eq!(error["reason"], "API_DOES_NOT_SUPPORT_LABELED_ARNS");
    let deep = json!({"stateMachineArn": machine, "input": "[".repeat(101) + &"]".repeat(101)});
    assert_eq!(world.refused("StartExecution", deep).await.0, "InvalidExecutionInput");
    let most = format!("\"{}\"", "x".repeat(262_142));
    world.ok("StartExecution", json!({"stateMachineArn": machine, "name": "most", "input": most})).await;
    assert_eq!(world.describe(&arn("execution:m:most")).await["input"], json!(most));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_cannot_be_described() {
    let world = World::new();
    world.machine("m", pass()).await;
    let elsewhere = "arn:aws:states:us-east-1:000000000000:execution:m:e";
    for (execution, kind, message) in [
        (
            arn("execution:m:e"),
            "ExecutionDoesNotExist",
            format!("Execution Does Not Exist: '{}'", arn("execution:m:e")),
        ),
        (
            arn("execution:no:e"),
            "ExecutionDoesNotExist",
            format!("Execution Does Not Exist: '{}'", arn("execution:no:e")),
        ),
        (elsewhere.to_owned(), "ExecutionDoesNotExist", format!("Execution Does Not Exist: '{elsewhere}'")),
        (
            arn("stateMachine:m"),
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'".to_owned(),
        ),
        (
            arn("express:m:e:0b2f"),
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: express'".to_owned(),
        ),
        ("x".to_owned(), "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'".to_owned()),
    ] {
        for action in ["DescribeExecution", "StopExecution", "GetExecutionHistory", "RedriveExecution"] {
            let refused = world.refused(action, json!({"executionArn": execution})).await;
            assert_eq!(refused, (kind.to_owned(), message.clone()), "{action} {execution}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_express_execution_is_answered_at_once_and_its_name_used_again() {
    let world = World::new();
    let machine = world.express("x", callback()).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let execution = world.start(&machine, "e", "{}").await;
        let id = execution.strip_prefix(&arn("express:x:e:")).unwrap().to_owned();
        assert!(uuid::Uuid::parse_str(&id).is_ok(), "{id}");
        assert_eq!(
            world.refused("DescribeExecution", json!({"executionArn": execution})).await.0,
            "InvalidArn"
        );
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);
}

fn version(number: u64, machine: &registry::machines::Machine) -> Version {
    Version { number, revision: machine.current.clone(), description: None, created_ms: 0 }
}

#[tokio::test(start_paused = true)]
async fn versions_and_aliases_are_told_of_their_executions() {
    let world = World::new();
    let shape = |machine: &mut registry::machines::Machine| {
        machine.versions = vec![version(1, machine), version(2, machine)];
        let routes = vec![Route { version: 2, weight: 100 }];
        let name = "prod".to_owned();
        machine.aliases =
            vec![Alias { number: 1, name, description: None, routes, created_ms: 0, updated_ms: 0 }];
    };
    let machine = world.make("m", pass(), shape).await;
    for (qualifier, version, alias) in [
        ("", Value::Null, Value::Null),
        (":1", json!(arn("stateMachine:m:1")), Value::Null),
        (":prod", json!(arn("stateMachine:m:2")), json!(arn("stateMachine:m:prod"))),
    ] {
        let name = format!("e{}", qualifier.replace(':', "-"));
        let execution = world.start(&format!("{machine}{qualifier}"), &name, "{}").await;
        let described = world.describe(&execution).await;
        assert_eq!(described["stateMachineArn"], json!(machine));
        assert_eq!(
            (&described["stateMachineVersionArn"], &described["stateMachineAliasArn"]),
            (&version, &alias),
            "{qualifier}"
        );
        let started = &world.events(&execution).await[0]["executionStartedEventDetails"];
        assert_eq!(
            (&started["stateMachineVersionArn"], &started["stateMachineAliasArn"], &started["roleArn"]),
            (&version, &alias, &json!(crate::common::ROLE))
        );
    }
    for (qualifier, names) in [
        ("", vec!["e-prod", "e-1", "e"]),
        (":1", vec!["e-1"]),
        (":2", vec!["e-prod"]),
        (":prod", vec!["e-prod"]),
    ] {
        for filter in [json!(null), json!("SUCCEEDED")] {
            let body = json!({"stateMachineArn": format!("{machine}{qualifier}"), "statusFilter": filter});
            let listed = world.ok("ListExecutions", body).await;
            let found: Vec<_> =
                listed["executions"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
            assert_eq!(found, names, "{qualifier}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_was_made_again_has_executions_of_its_own() {
    let world = World::new();
    let machine = world.machine("m", pass()).await;
    let first = world.start(&machine, "e", "1").await;
    world.make("m", pass(), |machine| machine.deleted = true).await;
    world.machine("m", pass()).await;
    assert_eq!(
        world.refused("DescribeExecution", json!({"executionArn": first})).await.0,
        "ExecutionDoesNotExist"
    );
    assert_eq!(world.start(&machine, "e", "2").await, first, "the name is free again");
    assert_eq!(world.describe(&first).await["input"], "2");
}

#[tokio::test]
async fn all_of_it_works_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("e.db"), SqliteOptions::default()).unwrap();
    let world = World::on_wall_clock(Arc::new(store));
    let machine = world.machine("c", callback()).await;
    let input = format!("{{\"a\":  \"{}\"}}", "x".repeat(5_000));
    let execution = world.start(&machine, "e", &input).await;
    assert_eq!(world.describe(&execution).await["input"], json!(input));
    let token = world.token(&execution).await;
    world.ok("SendTaskFailure", json!({"taskToken": token, "error": "E"})).await;
    assert_eq!(world.describe(&execution).await["status"], "FAILED");
    world.ok("RedriveExecution", json!({"executionArn": execution})).await;
    let listed = json!({"stateMachineArn": machine, "statusFilter": "RUNNING"});
    assert_eq!(world.ok("ListExecutions", listed).await["executions"][0]["redriveCount"], 1);
    let token = world.token(&execution).await;
    world.ok("SendTaskSuccess", json!({"taskToken": token, "output": "{}"})).await;
    assert_eq!(world.describe(&execution).await["status"], "SUCCEEDED");
    world.end().await;
}
