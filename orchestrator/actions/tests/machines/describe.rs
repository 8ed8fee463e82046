//! `DescribeStateMachine`

use serde_json::{Value, json};

use crate::common::{BEGIN, ROLE, World, arn, create, error, pass, with};

/// A machine with a distributed Map: `Each one`, or as it is labelled.
fn map(label: Option<&str>) -> String {
    let processor = json!({
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "P",
        "States": {"P": {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"x": 1}, "Next": "Q"},
                   "Q": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $x %}", "End": true}}
    });
    let mut each = json!({"Type": "Map", "ItemProcessor": processor, "End": true});
    if let Some(label) = label {
        each["Label"] = json!(label);
    }
    json!({"StartAt": "V", "States": {
        "V": {"Type": "Pass", "Assign": {"v": 1}, "Next": "W"},
        "W": {"Type": "Pass", "Parameters": {"v.$": "$v"}, "Next": "Each one"},
        "Each one": each}})
    .to_string()
}

#[tokio::test]
async fn all_of_a_machine_is_told() {
    let world = World::new();
    let log_group = "arn:aws:logs:us-east-1:123456789012:log-group:l:*";
    let given = json!({
        "type": "EXPRESS",
        "loggingConfiguration": {"level": "ALL", "includeExecutionData": true,
                                 "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": log_group}}]},
        "tracingConfiguration": {"enabled": true},
        "encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k",
                                    "kmsDataKeyReusePeriodSeconds": 60}
    });
    world.ok("CreateStateMachine", with(create("orders"), given.clone())).await;
    let machine = arn("stateMachine:orders");
    let described = world.ok("DescribeStateMachine", json!({"stateMachineArn": machine})).await;
    let expected = json!({"stateMachineArn": machine, "name": "orders", "status": "ACTIVE", "definition": pass("A"),
                          "roleArn": ROLE, "creationDate": BEGIN, "variableReferences": {}});
    assert_eq!(described, with(expected, given));
}

#[tokio::test]
async fn what_is_not_configured_is_told_as_it_is() {
    let world = World::new();
    let machine = world.machine("orders").await;
    let described = world.ok("DescribeStateMachine", json!({"stateMachineArn": machine})).await;
    assert_eq!(described["type"], "STANDARD");
    assert_eq!(described["loggingConfiguration"], json!({"level": "OFF", "includeExecutionData": false}));
    assert_eq!(described["tracingConfiguration"], json!({"enabled": false}));
    assert_eq!(described["encryptionConfiguration"], json!({"type": "AWS_OWNED_KEY"}));
    for absent in ["revisionId", "label", "description"] {
        assert_eq!(described.get(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn a_version_stays_what_it_was() {
    let world = World::new();
    let machine = world.machine("orders").await;
    world.clock.forward(1_000);
    let request = json!({"stateMachineArn": machine, "description": "first"});
    let version = world.ok("PublishStateMachineVersion", request).await["stateMachineVersionArn"].clone();
    world.ok("UpdateStateMachine", json!({"stateMachineArn": machine, "definition": pass("B")})).await;
    let described = world.ok("DescribeStateMachine", json!({"stateMachineArn": version})).await;
    assert_eq!(described["stateMachineArn"], version);
    assert_eq!((&described["name"], &described["status"]), (&json!("orders"), &json!("ACTIVE")));
    assert_eq!((&described["definition"], &described["description"]), (&json!(pass("A")), &json!("first")));
    assert_eq!((described.get("revisionId"), &described["creationDate"]), (None, &json!(BEGIN + 1)));
}

#[tokio::test]
async fn variables_are_told_of_the_states_that_read_them() {
    let world = World::new();
    world.ok("CreateStateMachine", with(create("m"), json!({"definition": map(None)}))).await;
    let described = world.ok("DescribeStateMachine", json!({"stateMachineArn": arn("stateMachine:m")})).await;
    assert_eq!(described["variableReferences"], json!({"W": ["v"], "Q": ["x"]}));
}

#[tokio::test]
async fn metadata_has_no_definition() {
    let world = World::new();
    world.ok("CreateStateMachine", with(create("m"), json!({"definition": map(None)}))).await;
    let request = |data: &str| json!({"stateMachineArn": arn("stateMachine:m"), "includedData": data});
    let described = world.ok("DescribeStateMachine", request("METADATA_ONLY")).await;
    assert_eq!((&described["definition"], described.get("variableReferences")), (&json!("{}"), None));
    let described = world.ok("DescribeStateMachine", request("ALL_DATA")).await;
    assert_eq!(described["definition"], map(None));
}

#[tokio::test]
async fn a_label_leads_to_what_a_map_runs() {
    let world = World::new();
    for (name, given, label) in [("named", Some("each"), "each"), ("unnamed", None, "Eachone")] {
        world.ok("CreateStateMachine", with(create(name), json!({"definition": map(given)}))).await;
        let labelled = arn(&format!("stateMachine:{name}/{label}"));
        let described = world.ok("DescribeStateMachine", json!({"stateMachineArn": labelled})).await;
        assert_eq!((&described["stateMachineArn"], &described["label"]), (&json!(labelled), &json!(label)));
        assert_eq!((&described["name"], &described["type"]), (&json!(name), &json!("EXPRESS")));
        assert_eq!(described["variableReferences"], json!({"Q": ["x"]}));
        let definition: Value = serde_json::from_str(described["definition"].as_str().unwrap()).unwrap();
        let whole: Value = serde_json::from_str(&map(given)).unwrap();
        assert_eq!(definition, whole["States"]["Each one"]["ItemProcessor"]);
        let metadata = json!({"stateMachineArn": labelled, "includedData": "METADATA_ONLY"});
        assert_eq!(world.ok("DescribeStateMachine", metadata).await["definition"], "{}");
        let nothing = arn(&format!("stateMachine:{name}/none"));
        let refused = world.fails("DescribeStateMachine", json!({"stateMachineArn": nothing})).await;
        assert_eq!(refused.0, "StateMachineDoesNotExist");
    }
}

#[tokio::test]
async fn a_map_in_a_machine_with_a_key_of_its_own_is_shown_all_the_same() {
    let world = World::new();
    let key = json!({"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"});
    let members = json!({"definition": map(Some("each")), "encryptionConfiguration": key});
    world.ok("CreateStateMachine", with(create("m"), members)).await;
    let request = |rest: &str| json!({"stateMachineArn": arn(rest), "includedData": "METADATA_ONLY"});
    assert_eq!(world.ok("DescribeStateMachine", request("stateMachine:m")).await["definition"], "{}");
    assert_ne!(world.ok("DescribeStateMachine", request("stateMachine:m/each")).await["definition"], "{}");
}

#[tokio::test]
async fn what_is_not_there_is_not_described() {
    let world = World::new();
    world.machine("orders").await;
    for rest in [
        "stateMachine:nobody",
        "stateMachine:orders:1",
        "stateMachine:orders:99999999999999999999",
        "stateMachine:orders/each",
    ] {
        let message = format!("State Machine Does Not Exist: '{}'", arn(rest));
        let refused = world.fails("DescribeStateMachine", json!({"stateMachineArn": arn(rest)})).await;
        assert_eq!(refused, error("StateMachineDoesNotExist", message));
    }
    for (bad, why) in [
        ("orders".to_owned(), "Invalid ARN prefix: orders".to_owned()),
        (arn("execution:orders:e"), "Resource type not valid in this context: execution".to_owned()),
        (arn("stateMachine:orders:prod"), "Resource type not valid in this context: stateMachine".to_owned()),
        (arn("activity:orders"), "Resource type not valid in this context: activity".to_owned()),
    ] {
        let refused = world.fails("DescribeStateMachine", json!({"stateMachineArn": bad})).await;
        assert_eq!(refused, error("InvalidArn", format!("Invalid Arn: '{why}'")));
    }
}
