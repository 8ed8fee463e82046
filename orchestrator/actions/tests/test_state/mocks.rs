//! What a mocked result may be.

use serde_json::{Value, json};

use crate::harness::{call, test};

const DESCRIBE: &str = "arn:aws:states:::aws-sdk:sfn:describeExecution";
const SYNC: &str = "arn:aws:states:::states:startExecution.sync:2";

fn task(resource: &str) -> Value {
    json!({"Type": "Task", "Resource": resource, "Parameters": {"StateMachineArn": "m", "ExecutionArn": "e"}, "End": true})
}

fn described() -> Value {
    json!({"ExecutionArn": "e", "StateMachineArn": "m", "Status": "SUCCEEDED", "StartDate": "2026-01-01T00:00:00Z"})
}

/// What is wrong with that result of a state.
async fn wrong(state: &Value, result: &Value, mode: Option<&str>) -> Option<String> {
    let mock = json!({"result": result.to_string(), "fieldValidationMode": mode});
    let answer = call(json!({"definition": state.to_string(), "input": "[]", "mock": mock})).await;
    answer.err().map(|body| {
        assert_eq!(body["__type"], "com.amazonaws.swf.service.v2.model#ValidationException");
        body["message"].as_str().unwrap_or_default().to_owned()
    })
}

#[tokio::test]
async fn a_result_of_step_functions_is_held_against_its_model() {
    for resource in [DESCRIBE, SYNC] {
        let state = match resource {
            DESCRIBE => {
                json!({"Type": "Task", "Resource": resource, "Parameters": {"ExecutionArn": "e"}, "End": true})
            }
            _ => {
                json!({"Type": "Task", "Resource": resource, "Parameters": {"StateMachineArn": "m"}, "End": true})
            }
        };
        assert_eq!(wrong(&state, &described(), None).await, None);
        // What the model does not have may be there.
        let mut more = described();
        more["New"] = json!(1);
        assert_eq!(wrong(&state, &more, None).await, None);
        for (member, value, why) in [
            ("Status", json!(1), "Field 'Status' must be a string"),
            ("StartDate", json!(1), "Field 'StartDate' must be a string"),
            ("RedriveCount", json!("1"), "Field 'RedriveCount' must be a number"),
            ("InputDetails", json!([]), "Field 'InputDetails' must be an object"),
            ("InputDetails", json!({"Included": 1}), "Field 'InputDetails.Included' must be a boolean"),
        ] {
            let mut result = described();
            result[member] = value;
            for mode in [None, Some("STRICT"), Some("PRESENT")] {
                let expected = format!("Mock result schema validation error: {why}");
                assert_eq!(wrong(&state, &result, mode).await, Some(expected), "{member} {mode:?}");
            }
            assert_eq!(wrong(&state, &result, Some("NONE")).await, None);
        }
    }
}

#[tokio::test]
async fn a_result_of_any_service_is_held_against_its_model() {
    let of = async |resource: &str, result: Value, mode| {
        let parameters = match resource {
            "dynamodb:getItem" => json!({"TableName": "t", "Key": {}}),
            "events:putEvents" => json!({"Entries": []}),
            "lambda:invoke" => json!({"FunctionName": "f"}),
            "ecs:runTask.sync" => json!({"TaskDefinition": "t"}),
            "http:invoke" => {
                json!({"ApiEndpoint": "https://h", "Method": "GET", "Authentication": {"ConnectionArn": "arn"}})
            }
            _ => json!({}),
        };
        let resource = format!("arn:aws:states:::{resource}");
        let state = json!({"Type": "Task", "Resource": resource, "Parameters": parameters, "End": true});
        wrong(&state, &result, mode).await.map(|why| why.replace("Mock result schema validation error: ", ""))
    };
    for (resource, result, expected) in [
        ("aws-sdk:sqs:sendMessage", json!({"MessageId": "m", "New": 1}), None),
        ("aws-sdk:sqs:sendMessage", json!({"MessageId": 1}), Some("Field 'MessageId' must be a string")),
        (
            "aws-sdk:dynamodb:getItem",
            json!({"Item": {"Paid": {"Bool": 1}}}),
            Some("Field 'Item.Paid.Bool' must be a boolean"),
        ),
        (
            "dynamodb:getItem",
            json!({"Item": {"Paid": {"BOOL": 1}}}),
            Some("Field 'Item.Paid.BOOL' must be a boolean"),
        ),
        (
            "aws-sdk:ec2:describeInstances",
            json!({"Reservations": {}}),
            Some("Field 'Reservations' must be an array"),
        ),
        (
            "events:putEvents",
            json!({"FailedEntryCount": "0"}),
            Some("Field 'FailedEntryCount' must be a number"),
        ),
        ("lambda:invoke", json!({"StatusCode": 200, "Payload": {"any": ["JSON"]}}), None),
        ("ecs:runTask.sync", json!({"Whatever": 1}), None),
        ("http:invoke", json!({"StatusCode": 200}), None),
    ] {
        for mode in [None, Some("STRICT"), Some("PRESENT")] {
            assert_eq!(of(resource, result.clone(), mode).await.as_deref(), expected, "{resource} {mode:?}");
        }
        assert_eq!(of(resource, result, Some("NONE")).await, None);
    }
}

#[tokio::test]
async fn only_strictly_all_that_is_required_has_to_be_there() {
    let state = task(SYNC);
    let state =
        json!({"Type": state["Type"], "Resource": SYNC, "Parameters": {"StateMachineArn": "m"}, "End": true});
    let missing = json!({"ExecutionArn": "e"});
    let expected = "Mock result schema validation error: Field 'StateMachineArn' is required";
    assert_eq!(wrong(&state, &missing, None).await.as_deref(), Some(expected));
    assert_eq!(wrong(&state, &missing, Some("PRESENT")).await, None);
}

#[tokio::test]
async fn each_kind_of_state_has_its_kind_of_result() {
    let machine = json!({"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}});
    let other = json!({"StartAt": "J", "States": {"J": {"Type": "Pass", "End": true}}});
    let parallel = json!({"Type": "Parallel", "Branches": [machine, other], "End": true});
    assert!(wrong(&parallel, &json!({}), None).await.is_some_and(|why| why.contains("must be an array")));
    assert!(wrong(&parallel, &json!([1]), None).await.is_some_and(|why| why.contains("2 branches")));
    assert_eq!(wrong(&parallel, &json!([1, 2]), None).await, None);

    let map = json!({"Type": "Map", "Iterator": machine, "End": true});
    assert!(wrong(&map, &json!({}), None).await.is_some_and(|why| why.contains("must be an array")));

    let config = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    let mut processor = machine.clone();
    processor["ProcessorConfig"] = config;
    let writer = json!({"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}});
    let written = json!({"Type": "Map", "ItemProcessor": processor, "ResultWriter": writer, "End": true});
    assert!(wrong(&written, &json!([]), None).await.is_some_and(|why| why.contains("ResultWriter")));
    assert_eq!(wrong(&written, &json!({"MapRunArn": "m"}), None).await, None);

    let queue = json!({"QueueUrl": "q", "MessageBody": "m"});
    let sqs = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": queue, "End": true});
    assert!(wrong(&sqs, &json!("x"), None).await.is_some_and(|why| why.contains("must be an object")));
    assert_eq!(wrong(&sqs, &json!("x"), Some("NONE")).await, None);
}

#[tokio::test]
async fn an_activity_is_tested_with_a_mock() {
    let state =
        json!({"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": true});
    let answer = test(&state, &json!({}), json!({"mock": {"result": "7"}})).await;
    assert_eq!((&answer["status"], &answer["output"]), (&json!("SUCCEEDED"), &json!("7")));
}
