//! What is ended, and when: programs that nobody waits for any more, and runs that take too long.

use std::path::Path;
use std::time::Duration;

use runner::{Functions, Layers, Settings};
use serde_json::json;

use crate::harness::{FUNCTION, Ran, ran, settings, task};

/// Far longer than any of this takes, and far shorter than the programs would.
const SOON: Duration = Duration::from_secs(120);

/// A program that starts another, tells the numbers of both, and works for ten minutes with it.
fn lasting(dir: &Path) -> Functions {
    let script = dir.join("lasting.sh");
    let text =
        format!("sleep 600 & echo $$ $! > {0}/part; mv {0}/part {0}/ids; sleep 600; echo 1", dir.display());
    std::fs::write(&script, text).unwrap();
    functions(&format!("f=/bin/sh {}", script.display()))
}

fn functions(function: &str) -> Functions {
    Functions::new(&[function.parse().unwrap()], Duration::from_secs(600)).unwrap()
}

/// Whether a process is at work: not one that has ended and is only not yet waited for.
fn is_at_work(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('Z') && !rest.trim().is_empty())
}

/// Waits until none of the programs of that folder is at work; they must have begun.
fn check_ended(dir: &Path) {
    let ids = std::fs::read_to_string(dir.join("ids")).unwrap();
    let mut left = 600;
    while ids.split_whitespace().any(is_at_work) {
        left -= 1;
        assert!(left > 0, "{ids} are still at work");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A Parallel of a call of `f` and of a branch that goes on when the program has begun.
fn beside(dir: &Path, call: &str, then: &str) -> (String, Settings) {
    let definition = format!(
        r#"{{"StartAt": "P", "States": {{"P": {{"Type": "Parallel", "End": true, "Branches": [
            {{"StartAt": "Call", "States": {{"Call": {{"Type": "Task", "Resource": "{FUNCTION}", "End": true{call}}}}}}},
            {{"StartAt": "Begun", "States": {{
                "Begun": {{"Type": "Task", "Resource": "{}", "Next": "Then"}}, "Then": {{{then}}}}}}}]}}}}}}"#,
        FUNCTION.replace("function:f", "function:begun")
    );
    assert!(dir.exists());
    (definition, Settings { real_time: true, ..settings() })
}

/// A function `begun` that answers once the other program has begun.
fn begun(dir: &Path) -> Functions {
    let script = dir.join("begun.sh");
    std::fs::write(&script, format!("until [ -e {}/ids ]; do sleep 0.05; done", dir.display())).unwrap();
    functions(&format!("begun=/bin/sh {}", script.display()))
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_whose_execution_has_failed_is_ended_with_all_that_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let (definition, settings) = beside(dir.path(), "", r#""Type": "Fail", "Error": "E""#);
    let mut answers = Layers::default().and(lasting(dir.path())).and(begun(dir.path()));
    assert_eq!(ran(&definition, json!({}), &settings, &mut answers).came_to(), json!(["E", null]));
    check_ended(dir.path());
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_whose_task_has_timed_out_is_ended_while_the_execution_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    // What comes after the time-out looks whether the program is still there.
    let call = r#", "TimeoutSeconds": 2, "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Gone"}]"#;
    let (definition, settings) = beside(dir.path(), call, r#""Type": "Succeed""#);
    let gone = format!(
        r#""Gone": {{"Type": "Task", "Resource": "{}", "End": true}}, "Call""#,
        FUNCTION.replace("function:f", "function:gone")
    );
    let definition = definition.replacen("\"Call\": {\"Type\"", &format!("{gone}: {{\"Type\""), 1);
    let script = dir.path().join("gone.sh");
    let text = "for id in $(cat DIR/ids); do while kill -0 $id 2>/dev/null && ! grep -q ') Z' /proc/$id/stat; do sleep 0.05; done; done; echo 7";
    std::fs::write(&script, text.replace("DIR", &dir.path().display().to_string())).unwrap();
    let gone = functions(&format!("gone=/bin/sh {}", script.display()));
    let settings = Settings { patience: SOON, ..settings };
    let mut answers = Layers::default().and(lasting(dir.path())).and(begun(dir.path())).and(gone);
    assert_eq!(ran(&definition, json!({}), &settings, &mut answers).came_to()[0], json!(7));
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_leaves_another_behind_has_answered() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("leaves.sh");
    // The one that is left holds the output open.
    let text = format!("sleep 600 & echo $! > {}/ids; echo 5", dir.path().display());
    std::fs::write(&script, text).unwrap();
    let settings = Settings { patience: SOON, ..settings() };
    let mut answers = Layers::default().and(functions(&format!("f=/bin/sh {}", script.display())));
    assert_eq!(ran(&task(FUNCTION, ""), json!({}), &settings, &mut answers).came_to(), json!(5));
    check_ended(dir.path());
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_ends_the_functions_from_outside_ends_their_programs() {
    let dir = tempfile::tempdir().unwrap();
    let functions = lasting(dir.path());
    let working = functions.working();
    let ids = dir.path().join("ids");
    let ended = std::thread::spawn(move || {
        for _ in 0..3000 {
            if ids.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        working.end();
    });
    let settings = Settings { patience: SOON, ..settings() };
    let ran = ran(&task(FUNCTION, ""), json!({}), &settings, &mut Layers::default().and(functions));
    assert_eq!(ran.came_to()[0], "States.Runtime");
    ended.join().unwrap();
    check_ended(dir.path());
}

fn too_slow(definition: &str, settings: Settings, answers: &mut Layers) -> String {
    let settings = Settings { patience: Duration::from_millis(300), ..settings };
    let Ran { run, .. } = ran(definition, json!({}), &settings, answers);
    run.unwrap_err().to_string()
}

#[test]
fn a_run_that_takes_too_long_is_ended_inside_a_function_and_says_which() {
    let dir = tempfile::tempdir().unwrap();
    for real_time in [false, true] {
        let mut answers = Layers::default().and(lasting(dir.path()));
        let settings = Settings { real_time, ..settings() };
        let told = "the execution has not ended within 0.3 s: the state \"S\" waits for f";
        assert_eq!(too_slow(&task(FUNCTION, ""), settings, &mut answers), told);
    }
}

#[test]
fn a_run_that_takes_too_long_is_ended_inside_a_step_that_waits_for_nothing() {
    let round = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Succeed"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$.stop", "IsPresent": true, "Next": "C"}], "Default": "A"}}}"#;
    let settings = Settings { express: true, ..settings() };
    let told = too_slow(round, settings, &mut Layers::default());
    assert!(told.starts_with("the execution has not ended within 0.3 s: it was at the state \""), "{told}");
}
