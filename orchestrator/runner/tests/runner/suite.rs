//! Cases beside definitions.

use std::path::{Path, PathBuf};

use runner::{Kind, Report, test_folder};
use serde_json::{Value, json};

fn tested(folder: &Path) -> Result<Report, String> {
    let chain = |error: runner::SuiteError| {
        let mut told = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            told += &format!(": {error}");
            source = error.source();
        }
        told
    };
    test_folder(folder, &mut |_, _| {}).map_err(chain)
}

/// A definition that calls `f`, catches `E`, and decides by the result.
const FLOW: &str = r#"{"StartAt": "Call", "States": {
    "Call": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Next": "Decide",
             "Catch": [{"ErrorEquals": ["E"], "Next": "Caught"}]},
    "Decide": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericGreaterThan": 5, "Next": "Much"}], "Default": "Little"},
    "Caught": {"Type": "Pass", "Result": "caught", "End": true},
    "Much": {"Type": "Pass", "Result": {"is": "much"}, "End": true},
    "Little": {"Type": "Pass", "Result": {"is": "little"}, "End": true}}}"#;

fn folder(cases: &Value) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("flow.asl.json"), FLOW).unwrap();
    std::fs::write(dir.path().join("flow.test.json"), cases.to_string()).unwrap();
    dir
}

/// The differences of a case that expects that, where `f` returns 7.
fn check(expect: Value, differences: &[&str]) {
    let cases = json!({"Cases": {"c": {"Mocks": {"Functions": {"f": {"Return": 7}}}, "Expect": expect}}});
    let report = tested(folder(&cases).path()).unwrap();
    let case = report.cases().next().unwrap();
    assert_eq!(case.differences, differences, "{expect}");
    assert_eq!(report.passed(), differences.is_empty());
}

#[test]
fn a_case_passes_if_all_is_as_expected_and_else_says_how_it_differs() {
    check(json!({}), &[]);
    check(json!({"Output": {"is": "much"}, "Visits": ["Call", "Much"], "NeverVisits": ["Little"]}), &[]);
    check(json!({"Output": {"is": "little"}}), &["output $.is: expected \"little\", was \"much\""]);
    check(json!({"Visits": ["Little"]}), &["visits: expected \"Little\", was never entered"]);
    check(json!({"NeverVisits": ["Much"]}), &["visits: \"Much\" was entered, which it never is to be"]);
    check(
        json!({"Error": "E"}),
        &["status: expected FAILED, was SUCCEEDED", "error: expected \"E\", was none"],
    );
}

#[test]
fn what_no_case_covers_is_told() {
    let mocks = json!({"Functions": {"f": {"Return": 7}}});
    let report = tested(folder(&json!({"Mocks": mocks, "Cases": {"much": {}}})).path()).unwrap();
    let uncovered: Vec<_> = report.definitions[0].uncovered().map(|spot| spot.name.as_str()).collect();
    let told = ["Call: Catch[0] of E -> Caught", "Caught", "Decide: Default -> Little", "Little"];
    assert_eq!(sorted(uncovered), told);
    assert_eq!(Kind::ALL.map(|kind| report.covered(kind)), [(3, 5), (1, 2), (0, 1), (0, 0)]);
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}

#[test]
fn a_failure_is_told_with_its_cause_and_an_unanswered_call_is_one() {
    let throw = json!({"Functions": {"f": {"Throw": {"Error": "Other", "Cause": "why"}}}});
    let cases = json!({"Cases": {"throws": {"Mocks": throw}, "unanswered": {}}});
    let report = tested(folder(&cases).path()).unwrap();
    let told: Vec<_> = report.cases().map(|case| case.differences[0].as_str()).collect();
    assert_eq!(told[0], "status: expected SUCCEEDED, was FAILED with Other: why");
    assert!(
        told[1].starts_with("it came to no end: nothing answers the call of f by the state \"Call\""),
        "{}",
        told[1]
    );
}

#[test]
fn a_case_may_use_a_mock_configuration_file() {
    let dir = folder(
        &json!({"MockFile": "mocks.json", "Cases": {"c": {"TestCase": "Sad", "Expect": {"Output": "caught"}}}}),
    );
    let config = json!({
        "StateMachines": {"flow": {"TestCases": {"Sad": {"Call": "Throws"}}}},
        "MockedResponses": {"Throws": {"0": {"Throw": {"Error": "E", "Cause": "c"}}}},
    });
    std::fs::write(dir.path().join("mocks.json"), config.to_string()).unwrap();
    assert!(tested(dir.path()).unwrap().passed());
}

#[test]
fn a_folder_that_cannot_be_tested_says_why() {
    for (cases, told) in [
        (json!({"Case": {}}), "holds no cases: unknown field `Case`"),
        (
            json!({"Cases": {"c": {"Expected": {}}}}),
            "the case \"c\": it is no case: unknown field `Expected`",
        ),
        (
            json!({"Cases": {"c": {"Expect": {"Visits": ["X"]}}}}),
            "something of the state \"X\", and the definition has none",
        ),
        (
            json!({"Cases": {"c": {"Mocks": {"States": {"Much": {"Return": 1}}}}}}),
            "the mocks answer for \"Much\", and",
        ),
        (json!({"Cases": {"c": {"TestCase": "t"}}}), "it has a TestCase, and the file has no MockFile"),
    ] {
        let error = tested(folder(&cases).path()).unwrap_err();
        assert!(error.contains(told), "{cases}: {error}");
    }
    let dir = tempfile::tempdir().unwrap();
    assert!(tested(dir.path()).unwrap_err().contains("has no file NAME.asl.json to be tested"));
    std::fs::write(dir.path().join("a.test.json"), "{}").unwrap();
    assert!(tested(dir.path()).unwrap_err().contains("has no definition beside it: expected"));
    std::fs::write(dir.path().join("a.asl.json"), "{}").unwrap();
    assert!(tested(dir.path()).unwrap_err().contains("the definition has"), "{:?}", tested(dir.path()));
}

#[test]
fn the_examples_pass_and_are_covered_whole() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/workflows"));
    let report = tested(&folder).unwrap();
    let failed: Vec<_> = report.cases().filter(|case| !case.passed()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(report.cases().count() >= 6);
    // What the README shows as not covered.
    let uncovered: Vec<_> = report.definitions[0].uncovered().map(|spot| spot.name.as_str()).collect();
    let told = ["Agreed: Default -> Send back", "Pay back: Retry[0] of Lambda.TooManyRequestsException"];
    assert_eq!(sorted(uncovered), told);
    assert_eq!(report.to_json()["definitions"][0]["cases"][0]["passed"], true);
}
