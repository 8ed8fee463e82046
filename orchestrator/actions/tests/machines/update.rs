//! `UpdateStateMachine`

use serde_json::{Value, json};

use crate::common::{BEGIN, ROLE, World, arn, error, pass};

fn update(machine: &str, members: Value) -> Value {
    crate::common::with(json!({"stateMachineArn": machine}), members)
}

#[tokio::test]
async fn an_update_makes_a_revision() {
    let world = World::new();
    let machine = world.machine("orders").await;
    world.clock.forward(1_500);
    let updated = world.ok("UpdateStateMachine", update(&machine, json!({"definition": pass("B")}))).await;
    assert_eq!(updated["updateDate"], BEGIN as f64 + 1.5);
    let revision = updated["revisionId"].as_str().unwrap();
    assert_eq!(updated.get("stateMachineVersionArn"), None);
    let described = world.ok("DescribeStateMachine", json!({"stateMachineArn": machine})).await;
    assert_eq!(described["definition"], pass("B"));
    assert_eq!((&described["revisionId"], &described["creationDate"]), (&json!(revision), &json!(BEGIN)));
    let again = world.ok("UpdateStateMachine", update(&machine, json!({"definition": pass("C")}))).await;
    assert_ne!(again["revisionId"], revision);
}

#[tokio::test]
async fn each_part_is_updated_by_itself() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let role = format!("{ROLE}2");
    let encryption =
        json!({"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k", "kmsDataKeyReusePeriodSeconds": 300});
    for (sent, field, told) in [
        (json!({"roleArn": role}), "roleArn", json!(role)),
        (
            json!({"loggingConfiguration": {"includeExecutionData": true}}),
            "loggingConfiguration",
            json!({"level": "OFF", "includeExecutionData": true}),
        ),
        (
            json!({"tracingConfiguration": {"enabled": true}}),
            "tracingConfiguration",
            json!({"enabled": true}),
        ),
        (
            json!({"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"}}),
            "encryptionConfiguration",
            encryption,
        ),
    ] {
        let before = world.ok("DescribeStateMachine", json!({"stateMachineArn": machine})).await;
        world.ok("UpdateStateMachine", update(&machine, sent)).await;
        let after = world.ok("DescribeStateMachine", json!({"stateMachineArn": machine})).await;
        assert_ne!(before["revisionId"], after["revisionId"], "{field}");
        for (name, value) in after.as_object().unwrap() {
            let expected = match name.as_str() {
                name if name == field => &told,
                "revisionId" => continue,
                name => &before[name],
            };
            assert_eq!(value, expected, "{field}: {name}");
        }
    }
}

#[tokio::test]
async fn an_update_that_changes_nothing_makes_no_revision() {
    let world = World::new();
    let machine = world.machine("orders").await;
    world.clock.forward(1_000);
    let same = update(&machine, json!({"definition": pass("A"), "roleArn": ROLE}));
    assert_eq!(world.ok("UpdateStateMachine", same).await, json!({"updateDate": BEGIN}));
    let other = update(&machine, json!({"definition": pass("B")}));
    let updated = world.ok("UpdateStateMachine", other.clone()).await;
    world.clock.forward(1_000);
    assert_eq!(world.ok("UpdateStateMachine", other).await, updated);
}

#[tokio::test]
async fn an_update_may_publish_what_it_makes() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let request =
        update(&machine, json!({"definition": pass("B"), "publish": true, "versionDescription": "b"}));
    let updated = world.ok("UpdateStateMachine", request.clone()).await;
    assert_eq!(updated["stateMachineVersionArn"], arn("stateMachine:orders:1"));
    let version = json!({"stateMachineArn": updated["stateMachineVersionArn"]});
    let described = world.ok("DescribeStateMachine", version).await;
    assert_eq!((&described["description"], &described["revisionId"]), (&json!("b"), &updated["revisionId"]));
    assert_eq!(world.ok("UpdateStateMachine", request).await, updated);
}

#[tokio::test]
async fn what_cannot_be_updated_is_refused() {
    let world = World::new();
    let machine = world.machine("orders").await;
    for (members, kind) in [
        (json!({}), "MissingRequiredParameter"),
        (json!({"publish": true}), "MissingRequiredParameter"),
        (json!({"roleArn": "me"}), "InvalidArn"),
        (json!({"definition": "{}"}), "InvalidDefinition"),
        (json!({"roleArn": ROLE, "versionDescription": "v"}), "ValidationException"),
        (json!({"loggingConfiguration": {"level": "ALL"}}), "InvalidLoggingConfiguration"),
        (json!({"tracingConfiguration": {}}), "InvalidTracingConfiguration"),
        (
            json!({"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}}),
            "InvalidEncryptionConfiguration",
        ),
    ] {
        assert_eq!(
            world.fails("UpdateStateMachine", update(&machine, members.clone())).await.0,
            kind,
            "{members}"
        );
    }
    let members = json!({"definition": pass("B")});
    let nobody = arn("stateMachine:nobody");
    let refused = world.fails("UpdateStateMachine", update(&nobody, members.clone())).await;
    assert_eq!(
        refused,
        error("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{nobody}'"))
    );
    world.publish(&machine).await;
    for (of, kind) in [
        ("stateMachine:orders:1", "InvalidArn"),
        ("execution:orders:e", "InvalidArn"),
        ("stateMachine:orders/each", "ValidationException"),
    ] {
        assert_eq!(
            world.fails("UpdateStateMachine", update(&arn(of), members.clone())).await.0,
            kind,
            "{of}"
        );
    }
}

#[tokio::test]
async fn a_definition_is_checked_for_the_type_that_the_machine_has() {
    let world = World::new();
    let express = crate::common::with(crate::common::create("fast"), json!({"type": "EXPRESS"}));
    world.ok("CreateStateMachine", express).await;
    let task =
        json!({"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": true});
    let definition = json!({"StartAt": "A", "States": {"A": task}}).to_string();
    let request = update(&arn("stateMachine:fast"), json!({"definition": definition}));
    assert_eq!(world.fails("UpdateStateMachine", request).await.0, "InvalidDefinition");
}
