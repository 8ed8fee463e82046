//! Answers from files, in both formats.

use std::path::Path;

use runner::{MockError, Mocks, read_mocks};
use serde_json::{Value, json};

use crate::harness::{FUNCTION, mocks, ran, settings, task};

const INVOKE: &str = "arn:aws:states:::lambda:invoke";

/// What a Map of one Task over these items comes to: each item is given to the function `f`.
fn map(script: Value, items: Value) -> Value {
    let definition = format!(
        r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "End": true, "ItemProcessor": {{"StartAt": "S", "States": {{
            "S": {{"Type": "Task", "Resource": "{FUNCTION}", "End": true,
                   "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Caught"}}]}},
            "Caught": {{"Type": "Pass", "End": true, "OutputPath": "$.Error"}}}}}}}}}}}}"#
    );
    ran(&definition, items, &settings(), &mut mocks(script)).came_to()
}

fn states(script: Value) -> Value {
    json!({"States": {"S": script}})
}

#[test]
fn answers_are_used_in_their_order_and_the_last_one_repeats() {
    let script = json!([{"Return": "a"}, {"Throw": {"Error": "E"}, "Times": 2}, {"Return": "z"}]);
    assert_eq!(map(states(script), json!([1, 2, 3, 4, 5])), json!(["a", "E", "E", "z", "z"]));
    assert_eq!(map(states(json!({"Return": null})), json!([1, 2])), json!([null, null]));
}

#[test]
fn an_answer_may_be_for_some_calls_only() {
    let script = json!([{"When": {"a": {"b": 1}}, "Return": "b is 1"}, {"When": 7, "Throw": {"Error": "Seven"}, "Times": 1}, {"Return": "else"}]);
    let items = json!([7, {"a": {"b": 1, "c": 2}}, {"a": {"b": 2}}, {"a": {"b": 1}}, 7]);
    // The answers to calls with 7 are the second and, after it was used once, the last.
    assert_eq!(map(states(script), items), json!(["Seven", "b is 1", "else", "b is 1", "else"]));
}

#[test]
fn one_for_some_calls_that_says_how_many_answers_no_more() {
    let script = json!([{"When": {"a": 1}, "Times": 2, "Return": "first"}]);
    let shared = json!({"Functions": {"f": {"Return": "else"}}, "States": {"S": script}});
    let items = json!([{"a": 1}, {"a": 1}, {"a": 1}, {"a": 2}]);
    assert_eq!(map(shared, items), json!(["first", "first", "else", "else"]));
}

#[test]
fn a_state_answers_with_the_tasks_result_and_a_function_with_what_it_returns() {
    let invoke = r#", "Parameters": {"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:f", "Payload": {"n": 1}}"#;
    for (definition, script, came_to) in [
        (
            task(INVOKE, invoke),
            json!({"Functions": {"f": {"When": {"n": 1}, "Return": 5}}}),
            json!({"Payload": 5, "StatusCode": 200}),
        ),
        (
            task(INVOKE, invoke),
            json!({"States": {"S": {"Return": 5}}, "Functions": {"f": {"Return": 6}}}),
            json!(5),
        ),
        (task(FUNCTION, ""), json!({"Functions": {"f": {"Return": 5}}}), json!(5)),
        (
            task(
                "arn:aws:states:::aws-sdk:dynamodb:getItem",
                r#", "Parameters": {"TableName": "t", "Key": {}}"#,
            ),
            json!({"Functions": {"aws-sdk:dynamodb:getItem": {"Return": {"Item": {}}}}}),
            json!({"Item": {}}),
        ),
    ] {
        assert_eq!(
            ran(&definition, json!({}), &settings(), &mut mocks(script.clone())).came_to(),
            came_to,
            "{script}"
        );
    }
}

#[test]
fn mocks_that_say_nonsense_are_refused() {
    for (script, told) in [
        (json!({"Return": 1, "Throw": {"Error": "E"}}), "either Return, Throw or \"Never\": true"),
        (json!({"Never": true, "AfterSeconds": 1}), "comes after no AfterSeconds"),
        (json!({"Return": 1, "HeartbeatEverySeconds": 0}), "HeartbeatEverySeconds is 0; expected 0.001 to"),
        (json!([]), "there is no answer in []"),
        (json!({"Retrun": 1}), "unknown field `Retrun`"),
        (json!({"Throw": {"Cause": "c"}}), "missing field `Error`"),
        (json!({"Return": 1, "Times": 0}), "Times is 0; expected at least 1"),
        (json!({"Return": 1, "AfterSeconds": -1}), "AfterSeconds is -1"),
    ] {
        let error = serde_json::from_value::<Mocks>(states(script.clone())).unwrap_err().to_string();
        assert!(error.contains(told), "{script}: {error}");
    }
    let definition = asl::parse(&task(FUNCTION, "")).unwrap();
    let mocks: Mocks = serde_json::from_value(json!({"States": {"T": {"Return": 1}}})).unwrap();
    let error = mocks.check(&definition, &[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "the mocks answer for \"T\", and the definition has no Task of that name; did you mean \"S\"?; its Tasks are S"
    );
}

fn config(responses: Value) -> Value {
    json!({
        "StateMachines": {"flow": {"TestCases": {"Happy": {"S": "Ok"}, "Retry": {"S": "Retry"}}},
                          "other": {"TestCases": {"Happy": {"S": "Ok"}}}},
        "MockedResponses": responses,
    })
}

fn read(file: &Value, machine: &str, case: Option<&str>) -> Result<Mocks, MockError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mocks.json");
    std::fs::write(&path, file.to_string()).unwrap();
    read_mocks(&path, machine, case)
}

#[test]
fn a_mock_configuration_file_of_step_functions_local_is_read() {
    let error = |name: &str| json!({"Throw": {"Error": name, "Cause": "c"}});
    let ok = json!({"Return": {"StatusCode": 200, "Payload": {"body": "hello"}}});
    let retry = json!({"0": error("Lambda.ResourceNotReadyException"), "1-2": error("Lambda.TimeoutException"), "3": ok});
    let file = config(json!({"Ok": {"0": ok}, "Retry": retry}));
    let retry = r#", "Parameters": {"FunctionName": "f"}, "OutputPath": "$.Payload", "Retry": [{"ErrorEquals": ["States.ALL"]}]"#;
    for (case, attempts) in [("Happy", 1), ("Retry", 4), ("flow#Retry", 4)] {
        let mut mocks = read(&file, "flow", Some(case)).unwrap();
        let ran = ran(&task(INVOKE, retry), json!({}), &settings(), &mut mocks);
        assert_eq!(ran.came_to(), json!({"body": "hello"}));
        assert_eq!(ran.types().iter().filter(|kind| *kind == "TaskScheduled").count(), attempts, "{case}");
    }
    // A machine of another name: cases of any are taken, and the first of a name that several have.
    assert!(read(&file, "unknown", Some("other#Happy")).is_ok());
    // The only case need not be named.
    assert!(read(&file, "other", None).is_ok());
}

#[test]
fn a_call_that_a_mock_configuration_says_nothing_of_ends_the_run() {
    let throw = json!({"Throw": {"Error": "E", "Cause": "c"}});
    let mut mocks = read(&config(json!({"Ok": {"0-1": throw}})), "flow", Some("Happy")).unwrap();
    let retry = r#", "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 5}]"#;
    let ran = ran(&task(FUNCTION, retry), json!({}), &settings(), &mut mocks);
    let told = "the mocked response \"Ok\" of the state \"S\" has no response for call 2 (counted from 0): \"2\" is missing";
    assert_eq!(ran.error(), told);
}

#[test]
fn a_mock_configuration_file_that_cannot_be_used_says_why() {
    let answer = json!({"Return": 1});
    for (responses, case, told) in [
        (
            json!({"Ok": {"0": answer}}),
            None,
            "several test cases: say which with --case; they are flow#Happy, flow#Retry",
        ),
        (json!({"Ok": {"0": answer}}), Some("Sad"), "no test case \"Sad\"; they are flow#Happy, flow#Retry"),
        (
            json!({"Ok": {"0": answer}}),
            Some("Retry"),
            "the response \"Retry\", which is not under MockedResponses",
        ),
        (json!({"Ok": {"0": answer, "2": answer}}), Some("Happy"), "\"Ok\" says nothing of call 1"),
        (json!({"Ok": {"0-2": answer, "1": answer}}), Some("Happy"), "\"Ok\" says twice what answers call 1"),
        (json!({"Ok": {"x": answer}}), Some("Happy"), "has \"x\" where a number of a call is due"),
        (json!({"Ok": {"3-1": answer}}), Some("Happy"), "has \"3-1\" where"),
        (json!({"Ok": {}}), Some("Happy"), "has no answer at all"),
    ] {
        let error = read(&config(responses.clone()), "flow", case).unwrap_err().to_string();
        assert!(error.contains(told), "{responses}: {error}");
    }
    let error = read(&json!({"States": {}}), "flow", Some("x")).unwrap_err().to_string();
    assert!(error.ends_with("has no test cases, and \"x\" was asked for: leave out --case"), "{error}");
    let error = read_mocks(Path::new("/nowhere.json"), "flow", None).unwrap_err().to_string();
    assert_eq!(error, "/nowhere.json cannot be read");
}
