//! `ValidateStateMachineDefinition`

use serde_json::{Value, json};

use crate::common::{World, pass};

async fn validated(definition: &str, members: Value) -> Value {
    let request = crate::common::with(json!({"definition": definition}), members);
    World::new().ok("ValidateStateMachineDefinition", request).await
}

/// So many states whose next one is not there.
fn wrong(count: usize) -> String {
    let states: serde_json::Map<_, _> =
        (0..count).map(|n| (format!("S{n}"), json!({"Type": "Pass", "Next": "X"}))).collect();
    json!({"StartAt": "S0", "States": states}).to_string()
}

fn suspect() -> String {
    json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a": "$.a"}, "End": true}}})
        .to_string()
}

#[tokio::test]
async fn a_definition_that_can_be_used_is_ok() {
    let answer = validated(&pass("A"), json!({})).await;
    assert_eq!(answer, json!({"result": "OK", "diagnostics": [], "truncated": false}));
}

#[tokio::test]
async fn each_error_says_what_and_where() {
    let answer = validated(&wrong(1), json!({})).await;
    let diagnostics = answer["diagnostics"].as_array().unwrap();
    let transition = diagnostics.iter().find(|one| one["location"] == "/States/S0/Next").unwrap();
    assert_eq!(
        (&transition["severity"], &transition["code"]),
        (&json!("ERROR"), &json!("MISSING_TRANSITION_TARGET"))
    );
    assert_eq!(transition["message"], "Missing 'Next' target: X");
    assert_eq!((&answer["result"], &answer["truncated"]), (&json!("FAIL"), &json!(false)));
}

#[tokio::test]
async fn what_is_no_json_has_no_place_in_it() {
    let answer = validated("{", json!({})).await;
    assert_eq!(answer["diagnostics"][0]["code"], "INVALID_JSON_DESCRIPTION");
    assert_eq!(answer["diagnostics"][0].get("location"), None);
}

#[tokio::test]
async fn warnings_are_told_if_they_are_wanted() {
    for severity in [json!({}), json!({"severity": "ERROR"})] {
        assert_eq!(validated(&suspect(), severity).await["diagnostics"], json!([]));
    }
    let answer = validated(&suspect(), json!({"severity": "WARNING"})).await;
    assert_eq!(answer["result"], "OK");
    let one = &answer["diagnostics"][0];
    assert_eq!((&one["severity"], &one["code"]), (&json!("WARNING"), &json!("NO_DOLLAR")));
    assert_eq!(one["location"], "/States/A/Parameters/a");
}

#[tokio::test]
async fn so_many_are_told_as_are_asked_for() {
    let all = validated(&wrong(5), json!({})).await["diagnostics"].as_array().unwrap().len();
    assert!((5..100).contains(&all), "{all}");
    for (count, max, told, truncated) in [
        (5, json!(all - 1), all - 1, true),
        (5, json!(all), all, false),
        (5, json!(0), all, false),
        (150, Value::Null, 100, true),
        (150, json!(100), 100, true),
    ] {
        let answer = validated(&wrong(count), json!({"maxResults": max})).await;
        assert_eq!(answer["diagnostics"].as_array().unwrap().len(), told, "{count} {max}");
        assert_eq!(answer["truncated"], truncated, "{count} {max}");
    }
    let request = json!({"definition": pass("A"), "maxResults": 101});
    let (kind, message) = World::new().fails("ValidateStateMachineDefinition", request).await;
    assert_eq!(kind, "ValidationException");
    assert!(message.ends_with("Member must have value less than or equal to 100"), "{message}");
}

#[tokio::test]
async fn a_type_has_rules_of_its_own() {
    let task =
        json!({"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": true});
    let definition = json!({"StartAt": "A", "States": {"A": task}}).to_string();
    for (kind, result) in
        [(json!({}), "OK"), (json!({"type": "STANDARD"}), "OK"), (json!({"type": "EXPRESS"}), "FAIL")]
    {
        assert_eq!(validated(&definition, kind).await["result"], result);
    }
}
