//! `DescribeStateMachineForExecution`

use bytes::Bytes;
use engine::{Fact, JournalEntry};
use executions::execution_key;
use serde_json::{Value, json};
use store::{Commit, EntityWrite, Store};

use crate::common::runs::{child, wait};
use crate::common::{BEGIN, ROLE, World, arn, create, error, pass, with};

async fn described(world: &World, execution: &str) -> Value {
    world.ok("DescribeStateMachineForExecution", json!({"executionArn": execution})).await
}

async fn running(definition: &str) -> (World, String) {
    let mut world = World::new();
    world.run();
    world.ok("CreateStateMachine", with(create("orders"), json!({"definition": definition}))).await;
    (world, arn("stateMachine:orders"))
}

#[tokio::test]
async fn an_execution_has_the_machine_that_it_began_with() {
    let (world, machine) = running(&wait("W")).await;
    world.clock.forward(1_000);
    let first = world.start(&machine, "first").await;
    world.clock.forward(1_000);
    let update = json!({"stateMachineArn": machine, "definition": wait("X"), "roleArn": format!("{ROLE}2"),
                        "tracingConfiguration": {"enabled": true}});
    let revision = world.ok("UpdateStateMachine", update).await["revisionId"].clone();
    world.clock.forward(1_000);
    let second = world.start(&machine, "second").await;
    world.ok("UpdateStateMachine", json!({"stateMachineArn": machine, "definition": pass("Y")})).await;
    let common = json!({"stateMachineArn": machine, "name": "orders", "variableReferences": {},
                        "loggingConfiguration": {"level": "OFF", "includeExecutionData": false},
                        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"}});
    let expected = json!({"definition": wait("W"), "roleArn": ROLE, "updateDate": BEGIN,
                          "tracingConfiguration": {"enabled": false}});
    assert_eq!(described(&world, &first).await, with(common.clone(), expected));
    let expected = json!({"definition": wait("X"), "roleArn": format!("{ROLE}2"), "updateDate": BEGIN + 2,
                          "tracingConfiguration": {"enabled": true}, "revisionId": revision});
    assert_eq!(described(&world, &second).await, with(common, expected));
}

#[tokio::test]
async fn an_execution_may_have_begun_with_a_long_input() {
    let (world, machine) = running(&wait("W")).await;
    let input = json!({"long": "x".repeat(2_000)}).to_string();
    let started = world.ok("StartExecution", json!({"stateMachineArn": machine, "input": input})).await;
    let told = described(&world, started["executionArn"].as_str().unwrap()).await;
    assert_eq!((&told["definition"], &told["roleArn"]), (&json!(wait("W")), &json!(ROLE)));
}

#[tokio::test]
async fn an_execution_of_a_version_has_what_was_published() {
    let (world, machine) = running(&wait("W")).await;
    let version = world.publish(&machine).await;
    for state in ["X", "W"] {
        world.clock.forward(1_000);
        let update = json!({"stateMachineArn": machine, "definition": wait(state)});
        world.ok("UpdateStateMachine", update).await;
    }
    let execution = world.start(&version, "e").await;
    let told = described(&world, &execution).await;
    assert_eq!(told["stateMachineArn"], machine);
    // The machine is the same again, but another revision.
    assert_eq!((&told["updateDate"], told.get("revisionId")), (&json!(BEGIN), None));
}

#[tokio::test]
async fn metadata_has_no_definition() {
    let (world, machine) = running(&wait("W")).await;
    let execution = world.start(&machine, "e").await;
    let request = json!({"executionArn": execution, "includedData": "METADATA_ONLY"});
    let told = world.ok("DescribeStateMachineForExecution", request).await;
    assert_eq!((&told["definition"], told.get("variableReferences")), (&json!("{}"), None));
}

#[tokio::test]
async fn an_execution_of_a_map_has_what_the_map_runs() {
    let processor = json!({"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P",
                           "States": {"P": {"Type": "Wait", "Seconds": 60, "End": true}}});
    let each = json!({"Type": "Map", "Label": "each", "ItemProcessor": processor, "End": true});
    let definition = json!({"StartAt": "Each", "States": {"Each": each}}).to_string();
    let (world, machine) = running(&wait("W")).await;
    world.ok("UpdateStateMachine", json!({"stateMachineArn": machine, "definition": definition})).await;
    // No Map runs here: the child's row is that of another execution, its journal its own.
    world.start(&machine, "parent").await;
    let reader = world.store.reader();
    let parent = reader.get(&execution_key("us-east-1/orders", "parent")).await.unwrap().unwrap();
    let begun = Fact::ChildStarted(Box::new(child("orders", "each", "c", "Each", json!(1))));
    let write = EntityWrite {
        key: execution_key("us-east-1/orders/each", "c"),
        state: parent.state,
        meta: parent.meta,
        journal: vec![Bytes::from(JournalEntry::new(0, begun).encode())],
        ..EntityWrite::default()
    };
    world.store.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    let told = described(&world, &arn("execution:orders/each:c")).await;
    assert_eq!(told["stateMachineArn"], arn("stateMachine:orders/each"));
    assert_eq!((&told["name"], &told["label"]), (&json!("orders"), &json!("each")));
    assert_eq!(told["mapRunArn"], arn("mapRun:orders/each:0b2f"));
    assert_eq!(told["definition"], processor.to_string());
}

#[tokio::test]
async fn an_execution_outlives_its_machine_but_not_its_successor() {
    let (world, machine) = running(&pass("A")).await;
    let execution = world.start(&machine, "e").await;
    world.ok("DeleteStateMachine", json!({"stateMachineArn": machine})).await;
    assert_eq!(described(&world, &execution).await["definition"], pass("A"));
    world.machine("orders").await;
    let refused = world.fails("DescribeStateMachineForExecution", json!({"executionArn": execution})).await;
    let message = format!("Execution Does Not Exist: '{execution}'");
    assert_eq!(refused, error("ExecutionDoesNotExist", message));
}

#[tokio::test]
async fn what_is_no_execution_is_refused() {
    let world = World::new();
    world.machine("orders").await;
    for rest in ["execution:orders:e", "execution:nobody:e", "execution:orders/each:e"] {
        let refused =
            world.fails("DescribeStateMachineForExecution", json!({"executionArn": arn(rest)})).await;
        let message = format!("Execution Does Not Exist: '{}'", arn(rest));
        assert_eq!(refused, error("ExecutionDoesNotExist", message));
    }
    for (rest, kind) in [("express:orders:e:0b2f", "express"), ("stateMachine:orders", "stateMachine")] {
        let refused =
            world.fails("DescribeStateMachineForExecution", json!({"executionArn": arn(rest)})).await;
        let message = format!("Invalid Arn: 'Resource type not valid in this context: {kind}'");
        assert_eq!(refused, error("InvalidArn", message));
    }
}
