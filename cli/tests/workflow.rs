//! `duet workflow` as its user meets it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic, in its helpers, too")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/workflows");
const REFUND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/workflows/refund.asl.json");

fn workflow(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duet"));
    command.arg("workflow").args(args).env_remove("DUET_LOG").env("NO_COLOR", "1").env("LC_ALL", "C");
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A day's wait, then a call of `f`.
fn flow(dir: &Path) -> String {
    write(
        dir,
        "flow.asl.json",
        r#"{"StartAt": "Night", "States": {"Night": {"Type": "Wait", "Seconds": 86400, "Next": "Call"},
            "Call": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}}"#,
    )
}

#[test]
fn a_definition_runs_at_once_and_shows_its_history_and_output() {
    let dir = tempfile::tempdir().unwrap();
    let flow = flow(dir.path());
    let output = workflow(&["run", &flow, "--input", r#"{"a": 1}"#, "--function", "f=cat"]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let shown = stdout(&output);
    assert!(shown.contains("0.000     2  WaitStateEntered          Night  {\"a\":1}\n"), "{shown}");
    assert!(
        shown.contains("1 d 00:00:00.000     3  WaitStateExited           Night  {\"a\":1}\n"),
        "{shown}"
    );
    assert!(shown.ends_with("\nSUCCEEDED after 9 events\n{\n  \"a\": 1\n}\n"), "{shown}");
}

#[test]
fn a_failure_is_shown_and_ends_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let flow = flow(dir.path());
    let mocks = write(
        dir.path(),
        "mocks.json",
        r#"{"States": {"Call": {"Throw": {"Error": "Bad", "Cause": "luck"}}}}"#,
    );
    let output = workflow(&["run", &flow, "--mock", &mocks]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).ends_with("\nFAILED after 8 events: Bad: luck\n"), "{}", stdout(&output));
    // A call that nothing answers is told with what would answer it.
    let output = workflow(&["run", &flow]);
    assert_eq!(output.status.code(), Some(1));
    let told = "error: nothing answers the call of f by the state \"Call\": answer it with --mock";
    assert!(stderr(&output).starts_with(told), "{}", stderr(&output));
}

#[test]
fn json_is_the_history_as_aws_has_it_and_the_result() {
    let dir = tempfile::tempdir().unwrap();
    let (flow, input) = (flow(dir.path()), write(dir.path(), "input.json", r#"{"a": 1}"#));
    let mocks = write(dir.path(), "mocks.json", r#"{"Functions": {"f": {"Return": [1.0]}}}"#);
    let output = workflow(&["run", &flow, "--input", &format!("@{input}"), "--mock", &mocks, "--json"]);
    let shown: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let (events, execution) = (shown["events"].as_array().unwrap(), &shown["execution"]);
    assert_eq!((&events[0]["type"], &events[0]["id"]), (&json!("ExecutionStarted"), &json!(1)));
    assert_eq!(events[0]["executionStartedEventDetails"]["input"], r#"{"a":1}"#);
    assert_eq!(events.last().unwrap()["executionSucceededEventDetails"]["output"], "[1.0]");
    assert_eq!((&execution["status"], &execution["output"]), (&json!("SUCCEEDED"), &json!("[1.0]")));
    let arn = "arn:aws:states:us-east-1:123456789012:execution:flow:run";
    assert_eq!(execution["executionArn"], arn);
}

#[test]
fn what_cannot_be_run_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let flow = flow(dir.path());
    let broken = write(dir.path(), "broken.asl.json", r#"{"StartAt": "A", "States": {}}"#);
    for (args, code, told) in [
        (&["run", &flow, "--input", "{"][..], 64, "error: --input: { is no JSON"),
        (&["run", &flow, "--function", "f"], 64, "expected NAME=./program or NAME=http://"),
        (&["run", &flow, "--case", "c"], 64, "--mock <FILE>"),
        (&["run"], 64, "<FILE>"),
        (&["run", "/nowhere.asl.json"], 1, "error: /nowhere.asl.json cannot be read"),
        (&["run", &broken], 1, "the definition has"),
        (&["test", "/nowhere"], 1, "error: /nowhere cannot be read"),
    ] {
        let output = workflow(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(told), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn the_examples_pass_and_what_they_do_not_cover_is_told() {
    let output = workflow(&["test", EXAMPLES]);
    let shown = stdout(&output);
    assert!(output.status.success(), "{shown}{}", stderr(&output));
    assert!(shown.contains("  ok   a large sum is paid if a person agrees\n"), "{shown}");
    assert!(shown.contains("not covered:\n"), "{shown}");
    assert!(shown.contains("  Agreed: Default -> Send back\n"), "{shown}");
    assert!(
        shown.lines().last().unwrap().starts_with("6 cases: passed; covered: 9 of 9 states, 4 of 5"),
        "{shown}"
    );
}

#[test]
fn a_case_that_fails_shows_the_difference_and_ends_with_1() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(REFUND, dir.path().join("refund.asl.json")).unwrap();
    let cases = json!({"Cases": {"nothing": {"Input": {"order": "o", "items": []}, "Expect": {"Output": {"order": "o", "paid": 1}}}}});
    write(dir.path(), "refund.test.json", &cases.to_string());
    let dir = dir.path().to_str().unwrap();
    let output = workflow(&["test", dir]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("  FAIL nothing\n         output $.paid: expected 1, was 0\n"),
        "{}",
        stdout(&output)
    );
    let output = workflow(&["test", dir, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&report["schema"], &report["passed"]), (&json!("duet.workflow.test/1"), &json!(false)));
    assert_eq!(
        report["definitions"][0]["cases"][0]["differences"],
        json!(["output $.paid: expected 1, was 0"])
    );
}
