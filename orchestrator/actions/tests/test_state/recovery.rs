//! What is done about errors.

use serde_json::{Value, json};

use crate::harness::{error, inspected, result, test, told};

const F: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

fn task(more: &Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": F, "Next": "B"});
    state.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    state
}

fn recovering() -> Value {
    task(&json!({
        "Retry": [
            {"ErrorEquals": ["Other"]},
            {"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 2},
        ],
        "Catch": [
            {"ErrorEquals": ["Other"], "Next": "B"},
            {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "C"},
        ],
    }))
}

/// The mocked error, after so many retries.
fn after(retries: u32) -> Value {
    let mut more = error("Busy");
    more["stateConfiguration"] = json!({"retrierRetryCount": retries});
    more
}

#[tokio::test]
async fn an_error_that_a_retrier_is_for_is_retriable() {
    for (retries, back_off) in [(0, 3), (1, 6)] {
        let answer = test(&recovering(), &json!({}), after(retries)).await;
        assert_eq!(
            (&answer["status"], &answer["error"], &answer["cause"], answer.get("output")),
            (&json!("RETRIABLE"), &json!("Busy"), &json!("because"), None)
        );
        let details = json!({"retryIndex": 1, "retryBackoffIntervalSeconds": back_off});
        assert_eq!(inspected(&answer)["errorDetails"], details);
        assert_eq!(answer.get("nextState"), None);
    }
}

#[tokio::test]
async fn without_retries_left_the_error_is_caught() {
    let answer = test(&recovering(), &json!({"in": 1}), after(2)).await;
    assert_eq!(
        (&answer["status"], &answer["nextState"], &answer["error"]),
        (&json!("CAUGHT_ERROR"), &json!("C"), &json!("Busy"))
    );
    let output = json!({"in": 1, "error": {"Error": "Busy", "Cause": "because"}});
    assert_eq!(told(&answer["output"]), output);
    assert_eq!(inspected(&answer)["errorDetails"], json!({"catchIndex": 1}));
}

#[tokio::test]
async fn an_error_that_nothing_is_done_about_fails_the_state() {
    let answer = test(&task(&json!({})), &json!({}), error("Busy")).await;
    assert_eq!(
        (&answer["status"], &answer["error"], &answer["cause"]),
        (&json!("FAILED"), &json!("Busy"), &json!("because"))
    );
    assert_eq!(inspected(&answer).get("errorDetails"), None);
}

#[tokio::test]
async fn what_the_state_makes_of_its_data_can_fail_as_well() {
    let state = task(&json!({"ResultSelector": {"a.$": "$.nothing"}}));
    let answer = test(&state, &json!({}), result(&json!({"b": 1}))).await;
    assert_eq!((&answer["status"], &answer["error"]), (&json!("FAILED"), &json!("States.Runtime")));
    assert_eq!(inspected(&answer)["result"], json!({"b": 1}));
    let cause = answer["cause"].as_str().expect("a cause");
    assert!(cause.contains("while executing the state 'TestState'") && cause.contains("nothing"), "{cause}");
}

#[tokio::test]
async fn a_catcher_in_jsonata_sees_the_error() {
    let state = json!({
        "Type": "Task", "QueryLanguage": "JSONata", "Resource": F, "End": true,
        "Catch": [{"ErrorEquals": ["Busy"], "Output": "{% $states.errorOutput.Cause %}", "Next": "C",
                   "Assign": {"seen": "{% $states.errorOutput.Error %}"}}],
    });
    let answer = test(&state, &json!({}), error("Busy")).await;
    assert_eq!((&answer["status"], &answer["output"]), (&json!("CAUGHT_ERROR"), &json!("\"because\"")));
    assert_eq!(inspected(&answer)["variables"], json!({"seen": "Busy"}));
}

#[tokio::test]
async fn a_task_without_a_mock_calls_nothing_and_says_so() {
    let state =
        task(&json!({"Parameters": {"a.$": "$.x"}, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]}));
    let answer = test(&state, &json!({"x": 1}), json!({})).await;
    assert_eq!((&answer["status"], &answer["error"]), (&json!("FAILED"), &json!("States.Runtime")));
    assert!(answer["cause"].as_str().is_some_and(|cause| cause.contains("not connected")), "{answer}");
    assert_eq!(inspected(&answer)["afterParameters"], json!({"a": 1}));
}

#[tokio::test]
async fn an_error_of_a_branch_is_one_of_a_branch() {
    let branch = json!({"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": true}}});
    let state = json!({
        "Type": "Parallel", "Branches": [branch], "End": true,
        "Catch": [{"ErrorEquals": ["States.BranchFailed"], "Next": "C"}],
    });
    let mut more = error("Any");
    more["stateConfiguration"] = json!({"errorCausedByState": "Inner"});
    let answer = test(&state, &json!({}), more).await;
    assert_eq!((&answer["status"], &answer["nextState"]), (&json!("CAUGHT_ERROR"), &json!("C")));
}
