//! `duet workflow` as its user meets it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic, in its helpers, too")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

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
    assert!(shown.contains("\n       0.000    2  WaitStateEntered        Night  {\"a\":1}\n"), "{shown}");
    assert!(shown.contains("\n1 d 00:00:00    3  WaitStateExited         Night  {\"a\":1}\n"), "{shown}");
    assert!(shown.ends_with("\nSUCCEEDED after 9 events, 1 d 00:00:00\n{\n  \"a\": 1\n}\n"), "{shown}");
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
    assert!(
        stdout(&output).ends_with("\nFAILED after 8 events, 1 d 00:00:00: Bad: luck\n"),
        "{}",
        stdout(&output)
    );
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
fn output_and_history_can_go_to_files_and_the_output_stand_alone() {
    let dir = tempfile::tempdir().unwrap();
    let flow = flow(dir.path());
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (history, result) = (path("history.json"), path("output.json"));
    let common = ["run", &flow, "--input", "[1]", "--function", "f=cat"];
    let output = workflow(&[&common[..], &["--quiet"]].concat());
    assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("[\n  1\n]\n", ""));
    let output = workflow(&[&common[..], &["--history", &history, "--output", &result, "--quiet"]].concat());
    assert_eq!((stdout(&output).as_str(), stderr(&output).as_str()), ("", ""));
    assert_eq!(std::fs::read_to_string(&result).unwrap(), "[\n  1\n]\n");
    let history: Value = serde_json::from_slice(&std::fs::read(&history).unwrap()).unwrap();
    assert_eq!(
        (history["events"].as_array().unwrap().len(), &history["execution"]["output"]),
        (9, &json!("[1]"))
    );
}

#[test]
fn a_definition_may_be_yaml_and_come_from_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let yaml = "StartAt: A\nStates:\n  A: {Type: Pass, Next: Bb}\n  B: {Type: Succeed}\n";
    let file = write(dir.path(), "flow.asl.yaml", yaml);
    let output = workflow(&["check", &file]);
    assert_eq!(output.status.code(), Some(1));
    let told = format!("{file}:3:25: error MISSING_TRANSITION_TARGET");
    assert!(
        stdout(&output).starts_with(&told) && stdout(&output).contains("  A: {Type: Pass, Next: Bb}"),
        "{}",
        stdout(&output)
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_duet"));
    command.args(["workflow", "run", "-", "--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(yaml.replace("Next: Bb", "Result: 5, Next: B").as_bytes()).unwrap();
    assert_eq!(stdout(&child.wait_with_output().unwrap()), "5\n");
}

#[test]
fn a_folder_is_checked_file_by_file() {
    let dir = tempfile::tempdir().unwrap();
    flow(dir.path());
    write(dir.path(), "bad.asl.json", "{}");
    write(dir.path(), "other.json", "{}");
    let dir = dir.path().to_str().unwrap();
    let output = workflow(&["check", dir, "--quiet"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("bad.asl.json:1:1: error") && !stdout(&output).contains("flow.asl.json")
    );
    let output = workflow(&["check", dir]);
    assert!(stdout(&output).ends_with("flow.asl.json: valid\n"), "{}", stdout(&output));
}

#[test]
fn what_cannot_be_run_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let flow = flow(dir.path());
    let folder = dir.path().to_str().unwrap();
    let broken = write(dir.path(), "broken.json", r#"{"StartAt": "A", "States": {}}"#);
    let mocks = write(dir.path(), "mocks.json", r#"{"States": {"Cal": {"Return": 1}}}"#);
    let bytes = dir.path().join("bytes.json");
    std::fs::write(&bytes, b"{\"a\": \"\xff\"}").unwrap();
    let bytes = bytes.to_str().unwrap();
    for (args, code, told) in [
        (
            &["run", &flow, "--input", "{"][..],
            64,
            "error: --input: { is no JSON: caused by EOF while parsing an object at line 1 column 1",
        ),
        (&["run", &flow, "--input", "@/nowhere"], 64, "error: --input: caused by /nowhere cannot be read"),
        (
            &["run", &flow, "--function", "f"],
            64,
            "expected NAME=./program, NAME=lambda:./bootstrap or NAME=http://",
        ),
        (&["run", &flow, "--case", "c"], 64, "--mock <FILE>"),
        (&["run", &flow, "--mock", &mocks], 64, "did you mean \"Call\"?; its Tasks are Call"),
        (
            &["run", &flow, "--function", "ff=cat"],
            1,
            "warning: the function \"ff\" is called by no state; did you mean \"f\"?",
        ),
        (&["run"], 64, "<FILE>"),
        (&["run", "/nowhere.asl.json"], 64, "error: /nowhere.asl.json cannot be read"),
        (&["run", folder], 64, "is a folder; expected a file"),
        (&["run", bytes], 64, "is no text in UTF-8: byte 7 cannot be part of it"),
        (&["run", &broken], 1, "the definition has"),
        (&["check", "/nowhere.asl.json"], 64, "error: /nowhere.asl.json cannot be read"),
        (&["test", "/nowhere"], 64, "error: /nowhere cannot be read"),
        (&["test", "--init", folder], 64, "--init wants one definition"),
        (
            &["test", EXAMPLES, "--filter", "nothing so called"],
            64,
            "no case has \"nothing so called\" in its name",
        ),
    ] {
        let output = workflow(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(told), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn cases_to_begin_with_are_written_beside_a_definition_that_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let flow = flow(dir.path());
    let output = workflow(&["test", "--init", &flow]);
    assert!(
        output.status.success() && stdout(&output).ends_with("flow.test.json: 1 case\n"),
        "{}",
        stdout(&output)
    );
    let junit = dir.path().join("junit.xml");
    let output = workflow(&["test", &flow, "--junit", junit.to_str().unwrap()]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(
        std::fs::read_to_string(junit)
            .unwrap()
            .contains("<testsuites name=\"duet workflow test\" tests=\"1\" failures=\"0\"")
    );
    let output = workflow(&["test", "--init", &flow]);
    assert_eq!((output.status.code(), stderr(&output).contains("is there already")), (Some(64), true));
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_ends_the_programs_that_were_at_work() {
    let dir = tempfile::tempdir().unwrap();
    let script = write(
        dir.path(),
        "lasting.sh",
        &format!("sleep 600 & echo $! > {0}/part; mv {0}/part {0}/id; sleep 600", dir.path().display()),
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_duet"));
    command.args(["workflow", "run", &flow(dir.path()), "--function", &format!("f=/bin/sh {script}")]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let wait = |what: &str, is_done: &dyn Fn() -> bool| {
        for _ in 0..1200 {
            if is_done() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{what}");
    };
    wait("the program does not begin", &|| dir.path().join("id").exists());
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(stderr(&output).contains("interrupted: the execution has not ended"), "{}", stderr(&output));
    let id = std::fs::read_to_string(dir.path().join("id")).unwrap();
    let stat = format!("/proc/{}/stat", id.trim());
    wait("the program is not ended", &|| {
        std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z"))
    });
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

#[test]
fn a_rule_is_tested_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let event =
        json!({"detail-type": "order.placed", "detail": {"order": {"total_minor": 7000}}}).to_string();
    let event = write(dir.path(), "event.json", &event);
    let pattern = r#"{"detail": {"order": {"total_minor": [{"numeric": [">", 5000]}]}}}"#;
    let output = workflow(&[
        "rule",
        "test",
        "--event",
        &event,
        "--pattern",
        pattern,
        "--input-path",
        "$.detail.order",
    ]);
    assert_eq!(
        (output.status.code(), stdout(&output).as_str()),
        (Some(0), "{\n  \"total_minor\": 7000\n}\n"),
        "{}",
        stderr(&output)
    );
    let template = r#"{"InputPathsMap": {"t": "$.detail.order.total_minor"}, "InputTemplate": "\"<t> by <aws.events.rule-name>\""}"#;
    let output = workflow(&["rule", "test", "--event", &event, "--transformer", template]);
    assert_eq!(stdout(&output), "\"7000 by <aws.events.rule-name>\"\n");
    let output = workflow(&["rule", "test", "--event", "{}", "--pattern", pattern]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(1), "the event does not match\n"));
    for (args, told) in [
        (
            ["--event", "{}", "--pattern", "{\"a\": 1}"],
            "pattern.a: found 1, expected [1]: values stand in an array",
        ),
        (["--event", "{", "--pattern", "{}"], "--event is neither JSON nor a file that holds it"),
        (["--event", "{}", "--input-path", "$.a"], "the event has nothing at $.a"),
        (["--event", "{}", "--rule", "r"], "does `duet workflow serve` run there (--endpoint-url)?"),
    ] {
        let mut all = vec!["rule", "test"];
        all.extend(args);
        if args[2] == "--rule" {
            all.extend(["--endpoint-url", "http://127.0.0.1:1"]);
        }
        let output = workflow(&all);
        assert!(output.status.code() == Some(1) && stderr(&output).contains(told), "{}", stderr(&output));
    }
}

/// `duet workflow serve`, which ends with this.
struct Server(std::process::Child, String);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(dir: &Path, args: &[&str]) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duet"));
    let fixed = ["workflow", "serve", "--listen", "127.0.0.1:0", "--log", "warn"];
    let mut child = command.args(fixed).args(args).current_dir(dir).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
        .unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    Server(child, said["listening"].as_str().unwrap().to_owned())
}

#[test]
fn rules_are_made_listed_and_removed_by_whoever_has_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let keys = "[a]\naws_access_key_id = A\naws_secret_access_key = s\n[b]\naws_access_key_id = B\naws_secret_access_key = t\n";
    let keys = write(dir.path(), "keys", keys);
    let server = serve(dir.path(), &["--aws-credentials", &keys]);
    let rule = |args: &[&str]| {
        let mut all = vec!["rule"];
        all.extend(args);
        all.extend(["--endpoint-url", &server.1, "--aws-credentials", &keys]);
        workflow(&all)
    };
    let output = rule(&[
        "add",
        "--topic",
        "s/placed",
        "--machine",
        "orders:live",
        "--pattern",
        r#"{"detail": {"a": [1]}}"#,
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let told = stderr(&output);
    assert!(
        told.contains("warning: there is no arn:") && told.contains("this server reads no bus"),
        "{told}"
    );
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&made["name"], &made["topic"]), (&json!("orders-live"), &json!("s/placed")));
    let listed = rule(&["list", "--access-key-id", "B"]);
    assert_eq!(serde_json::from_slice::<Value>(&listed.stdout).unwrap(), json!([made]));
    let tested = rule(&["test", "--rule", "orders-live", "--event", r#"{"detail": {"a": 1}}"#]);
    assert_eq!(serde_json::from_slice::<Value>(&tested.stdout).unwrap(), json!({"detail": {"a": 1}}));
    let output = rule(&["add", "--topic", "placed", "--machine", "a/b", "--name", "r"]);
    let told = stderr(&output);
    assert!(
        output.status.code() == Some(1) && told.contains("topic: found \"placed\", expected STREAM/KIND"),
        "{told}"
    );
    assert!(told.contains("machine: found \"a/b\""), "{told}");
    assert!(rule(&["remove", "orders-live"]).status.success());
    let output = rule(&["remove", "orders-live"]);
    assert!(stderr(&output).contains("there is no rule orders-live"), "{}", stderr(&output));
    let unsigned = workflow(&["rule", "list", "--endpoint-url", &server.1]);
    assert!(stderr(&unsigned).contains("MissingAuthenticationTokenException"), "{}", stderr(&unsigned));
    let unknown = rule(&["list", "--access-key-id", "C"]);
    assert!(stderr(&unknown).contains("--access-key-id: C is not in"), "{}", stderr(&unknown));
}
