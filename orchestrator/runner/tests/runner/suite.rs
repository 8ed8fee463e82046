//! Cases beside definitions.

use std::path::{Path, PathBuf};

use runner::{Kind, Machine, Report, Selection, SuiteError, test_folder};
use serde_json::{Value, json};

fn tested(folder: &Path) -> Result<Report, String> {
    selected(folder, &Selection::default())
}

fn selected(folder: &Path, selection: &Selection) -> Result<Report, String> {
    let chain = |error: SuiteError| {
        let mut told = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            told += &format!(": {error}");
            source = error.source();
        }
        told
    };
    test_folder(folder, selection, &mut |_| {}).map_err(chain)
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
fn a_history_may_be_expected_whole_or_in_parts() {
    check(
        json!({"History": ["ExecutionStarted", "...", "ChoiceStateEntered Decide", "...", "ExecutionSucceeded"]}),
        &[],
    );
    check(
        json!({"History": ["...", {"type": "LambdaFunctionSucceeded", "output": "8"}, "..."]}),
        &[
            "history: after event 0, expected LambdaFunctionSucceeded with {\"output\":\"8\"}, which is not there",
        ],
    );
}

#[test]
fn a_history_can_be_written_anew() {
    let mocks = json!({"Functions": {"f": {"Return": 7}}});
    let dir = folder(
        &json!({"Mocks": mocks, "Cases": {"c": {"Expect": {"History": [], "Output": {"is": "much"}}}}}),
    );
    assert_eq!(tested(dir.path()).unwrap().cases().next().unwrap().differences.len(), 8);
    let bless = Selection { bless: true, ..Selection::default() };
    let report = selected(dir.path(), &bless).unwrap();
    assert!(report.passed() && report.cases().next().unwrap().is_blessed);
    assert!(tested(dir.path()).unwrap().passed());
    // What else is wrong stays wrong.
    let dir = folder(&json!({"Mocks": mocks, "Cases": {"c": {"Expect": {"History": [], "Output": 1}}}}));
    let report = selected(dir.path(), &bless).unwrap();
    assert_eq!(report.cases().next().unwrap().differences, ["output $: expected 1, was {\"is\":\"much\"}"]);
}

#[test]
fn the_mocks_of_a_case_win_over_those_of_the_file_whatever_they_are_about() {
    let file = json!({"States": {"Call": {"Return": 1}}});
    let own = |mocks: Value| {
        let cases =
            json!({"Mocks": file, "Cases": {"c": {"Mocks": mocks, "Expect": {"Output": {"is": "much"}}}}});
        tested(folder(&cases).path()).unwrap().cases().next().unwrap().differences.clone()
    };
    assert!(own(json!({"Functions": {"f": {"Return": 7}}})).is_empty());
    assert!(own(json!({"States": {"Call": {"Return": 7}}, "Functions": {"f": {"Return": 1}}})).is_empty());
    // One that is for other calls leaves this one to the file.
    assert_eq!(own(json!({"Functions": {"f": {"When": 5, "Return": 7}}})).len(), 1);
}

#[test]
fn cases_can_be_chosen_by_name() {
    let mocks = json!({"Functions": {"f": {"Return": 7}}});
    let dir =
        folder(&json!({"Mocks": mocks, "Cases": {"Much is much": {}, "little": {"Expect": {"Output": 1}}}}));
    let only = |filter: &str| {
        let selection = Selection { filter: Some(filter.to_owned()), ..Selection::default() };
        selected(dir.path(), &selection)
    };
    let report = only("much").unwrap();
    assert_eq!((report.cases().count(), report.left_out, report.passed()), (1, 1, true));
    assert_eq!(only("nothing").unwrap_err(), "no case has \"nothing\" in its name");
}

#[test]
fn a_definition_may_be_in_yaml_and_tested_alone() {
    let dir = tempfile::tempdir().unwrap();
    let flow = "StartAt: A\nStates:\n  A:\n    Type: Pass\n    Result: [1, two]\n    End: true\n";
    let file = dir.path().join("flow.asl.yaml");
    std::fs::write(&file, flow).unwrap();
    std::fs::write(
        dir.path().join("flow.test.json"),
        r#"{"Cases": {"c": {"Expect": {"Output": [1, "two"]}}}}"#,
    )
    .unwrap();
    std::fs::write(dir.path().join("other.asl.json"), "{}").unwrap();
    assert!(tested(&file).unwrap().passed());
    std::fs::write(&file, flow.replace("End: true", "Next: B")).unwrap();
    let error = tested(&file).unwrap_err();
    assert!(error.contains("line 6, column 11, /States/A/Next: MISSING_TRANSITION_TARGET"), "{error}");
}

#[test]
fn cases_to_begin_with_go_by_every_way_that_can_be_derived() {
    let definition = asl::parse(FLOW).unwrap();
    let cases = runner::skeleton(&definition, "flow");
    let names: Vec<_> = cases["Cases"].as_object().unwrap().keys().cloned().collect();
    let ways = ["Call: Catch[0] of E -> Caught", "Decide: Choices[0] -> Much", "Decide: Default -> Little"];
    assert_eq!(sorted(names.iter().map(String::as_str).collect()), ways);
    let caught = &cases["Cases"]["Call: Catch[0] of E -> Caught"];
    assert_eq!(caught["Mocks"]["States"]["Call"]["Throw"]["Error"], "E");
    assert_eq!((caught.get("Comment"), &caught["Expect"]["Visits"]), (None, &json!(["Call", "Caught"])));
    // What the function has to return for that is not to be seen from the input.
    let much = cases["Cases"]["Decide: Choices[0] -> Much"]["Comment"].as_str().unwrap();
    assert_eq!(much, "to do: an Input, or answers, that lead this way: Call, Decide, Much");
    let report = tested(folder(&cases).path()).unwrap();
    let failed: Vec<_> =
        report.cases().filter(|case| !case.passed()).map(|case| case.name.as_str()).collect();
    assert_eq!(failed, ["Decide: Choices[0] -> Much"]);
}

#[test]
fn inputs_are_derived_from_the_rules_of_choices() {
    let rules = r#"[{"Variable": "$.kind", "StringEquals": "a", "Next": "A"},
        {"And": [{"Variable": "$.o.n", "NumericGreaterThan": 5}, {"Variable": "$.kind", "IsPresent": true}], "Next": "B"}]"#;
    let text = format!(
        r#"{{"StartAt": "C", "States": {{"C": {{"Type": "Choice", "Choices": {rules}, "Default": "D"}},
        "A": {{"Type": "Succeed"}}, "B": {{"Type": "Fail", "Error": "E"}},
        "D": {{"QueryLanguage": "JSONata", "Type": "Choice", "Choices": [{{"Condition": "{{% $states.input.x = 'y' and $states.input.z >= 3 %}}", "Next": "A"}}], "Default": "B"}}}}}}"#
    );
    let cases = runner::skeleton(&asl::parse(&text).unwrap(), "flow");
    for (name, case) in cases["Cases"].as_object().unwrap() {
        assert_eq!(case.get("Comment"), None, "{name}: {case}");
    }
    assert_eq!(cases["Cases"]["C: Default -> D"]["Input"]["x"], "y");
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
            json!({"Cases": {"c": {"Expect": {"NeverVisits": ["Mcuh"]}}}}),
            "none of that name; did you mean \"Much\"?",
        ),
        (
            json!({"Mocks": {"Functions": {"g": {"Return": 1}}}, "Cases": {"c": {}}}),
            "the function \"g\" is called by no state; did you mean \"f\"?; called are f",
        ),
        (
            json!({"Cases": {"c": {"Expect": {"History": [5]}}}}),
            "5 is no event of a History; expected \"TaskStateEntered Pay\", \"...\" or an object",
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
    assert!(
        tested(dir.path()).unwrap_err().contains("has no file NAME.asl.json (or .asl.yaml) to be tested")
    );
    std::fs::write(dir.path().join("a.test.json"), "{}").unwrap();
    assert!(tested(dir.path()).unwrap_err().contains("has no definition beside it: expected"));
    std::fs::write(dir.path().join("a.asl.json"), "{}").unwrap();
    assert!(tested(dir.path()).unwrap_err().contains("the definition has"), "{:?}", tested(dir.path()));
}

#[test]
fn cases_start_other_machines_and_read_buckets_which_stay_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("s3/b/in.json", "[1, 2]");
    let io = |resource: &str, more: Value| {
        let mut parameters = json!({"Bucket": "b"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"Resource": format!("arn:aws:states:::s3:{resource}"), "Parameters": parameters})
    };
    let mut reader = io("getObject", json!({"Key": "in.json"}));
    reader["ReaderConfig"] = json!({"InputType": "JSON"});
    let processor = |task: Value| json!({"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "T", "States": {"T": task}});
    let start = json!({"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true, "OutputPath": "$.Output",
        "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:inner", "Input.$": "$"}});
    // What the one Map writes the other one finds.
    let list = json!({"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b", "Prefix": "out/"}});
    let flow = json!({"StartAt": "M", "States": {
        "M": {"Type": "Map", "ItemReader": reader, "ResultWriter": io("putObject", json!({"Prefix": "out"})), "ItemProcessor": processor(start), "Next": "L"},
        "L": {"Type": "Map", "Label": "L", "ItemReader": list, "ItemSelector": {"size.$": "$$.Map.Item.Value.Size"}, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}, "Next": "N"},
        "N": {"Type": "Pass", "Parameters": {"n.$": "States.ArrayLength($)"}, "End": true}}});
    write("flow.asl.json", &flow.to_string());
    let case = json!({"Mocks": {"States": {"Twice": [{"When": {"n": 1}, "Return": 2}, {"Return": 4}]}}, "Expect": {"Output": {"n": 2}}});
    write("flow.test.json", &json!({"Cases": {"c": case, "again": case}}).to_string());
    let inner = json!({"StartAt": "W", "States": {
        "W": {"Type": "Pass", "Parameters": {"n.$": "$"}, "Next": "Twice"},
        "Twice": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}});
    let machine = Machine { name: "inner".to_owned(), definition: asl::parse(&inner.to_string()).unwrap() };
    let selection =
        Selection { machines: vec![machine], s3: Some(dir.path().join("s3")), ..Selection::default() };
    let report = selected(dir.path(), &selection).unwrap();
    let told: Vec<_> = report.cases().map(|case| &case.differences).collect();
    assert_eq!(told, [&Vec::<String>::new(); 2]);
    let left: Vec<_> =
        std::fs::read_dir(dir.path().join("s3/b")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, ["in.json"], "nothing was written there");
    // Without the machine, its states are none of anybody's.
    let error = selected(dir.path(), &Selection { machines: Vec::new(), ..selection }).unwrap_err();
    assert!(error.contains("the mocks answer for \"Twice\""), "{error}");
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
