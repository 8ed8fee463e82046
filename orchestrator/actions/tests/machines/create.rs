//! `CreateStateMachine`

use serde_json::{Value, json};
use store::{Commit, EntityWrite, Store};

use crate::common::{BEGIN, ROLE, World, arn, create, error, pass, with};

const LOG_GROUP: &str = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/l:*";

fn logging(level: &str, log_groups: &[&str]) -> Value {
    let destination = |arn: &&str| json!({"cloudWatchLogsLogGroup": {"logGroupArn": arn}});
    let destinations: Vec<_> = log_groups.iter().map(destination).collect();
    json!({"loggingConfiguration": {"level": level, "destinations": destinations}})
}

#[tokio::test]
async fn a_machine_is_made() {
    let world = World::new();
    let made = world.ok("CreateStateMachine", create("orders")).await;
    assert_eq!(made, json!({"stateMachineArn": arn("stateMachine:orders"), "creationDate": BEGIN}));
}

#[tokio::test]
async fn a_first_version_is_published_if_it_is_wanted() {
    let world = World::new();
    let request = with(create("orders"), json!({"publish": true, "versionDescription": "first"}));
    let made = world.ok("CreateStateMachine", request).await;
    let version = arn("stateMachine:orders:1");
    assert_eq!(made["stateMachineVersionArn"], version);
    let described = world.ok("DescribeStateMachine", json!({"stateMachineArn": version})).await;
    assert_eq!(described["description"], "first");
}

#[tokio::test]
async fn a_version_that_is_not_published_has_no_description() {
    let world = World::new();
    for publish in [json!({}), json!({"publish": false})] {
        let request = with(with(create("orders"), publish), json!({"versionDescription": "first"}));
        let message = "Version description can only be set when publish is set to true";
        assert_eq!(world.fails("CreateStateMachine", request).await, error("ValidationException", message));
    }
}

#[tokio::test]
async fn the_same_request_again_answers_the_same() {
    let world = World::new();
    let request = with(
        create("orders"),
        json!({"publish": true, "versionDescription": "v", "tags": [{"key": "a", "value": "b"}],
               "tracingConfiguration": {"enabled": true}}),
    );
    let made = world.ok("CreateStateMachine", request.clone()).await;
    world.clock.forward(5_000);
    assert_eq!(world.ok("CreateStateMachine", request.clone()).await, made);
    // Role and tags are not looked at, and not changed.
    let others = json!({"roleArn": format!("{ROLE}2"), "tags": []});
    assert_eq!(world.ok("CreateStateMachine", with(request, others)).await, made);
    let described =
        world.ok("DescribeStateMachine", json!({"stateMachineArn": made["stateMachineArn"]})).await;
    assert_eq!(described["roleArn"], ROLE);
    let tags = world.ok("ListTagsForResource", json!({"resourceArn": made["stateMachineArn"]})).await;
    assert_eq!(tags, json!({"tags": [{"key": "a", "value": "b"}]}));
}

#[tokio::test]
async fn what_is_the_default_may_be_said() {
    let world = World::new();
    let made = world.ok("CreateStateMachine", create("orders")).await;
    let said = json!({"type": "STANDARD", "publish": false, "loggingConfiguration": {"level": "OFF"},
                      "tracingConfiguration": {"enabled": false}, "encryptionConfiguration": {"type": "AWS_OWNED_KEY"}});
    assert_eq!(world.ok("CreateStateMachine", with(create("orders"), said)).await, made);
}

#[tokio::test]
async fn another_machine_of_the_name_is_refused() {
    let world = World::new();
    world.ok("CreateStateMachine", create("orders")).await;
    let message = format!("State Machine Already Exists: '{}'", arn("stateMachine:orders"));
    for other in [
        json!({"definition": pass("B")}),
        json!({"type": "EXPRESS"}),
        logging("ALL", &[LOG_GROUP]),
        json!({"tracingConfiguration": {"enabled": true}}),
        json!({"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"}}),
        json!({"publish": true}),
    ] {
        let refused = world.fails("CreateStateMachine", with(create("orders"), other)).await;
        assert_eq!(refused, error("StateMachineAlreadyExists", &message));
    }
}

#[tokio::test]
async fn another_version_of_the_first_description_is_another_machine() {
    let world = World::new();
    let request = with(create("orders"), json!({"publish": true, "versionDescription": "a"}));
    world.ok("CreateStateMachine", request.clone()).await;
    let other = with(request, json!({"versionDescription": "b"}));
    assert_eq!(world.fails("CreateStateMachine", other).await.0, "StateMachineAlreadyExists");
}

#[tokio::test]
async fn a_name_has_only_what_names_may_have() {
    let world = World::new();
    for name in ["a b", "a/b", "a:b", "a~b", "a\u{7}b"] {
        let refused = world.fails("CreateStateMachine", create(name)).await;
        assert_eq!(refused, error("InvalidName", format!("Invalid Name: '{name}'")));
    }
    let (kind, message) = world.fails("CreateStateMachine", create(&"n".repeat(81))).await;
    assert_eq!(kind, "ValidationException");
    assert!(message.ends_with("Member must have length less than or equal to 80"), "{message}");
}

#[tokio::test]
async fn a_role_is_a_role() {
    let world = World::new();
    let refused = world.fails("CreateStateMachine", with(create("orders"), json!({"roleArn": "me"}))).await;
    assert_eq!(refused, error("InvalidArn", "Invalid Role Arn: 'me'"));
}

#[tokio::test]
async fn all_that_is_wrong_with_a_definition_is_told() {
    let world = World::new();
    let definition = json!({"StartAt": "X", "States": {"A": {"Type": "Pass", "Next": "B"}}}).to_string();
    let (kind, message) =
        world.fails("CreateStateMachine", with(create("orders"), json!({"definition": definition}))).await;
    assert_eq!(kind, "InvalidDefinition");
    let begins = "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: ";
    assert!(message.starts_with(begins) && message.ends_with('\''), "{message}");
    assert!(message.contains(" at /StartAt, "), "{message}");
    assert!(message.contains(" at /States/A/Next"), "{message}");
    let refused = world.fails("CreateStateMachine", with(create("orders"), json!({"definition": "{"}))).await;
    assert!(
        refused.1.starts_with("Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: "),
        "{refused:?}"
    );
    let none = json!({"stateMachineArn": arn("stateMachine:orders")});
    assert_eq!(world.fails("DescribeStateMachine", none).await.0, "StateMachineDoesNotExist");
}

#[tokio::test]
async fn a_definition_is_one_of_the_machines_type() {
    let world = World::new();
    let wait = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
                      "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}});
    let definition = json!({"StartAt": "A", "States": {"A": wait}}).to_string();
    let request = with(create("orders"), json!({"definition": definition}));
    let express = with(request.clone(), json!({"type": "EXPRESS"}));
    assert_eq!(world.fails("CreateStateMachine", express).await.0, "InvalidDefinition");
    world.ok("CreateStateMachine", request).await;
}

#[tokio::test]
async fn a_log_level_needs_one_log_group() {
    let world = World::new();
    let one = "Must specify exactly one Log Destination.";
    let without = LOG_GROUP.trim_end_matches(":*");
    for (configuration, why) in [
        (json!({"loggingConfiguration": {"level": "ALL"}}), one),
        (logging("ERROR", &[]), one),
        (logging("FATAL", &[LOG_GROUP, LOG_GROUP]), one),
        (logging("OFF", &[LOG_GROUP, LOG_GROUP]), one),
        (logging("ALL", &[without]), "Log Group ARN must be provided with '*' qualifier."),
        (logging("ALL", &["l"]), "Invalid Log Group ARN: 'l'."),
        (
            json!({"loggingConfiguration": {"level": "ALL", "destinations": [{}]}}),
            "Log Destination must be a CloudWatch Logs log group.",
        ),
    ] {
        let refused = world.fails("CreateStateMachine", with(create("orders"), configuration)).await;
        assert_eq!(
            refused,
            error("InvalidLoggingConfiguration", format!("Invalid Logging Configuration: {why}"))
        );
    }
    world.ok("CreateStateMachine", with(create("orders"), logging("ALL", &[LOG_GROUP]))).await;
}

#[tokio::test]
async fn tracing_is_on_or_off() {
    let world = World::new();
    let refused =
        world.fails("CreateStateMachine", with(create("orders"), json!({"tracingConfiguration": {}}))).await;
    assert_eq!(refused.0, "InvalidTracingConfiguration");
}

#[tokio::test]
async fn a_key_is_the_customers_or_none() {
    let world = World::new();
    for (encryption, why) in [
        (
            json!({"type": "CUSTOMER_MANAGED_KMS_KEY"}),
            "'kmsKeyId' must be set when 'type' is CUSTOMER_MANAGED_KMS_KEY.",
        ),
        (
            json!({"type": "AWS_OWNED_KEY", "kmsKeyId": "k"}),
            "'kmsKeyId' must not be set when 'type' is AWS_OWNED_KEY.",
        ),
        (
            json!({"type": "AWS_OWNED_KEY", "kmsDataKeyReusePeriodSeconds": 60}),
            "'kmsDataKeyReusePeriodSeconds' must not be set when 'type' is AWS_OWNED_KEY.",
        ),
    ] {
        let request = with(create("orders"), json!({"encryptionConfiguration": encryption}));
        let message = format!("Invalid Encryption Configuration: {why}");
        assert_eq!(
            world.fails("CreateStateMachine", request).await,
            error("InvalidEncryptionConfiguration", message)
        );
    }
}

#[tokio::test]
async fn a_machine_has_fifty_tags_at_the_most() {
    let world = World::new();
    let tags = |count| (0..count).map(|n| json!({"key": format!("k{n}"), "value": ""})).collect::<Vec<_>>();
    let refused = world.fails("CreateStateMachine", with(create("a"), json!({"tags": tags(51)}))).await;
    assert_eq!(refused.0, "TooManyTags");
    world.ok("CreateStateMachine", with(create("a"), json!({"tags": tags(50)}))).await;
}

#[tokio::test]
async fn a_region_has_so_many_machines_at_the_most() {
    let world = World::new();
    world.machine("orders").await;
    let full = EntityWrite {
        key: "machines/us-east-1".to_owned(),
        expected: 1,
        state: "100000".into(),
        ..EntityWrite::default()
    };
    world.store.commit(&Commit { entities: vec![full], ..Commit::default() }).await.unwrap();
    assert_eq!(world.fails("CreateStateMachine", create("refunds")).await.0, "StateMachineLimitExceeded");
    // The one that is there is no other.
    world.machine("orders").await;
    world.ok("DeleteStateMachine", json!({"stateMachineArn": arn("stateMachine:orders")})).await;
    world.machine("refunds").await;
}

#[tokio::test]
async fn regions_have_machines_of_their_own() {
    let world = World::new();
    world.machine("orders").await;
    let elsewhere = world.service.in_region("eu-west-1");
    let made = crate::common::ok(&elsewhere, "CreateStateMachine", create("orders")).await;
    assert_eq!(made["stateMachineArn"], "arn:aws:states:eu-west-1:123456789012:stateMachine:orders");
    for foreign in [
        made["stateMachineArn"].clone(),
        json!("arn:aws:states:us-east-1:999999999999:stateMachine:orders"),
        json!("arn:aws-cn:states:us-east-1:123456789012:stateMachine:orders"),
    ] {
        let message = format!("State Machine Does Not Exist: '{}'", foreign.as_str().unwrap());
        let refused = world.fails("DescribeStateMachine", json!({"stateMachineArn": foreign})).await;
        assert_eq!(refused, error("StateMachineDoesNotExist", message));
    }
}
