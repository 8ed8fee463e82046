//! Every kind of error, retried, caught or neither.

use asl::Definition;
use engine::{JournalEntry, Status, Tally, quotas, replay};
use serde_json::{Value, json};

use crate::harness::{Answer, Script, definition, error};

const F: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";
const G: &str = "arn:aws:lambda:us-east-1:000000000000:function:g";

fn machine(states: Value) -> Definition {
    definition(&json!({"StartAt": "A", "States": states}).to_string())
}

/// Runs the machine on an empty object, `f` answering so, and compares the error it fails with.
fn check(states: Value, answer: Answer, expected: &str) {
    let definition = machine(states);
    let run = Script::new(&[("f", answer)]).run(&definition, json!({}));
    assert_eq!(run.execution.status(), Status::Failed);
    assert_eq!(run.error(), Some(expected), "{:?}", run.cause());
}

/// Runs a task `A` with those fields; its catchers lead to `B`, which hands on what it got.
fn check_task(fields: Value, answer: Answer, expected: Result<Value, &str>) {
    let mut task = json!({"Type": "Task", "Resource": F, "End": true});
    task.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let caught = task.get("Catch").is_some();
    let mut states = json!({"A": task});
    if caught {
        states["B"] = json!({"Type": "Succeed"});
    }
    let definition = machine(states);
    let run = Script::new(&[("f", answer)]).run(&definition, json!({"in": 1}));
    match expected {
        Ok(output) => {
            assert_eq!(run.output(), Some(&output), "{fields}: {:?} {:?}", run.error(), run.cause());
        }
        Err(error) => assert_eq!(run.error(), Some(error), "{fields}: {:?}", run.cause()),
    }
}

fn catch(errors: &str) -> Value {
    json!([{"ErrorEquals": [errors], "ResultPath": "$.e", "Next": "B"}])
}

fn caught(name: &str) -> Result<Value, &str> {
    Ok(json!({"in": 1, "e": {"Error": name, "Cause": "because"}}))
}

#[test]
fn errors_that_states_make() {
    let ok = || Answer::Ok(json!({}));
    let pass = |fields: Value| {
        let mut state = json!({"Type": "Pass", "End": true});
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"A": state})
    };
    check(pass(json!({"Parameters": {"x.$": "$.missing"}})), ok(), "States.Runtime");
    check(pass(json!({"Parameters": {"x.$": "States.MathAdd('a', 1)"}})), ok(), "States.Runtime");
    check(pass(json!({"Result": 1, "ResultPath": "$[0]"})), ok(), "States.ResultPathMatchFailure");
    check(pass(json!({"InputPath": "$.missing"})), ok(), "States.Runtime");
    check(pass(json!({"OutputPath": "$.missing"})), ok(), "States.Runtime");
    let choice = |rule: Value| json!({"A": {"Type": "Choice", "Choices": [rule]}, "B": {"Type": "Succeed"}});
    let no = json!({"Variable": "$.v", "IsPresent": true, "Next": "B"});
    check(choice(no), ok(), "States.Runtime");
    let missing = json!({"Variable": "$.v", "NumericEquals": 1, "Next": "B"});
    check(choice(missing), ok(), "States.Runtime");
    for how in ["SecondsPath", "TimestampPath"] {
        check(json!({"A": {"Type": "Wait", how: "$.v", "End": true}}), ok(), "States.Runtime");
        check(json!({"A": {"Type": "Wait", how: "$", "End": true}}), ok(), "States.Runtime");
    }
    check(json!({"A": {"Type": "Fail", "Error": "Mine", "Cause": "c"}}), ok(), "Mine");
    check(json!({"A": {"Type": "Fail", "ErrorPath": "States.Format('{}-{}', 'E', 1)"}}), ok(), "E-1");
    check(json!({"A": {"Type": "Fail", "ErrorPath": "$.missing"}}), ok(), "States.Runtime");
}

#[test]
fn a_task_that_calls_what_nobody_offers_fails_at_once() {
    let unknown = "Lambda.ResourceNotFoundException";
    let task = |fields: Value| {
        let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "B"});
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        machine(json!({"A": state, "B": {"Type": "Succeed"}}))
    };
    let computed = json!({"Parameters": {"FunctionName.$": "States.Format('nobody')"}});
    let told = json!({"Parameters": {"FunctionName": "nobody", "InvocationType": "Event"}});
    let by_arn = json!({"Resource": F.replace(":function:f", ":function:nobody")});
    for fields in [computed, told, by_arn] {
        let definition = task(fields.clone());
        let run = Script::new(&[]).run(&definition, json!({}));
        assert_eq!((run.error(), run.calls().len()), (Some(unknown), 0), "{fields}");
        assert_eq!(run.cause(), Some("there is no function 'nobody'"));
        let kinds = run.event_types();
        assert!(kinds[kinds.len() - 2].ends_with("Failed"), "{kinds:?}");

        let mut caught = fields.clone();
        caught["Retry"] = json!([{"ErrorEquals": [unknown], "MaxAttempts": 2}]);
        caught["Catch"] = json!([{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.e", "Next": "B"}]);
        let definition = task(caught);
        let run = Script::new(&[]).run(&definition, json!({}));
        assert_eq!((run.tally.retries, run.journal.len()), (2, 3), "{fields}");
        assert_eq!(run.output().unwrap()["e"]["Error"], unknown);
    }
}

#[test]
fn what_could_not_be_sent_is_in_the_journal_and_not_asked_again() {
    let state =
        json!({"Type": "Task", "Resource": F.replace(":function:f", ":function:nobody"), "End": true});
    let definition = machine(json!({"A": state}));
    let run = Script::new(&[]).run(&definition, json!({}));
    let text = serde_json::to_string(&run.journal).unwrap();
    let stored: Vec<JournalEntry> = serde_json::from_str(&text).unwrap();
    assert_eq!(stored, run.journal);
    assert_eq!(replay(&definition, stored).unwrap().0, run.execution);
    // Without that, the call was sent and is waited for.
    let sent = run.journal.iter().map(|entry| JournalEntry::new(entry.at_ms, entry.fact.clone()));
    assert_eq!(replay(&definition, sent).unwrap().0.status(), Status::Running);
}

#[test]
fn a_failed_task_is_caught_by_name_or_wildcard() {
    check_task(json!({}), error("E"), Err("E"));
    check_task(json!({"Catch": catch("E")}), error("E"), caught("E"));
    check_task(json!({"Catch": catch("Other")}), error("E"), Err("E"));
    check_task(json!({"Catch": catch("States.ALL")}), error("E"), caught("E"));
    check_task(json!({"Catch": catch("States.TaskFailed")}), error("E"), caught("E"));
    check_task(json!({"Catch": catch("States.ALL")}), error("States.Runtime"), Err("States.Runtime"));
    let replaced = json!([{"ErrorEquals": ["E"], "Next": "B"}]);
    check_task(json!({"Catch": replaced}), error("E"), Ok(json!({"Error": "E", "Cause": "because"})));
    let dropped = json!([{"ErrorEquals": ["E"], "ResultPath": null, "Next": "B"}]);
    check_task(json!({"Catch": dropped}), error("E"), Ok(json!({"in": 1})));
}

#[test]
fn errors_of_data_flow_are_caught_but_not_those_of_paths() {
    let catch_all = || json!([{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "B"}]);
    let kept = || Ok(json!({"in": 1}));
    let ok = || Answer::Ok(json!({"out": 2}));
    check_task(json!({"Catch": catch_all(), "ResultPath": "$.in.deeper"}), ok(), kept());
    let nothing = json!({"x.$": "$.missing"});
    for field in ["Parameters", "ResultSelector"] {
        check_task(json!({"Catch": catch_all(), field: nothing}), ok(), Err("States.Runtime"));
    }
    check_task(json!({"Catch": catch_all(), "TimeoutSecondsPath": "$.missing"}), ok(), Err("States.Runtime"));
}

#[test]
fn a_task_that_stays_silent_times_out() {
    let silent = || Answer::Silence;
    let caught = |name: &str| Ok(json!({"in": 1, "e": {"Error": name, "Cause": ""}}));
    check_task(json!({"TimeoutSeconds": 5}), silent(), Err("States.Timeout"));
    check_task(
        json!({"TimeoutSeconds": 5, "Catch": catch("States.Timeout")}),
        silent(),
        caught("States.Timeout"),
    );
    check_task(
        json!({"TimeoutSeconds": 5, "Catch": catch("States.TaskFailed")}),
        silent(),
        Err("States.Timeout"),
    );
    check_task(json!({"TimeoutSecondsPath": "$.in"}), silent(), Err("States.Timeout"));
    let beat = json!({"TimeoutSeconds": 9, "HeartbeatSeconds": 2, "Catch": catch("States.HeartbeatTimeout")});
    check_task(beat, silent(), caught("States.HeartbeatTimeout"));
}

#[test]
fn retries_back_off_and_then_give_way_to_the_catcher() {
    let retry = json!([
        {"ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2, "MaxDelaySeconds": 5},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 0},
    ]);
    let task = json!({"Type": "Task", "Resource": F, "Retry": retry, "Catch": catch("E"), "Next": "B"});
    let definition = machine(json!({"A": task, "B": {"Type": "Succeed"}}));
    let run = Script::new(&[("f", error("E").always())]).run(&definition, json!({"in": 1}));
    let at: Vec<u64> =
        run.journal.iter().map(|entry| (entry.at_ms - crate::harness::START_MS) / 1000).collect();
    assert_eq!(at, [0, 0, 2, 2, 6, 6, 11, 11], "2, 4 and then 5 seconds apart");
    assert_eq!(run.output(), caught("E").ok().as_ref());
    assert_eq!(run.tally, Tally { transitions: 2, retries: 3, caught: 1 });
    let run = Script::new(&[("f", error("E").times(3))]).run(&definition, json!({"in": 1}));
    assert_eq!(run.output(), Some(&json!({})), "the last attempt succeeds");
    let run = Script::new(&[("f", error("Other"))]).run(&definition, json!({}));
    assert_eq!((run.calls().len(), run.error()), (1, Some("Other")));
}

#[test]
fn one_failed_branch_fails_the_parallel_and_cancels_the_others() {
    let parallel = |fields: Value| {
        let mut state = json!({"Type": "Parallel", "Next": "B", "Branches": [
            {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 900, "End": true}}},
            {"StartAt": "F", "States": {"F": {"Type": "Task", "Resource": F, "End": true}}},
            {"StartAt": "G", "States": {"G": {"Type": "Task", "Resource": G, "TimeoutSeconds": 900, "End": true}}},
        ]});
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        machine(json!({"A": state, "B": {"Type": "Succeed"}}))
    };
    for (fields, expected) in [
        (json!({}), None),
        (json!({"Catch": catch("E")}), Some(())),
        (json!({"Catch": catch("States.BranchFailed")}), Some(())),
        (json!({"Catch": catch("States.TaskFailed")}), Some(())),
    ] {
        let definition = parallel(fields);
        let script = [("f", error("E")), ("g", Answer::Silence)];
        let run = Script::new(&script).run(&definition, json!({"in": 1}));
        match expected {
            Some(()) => assert_eq!(run.output(), caught("E").ok().as_ref()),
            None => assert_eq!(run.error(), Some("E")),
        }
        let last = run.journal.last().unwrap();
        assert_eq!(last.at_ms, crate::harness::START_MS, "nothing waits for the 900 seconds");
        assert!(run.event_types().contains(&"ParallelStateFailed".to_owned()));
    }
    let definition = parallel(json!({"Retry": [{"ErrorEquals": ["E"]}]}));
    let run = Script::new(&[("f", error("E"))]).run(&definition, json!({}));
    assert_eq!(run.execution.status(), Status::Succeeded, "all branches begin again");
    assert_eq!(run.calls(), ["f", "g", "f", "g"]);
}

#[test]
fn a_payload_that_is_too_large_is_refused() {
    let large = || Value::String("x".repeat(quotas::PAYLOAD_BYTES_MAX));
    let answer = || Answer::Ok(large());
    check_task(json!({}), answer(), Err("States.DataLimitExceeded"));
    check_task(json!({"Catch": catch("States.ALL")}), answer(), Err("States.DataLimitExceeded"));
    let dropped = json!([{"ErrorEquals": ["States.DataLimitExceeded"], "ResultPath": null, "Next": "B"}]);
    check_task(json!({"Catch": dropped}), answer(), Ok(json!({"in": 1})));
    let fits = Value::String("x".repeat(quotas::PAYLOAD_BYTES_MAX - 2));
    check_task(json!({}), Answer::Ok(fits.clone()), Ok(fits.clone()));
    check_task(json!({"ResultPath": "$.r"}), Answer::Ok(fits), Err("States.DataLimitExceeded"));
    let definition = machine(json!({"A": {"Type": "Succeed"}}));
    let run = Script::new(&[]).run(&definition, large());
    assert_eq!(run.error(), Some("States.DataLimitExceeded"));
}

#[test]
fn a_loop_that_never_waits_fails_the_execution() {
    let again = json!({"Variable": "$", "IsPresent": true, "Next": "A"});
    let choice = json!({"Type": "Choice", "Choices": [again], "Default": "B"});
    let definition = machine(json!({"A": choice, "B": {"Type": "Succeed"}}));
    let run = Script::new(&[]).run(&definition, json!({}));
    assert_eq!(run.error(), Some("States.Runtime"));
    assert!(run.cause().unwrap().contains("maximum number of history events"));
}

#[test]
fn a_history_that_is_too_long_fails_the_execution() {
    let task = json!({"Type": "Task", "Resource": F, "End": true,
        "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 99999, "MaxDelaySeconds": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}]});
    let definition = machine(json!({"A": task, "B": {"Type": "Succeed"}}));
    let run = Script::new(&[("f", error("E").always())]).run(&definition, json!({}));
    assert_eq!(run.error(), Some("States.Runtime"));
    assert_eq!(run.history.len() as u64, quotas::HISTORY_EVENTS_MAX);
}

#[test]
fn an_execution_that_takes_too_long_times_out() {
    let text = json!({"StartAt": "A", "TimeoutSeconds": 10, "States": {
        "A": {"Type": "Task", "Resource": F, "TimeoutSeconds": 20, "End": true}}});
    let definition = definition(&text.to_string());
    let run = Script::new(&[("f", Answer::Silence)]).run(&definition, json!({}));
    assert_eq!((run.execution.status(), run.error()), (Status::TimedOut, Some("States.Timeout")));
    assert_eq!(run.event_types().last().unwrap(), "ExecutionTimedOut");
    let run = Script::new(&[]).run(&definition, json!({}));
    assert_eq!(run.execution.status(), Status::Succeeded, "and its timers are cancelled");
}
