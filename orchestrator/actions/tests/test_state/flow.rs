//! How data gets through a state.

use serde_json::{Value, json};

use crate::harness::{call, inspected, result, test, told};

const INVOKE: &str = "arn:aws:states:::lambda:invoke";

#[tokio::test]
async fn each_field_of_a_pass_shows_what_it_makes() {
    let state = json!({
        "Type": "Pass", "InputPath": "$.payload", "Parameters": {"data": 1}, "ResultPath": "$.result",
        "OutputPath": "$.result.data", "Next": "Another State",
    });
    let answer = test(&state, &json!({"payload": {"foo": "bar"}}), json!({})).await;
    assert_eq!(
        (&answer["status"], &answer["output"], &answer["nextState"]),
        (&json!("SUCCEEDED"), &json!("1"), &json!("Another State"))
    );
    assert_eq!(answer["inspectionData"]["input"], r#"{"payload":{"foo":"bar"}}"#);
    assert_eq!(
        inspected(&answer),
        json!({
            "afterInputPath": {"foo": "bar"},
            "afterParameters": {"data": 1},
            "afterResultSelector": {"data": 1},
            "afterResultPath": {"payload": {"foo": "bar"}, "result": {"data": 1}},
        })
    );
}

#[tokio::test]
async fn without_a_level_only_the_output_is_told() {
    for level in [json!(null), json!("INFO")] {
        let state = json!({"Type": "Pass", "Result": 7, "End": true});
        let answer = call(json!({"definition": state.to_string(), "inspectionLevel": level})).await.unwrap();
        assert_eq!(answer, json!({"status": "SUCCEEDED", "output": "7"}));
    }
}

#[tokio::test]
async fn a_result_of_a_pass_is_shown() {
    let state = json!({"Type": "Pass", "InputPath": "$.a", "Result": 7, "End": true});
    let answer = test(&state, &json!({"a": 1}), json!({})).await;
    assert_eq!(
        inspected(&answer),
        json!({"afterInputPath": 1, "result": 7, "afterResultSelector": 7, "afterResultPath": 7})
    );
}

#[tokio::test]
async fn a_choice_leads_where_its_rule_does() {
    let state = json!({
        "Type": "Choice", "Default": "No Match",
        "Choices": [
            {"Variable": "$.number", "NumericEquals": 1, "Next": "Equals 1"},
            {"Variable": "$.number", "NumericEquals": 2, "Next": "Equals 2"},
        ],
    });
    for (number, next) in [(1, "Equals 1"), (2, "Equals 2"), (3, "No Match")] {
        let answer = test(&state, &json!({"number": number}), json!({})).await;
        assert_eq!((&answer["status"], &answer["nextState"]), (&json!("SUCCEEDED"), &json!(next)));
        assert_eq!(told(&answer["output"]), json!({"number": number}));
    }
}

#[tokio::test]
async fn a_task_shows_parameters_and_result() {
    let state = json!({
        "Type": "Task", "Resource": INVOKE, "InputPath": "$.in",
        "Parameters": {"FunctionName": "f", "Payload.$": "$"},
        "ResultSelector": {"n.$": "$.Payload.n"}, "ResultPath": "$.out", "OutputPath": "$.out", "Next": "B",
    });
    let mocked = json!({"Payload": {"n": 2}, "StatusCode": 200});
    let answer = test(&state, &json!({"in": 1}), result(&mocked)).await;
    assert_eq!(told(&answer["output"]), json!({"n": 2}));
    assert_eq!(
        inspected(&answer),
        json!({
            "afterInputPath": 1,
            "afterParameters": {"FunctionName": "f", "Payload": 1},
            "result": mocked,
            "afterResultSelector": {"n": 2},
            "afterResultPath": {"in": 1, "out": {"n": 2}},
        })
    );
}

#[tokio::test]
async fn a_task_in_jsonata_shows_its_arguments_and_variables() {
    let state = json!({
        "Type": "Task", "QueryLanguage": "JSONata", "Resource": INVOKE,
        "Arguments": {"FunctionName": "f", "Payload": "{% $states.input.a + $before %}"},
        "Assign": {"after": "{% $states.result.Payload %}"}, "Output": "{% $states.result.StatusCode %}", "End": true,
    });
    let mut more = result(&json!({"Payload": 9, "StatusCode": 200}));
    more["variables"] = json!(r#"{"before": 1}"#);
    let answer = test(&state, &json!({"a": 1}), more).await;
    assert_eq!(answer["output"], "200");
    assert_eq!(
        inspected(&answer),
        json!({
            "afterArguments": {"FunctionName": "f", "Payload": 2},
            "result": {"Payload": 9, "StatusCode": 200},
            "variables": {"before": 1, "after": 9},
        })
    );
}

#[tokio::test]
async fn what_is_called_without_waiting_has_the_mocked_result_as_well() {
    let parameters = json!({"FunctionName": "f", "InvocationType": "Event"});
    let state = json!({"Type": "Task", "Resource": INVOKE, "Parameters": parameters, "End": true});
    let answer = test(&state, &json!({}), result(&json!({"StatusCode": 299}))).await;
    assert_eq!(told(&answer["output"]), json!({"StatusCode": 299}));
}

#[tokio::test]
async fn a_wait_is_over_at_once_unless_it_takes_longer_than_five_minutes() {
    let wait = |seconds: u32| json!({"Type": "Wait", "Seconds": seconds, "Next": "B"});
    let answer = test(&wait(300), &json!({"a": 1}), json!({})).await;
    assert_eq!((&answer["status"], &answer["nextState"]), (&json!("SUCCEEDED"), &json!("B")));
    assert_eq!(told(&answer["output"]), json!({"a": 1}));
    let answer = test(&wait(301), &json!({}), json!({})).await;
    assert_eq!((&answer["status"], &answer["error"]), (&json!("FAILED"), &json!("States.Timeout")));
}

#[tokio::test]
async fn a_succeed_ends_well_and_a_fail_does_not() {
    let answer = test(&json!({"Type": "Succeed", "OutputPath": "$.a"}), &json!({"a": 1}), json!({})).await;
    assert_eq!((&answer["status"], &answer["output"]), (&json!("SUCCEEDED"), &json!("1")));
    assert_eq!(answer.get("nextState"), None);
    let fail = json!({"Type": "Fail", "Error": "E", "CausePath": "$.why"});
    let answer = test(&fail, &json!({"why": "so"}), json!({})).await;
    assert_eq!(
        (&answer["status"], &answer["error"], &answer["cause"], answer.get("output")),
        (&json!("FAILED"), &json!("E"), &json!("so"), None)
    );
}

#[tokio::test]
async fn a_state_of_a_machine_is_found_however_deep_it_is() {
    let inner =
        json!({"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "Result": "in", "End": true}}});
    let machine = json!({
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Result": "a", "Next": "P"},
            "P": {"Type": "Parallel", "Branches": [inner], "End": true},
        },
    });
    for (name, output, next) in [("A", "\"a\"", Some("P")), ("Inner", "\"in\"", None)] {
        let answer = test(&machine, &json!({}), json!({"stateName": name})).await;
        assert_eq!(answer["output"], output);
        assert_eq!(answer.get("nextState").and_then(Value::as_str), next);
    }
}

#[tokio::test]
async fn the_context_object_is_what_was_given() {
    let state = json!({
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
        "Parameters": {
            "QueueUrl": "q",
            "MessageBody": {"t.$": "$$.Task.Token", "e.$": "$$.Execution.Id", "m.$": "$$.StateMachine.Name",
                            "i.$": "$$.Execution.Input.x", "r.$": "$$.State.RetryCount"},
        },
    });
    let context = json!({
        "Task": {"Token": "abc"}, "Execution": {"Id": "arn:e", "Input": {"x": 1}},
        "State": {"RetryCount": 4},
    });
    let mut more = result(&json!("sent"));
    more["context"] = json!(context.to_string());
    let answer = test(&state, &json!({}), more).await;
    let body = inspected(&answer)["afterParameters"]["MessageBody"].clone();
    assert_eq!(body, json!({"t": "abc", "e": "arn:e", "m": "TestState", "i": 1, "r": 4}));
    assert_eq!(answer["output"], "\"sent\"");
}
