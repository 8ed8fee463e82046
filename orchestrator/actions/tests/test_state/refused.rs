//! Requests that are refused.

use serde_json::{Value, json};

use crate::harness::call;

const F: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

fn pass() -> Value {
    json!({"Type": "Pass", "End": true})
}

fn task() -> Value {
    json!({"Type": "Task", "Resource": F, "End": true})
}

fn map() -> Value {
    let machine = json!({"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}});
    json!({"Type": "Map", "Iterator": machine, "End": true})
}

/// The error of a request about that state.
async fn refused(state: &Value, more: Value) -> (String, String) {
    let mut request = json!({"definition": state.to_string()});
    request.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let body = call(request).await.expect_err("it is refused");
    let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
    let kind = text("__type");
    (kind.rsplit('#').next().unwrap_or_default().to_owned(), text("message"))
}

async fn check(state: &Value, more: Value, kind: &str, message: &str) {
    let (was, told) = refused(state, more.clone()).await;
    assert_eq!((was.as_str(), told.contains(message)), (kind, true), "{more}: {told}");
}

#[tokio::test]
async fn a_definition_that_is_none_is_told_with_all_that_is_wrong() {
    let (kind, message) = refused(&json!({"Type": "Pass", "End": 1, "Extra": 1}), json!({})).await;
    assert_eq!(kind, "InvalidDefinition");
    assert_eq!(
        message,
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Expected value of type Boolean at /End, \
         SCHEMA_VALIDATION_FAILED: Field 'Extra' is not supported at /'"
    );
    check(&pass(), json!({"stateName": "A"}), "InvalidDefinition", "SCHEMA_VALIDATION_FAILED").await;
}

#[tokio::test]
async fn a_machine_has_to_have_the_state() {
    let machine = json!({"StartAt": "A", "States": {"A": pass()}});
    check(&machine, json!({"stateName": "B"}), "ValidationException", "State 'B' is not found").await;
}

#[tokio::test]
async fn an_input_has_to_be_json() {
    check(
        &pass(),
        json!({"input": "{"}),
        "InvalidExecutionInput",
        "Invalid State Machine Execution Input: 'Unexpected end-of-input",
    )
    .await;
}

#[tokio::test]
async fn a_role_has_to_be_one() {
    for role in ["role", "arn:aws:s3:::bucket", "arn:aws:iam::123456789012:user/me"] {
        check(&pass(), json!({"roleArn": role}), "InvalidArn", &format!("Invalid Role Arn: {role}")).await;
    }
    let role = "arn:aws:iam::123456789012:role/service/mine";
    call(json!({"definition": pass().to_string(), "roleArn": role})).await.expect("it is a role");
}

#[tokio::test]
async fn a_mock_is_a_result_or_an_error_of_a_state_that_works() {
    let is = async |state: &Value, mock: Value, why: &str| {
        check(state, json!({"mock": mock}), "ValidationException", why).await;
    };
    let result = json!({"result": "{}"});
    for state in [
        pass(),
        json!({"Type": "Succeed"}),
        json!({"Type": "Fail"}),
        json!({"Type": "Wait", "Seconds": 1, "End": true}),
        json!({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "B"}]}),
    ] {
        is(&state, result.clone(), "A mock can only be specified for Task, Map, or Parallel states.").await;
    }
    is(&task(), json!({}), "either a result or an errorOutput").await;
    is(&task(), json!({"result": "{}", "errorOutput": {"error": "E"}}), "not both").await;
    is(&task(), json!({"errorOutput": {"cause": "c"}}), "mock.errorOutput.error is required").await;
    is(&task(), json!({"result": "{"}), "mock.result must be valid JSON: Unexpected end-of-input").await;
}

#[tokio::test]
async fn what_waits_for_others_is_tested_only_with_a_mock() {
    let resource = |resource: &str, parameters: Value| json!({"Type": "Task", "Resource": resource, "Parameters": parameters, "End": true});
    let queue = json!({"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}});
    let branch = json!({"StartAt": "I", "States": {"I": pass()}});
    for state in [
        map(),
        json!({"Type": "Parallel", "Branches": [branch], "End": true}),
        resource("arn:aws:states:us-east-1:123456789012:activity:a", json!({})),
        resource("arn:aws:states:::states:startExecution.sync", json!({"StateMachineArn": "m"})),
        resource("arn:aws:states:::sqs:sendMessage.waitForTaskToken", queue),
    ] {
        check(&state, json!({}), "ValidationException", "TestState only supports the following when a mock")
            .await;
    }
}

#[tokio::test]
async fn variables_and_context_are_objects() {
    let is = async |more: Value, why: &str| check(&task(), more, "ValidationException", why).await;
    let mock = json!({"result": "1"});
    is(json!({"variables": "[]"}), "variables must be a JSON object").await;
    is(json!({"variables": "{"}), "variables must be valid JSON").await;
    is(json!({"context": "{}"}), "only be specified if a mock is specified").await;
    is(json!({"context": "1", "mock": mock}), "context must be a JSON object").await;
    for (context, why) in [
        (json!({"Nothing": {}}), "'Nothing' is not part of one"),
        (json!({"State": 1}), "'State' must be an object"),
        (json!({"State": {"RetryCount": "1"}}), "'State.RetryCount' must be a number"),
        (json!({"Execution": {"Id": 1}}), "'Execution.Id' must be a string"),
    ] {
        is(json!({"context": context.to_string(), "mock": mock}), why).await;
    }
}

#[tokio::test]
async fn a_configuration_is_one_of_the_state_and_its_mock() {
    let is = async |state: &Value, mock: Value, configuration: Value, why: &str| {
        let more = json!({"mock": mock, "stateConfiguration": configuration, "input": "[1]"});
        check(state, more, "ValidationException", why).await;
    };
    let (result, error) = (json!({"result": "[]"}), json!({"errorOutput": {"error": "E"}}));
    is(&task(), result.clone(), json!({"retrierRetryCount": 1}), "with mock.errorOutput").await;
    is(&task(), error.clone(), json!({"retrierRetryCount": 1}), "for a state with a Retry").await;
    is(&task(), error.clone(), json!({"errorCausedByState": "I"}), "for a Map or Parallel state").await;
    is(&map(), result.clone(), json!({"errorCausedByState": "I"}), "with mock.errorOutput").await;
    is(&map(), error, json!({"errorCausedByState": "J"}), "'J' is not a state within").await;
    is(&task(), result.clone(), json!({"mapIterationFailureCount": 1}), "for a Map state").await;
    is(&map(), result.clone(), json!({"mapIterationFailureCount": 2}), "greater than the number of items")
        .await;
    is(&map(), result, json!({"mapItemReaderData": "[]"}), "with an ItemReader").await;
}

#[tokio::test]
async fn data_is_counted_in_bytes() {
    // 200,000 characters, as the model wants it, and twice as many bytes.
    let input = format!("\"{}\"", "ü".repeat(200_000));
    check(&pass(), json!({"input": input}), "ValidationException", "less than or equal to 262144").await;
}
