//! Quotas whose cases would be too large to write down.

use asl::Definition;
use engine::{
    Billing, Execution, Fact, History, NoneRefused, Phase, Rules, Status, Stepped, TaskId, quotas, step,
};
use serde_json::{Value, json};

use crate::harness::definition;

fn started(express: bool) -> Fact {
    Fact::Started {
        execution: "e".to_owned(),
        input: json!({}),
        seed: 1,
        first_id: 1,
        identity: None,
        express,
        rules: Rules::TODAY,
    }
}

fn after(definition: &Definition, facts: &[Fact]) -> Execution {
    let mut execution = None;
    for fact in facts {
        let stepped = step(definition, execution, fact.clone(), 0, &NoneRefused, History::Skip);
        let Stepped::Advanced(step) = stepped.unwrap() else { panic!("{fact:?} is stale") };
        execution = Some(step.execution);
    }
    execution.unwrap()
}

/// How many characters the error and the cause of an execution have.
fn lengths(execution: &Execution) -> (usize, usize) {
    let Phase::Ended(ending) = execution.phase() else { panic!("it has ended") };
    let chars = |text: &Option<String>| text.as_ref().map_or(0, |text| text.chars().count());
    (chars(&ending.error), chars(&ending.cause))
}

#[test]
fn long_errors_and_causes_are_cut_wherever_they_come_from() {
    let (error, cause) = ("ü".repeat(300), "ä".repeat(40_000));
    let whole = (quotas::ERROR_CHARS_MAX, quotas::CAUSE_CHARS_MAX);
    let one = |state: Value| definition(&json!({"StartAt": "A", "States": {"A": state}}).to_string());

    let task = one(
        json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true}),
    );
    let (given, cause_given) = (error.clone(), Some(cause.clone()));
    let failed = Fact::TaskFailed { task: TaskId(1), error: given, cause: cause_given };
    assert_eq!(lengths(&after(&task, &[started(false), failed])), whole);
    let stopped = Fact::Stopped { error: Some(error.clone()), cause: Some(cause.clone()) };
    assert_eq!(lengths(&after(&task, &[started(false), stopped])), whole);

    let fail = one(json!({"Type": "Fail", "Error": error, "Cause": cause}));
    assert_eq!(lengths(&after(&fail, &[started(false)])), whole);
    let short = one(json!({"Type": "Fail", "Error": "ü".repeat(256), "Cause": "ä"}));
    assert_eq!(lengths(&after(&short, &[started(false)])), (256, 1));
}

/// A Parallel of so many branches that keep 250,000 bytes in a variable each.
fn keeping(branches: usize) -> Execution {
    let branch = |n: usize| {
        let (assign, wait) = (format!("A{n}"), format!("W{n}"));
        json!({"StartAt": assign, "States": {
            assign: {"Type": "Pass", "Assign": {format!("v{n}"): "{% $pad('x', 250000, 'y') %}"}, "Next": wait},
            wait: {"Type": "Wait", "Seconds": 9, "End": true}}})
    };
    let branches: Vec<_> = (0..branches).map(branch).collect();
    let states = json!({"P": {"Type": "Parallel", "Branches": branches, "End": true}});
    let text = json!({"QueryLanguage": "JSONata", "StartAt": "P", "States": states}).to_string();
    after(&definition(&text), &[started(false)])
}

#[test]
fn variables_are_10_mib_together_at_the_most() {
    assert_eq!(keeping(41).status(), Status::Running);
    let Phase::Ended(ending) = keeping(42).phase().clone() else { panic!("they are too large") };
    assert_eq!(ending.error.as_deref(), Some("States.DataLimitExceeded"));
}

#[test]
fn what_is_assigned_over_and_over_does_not_add_up() {
    let text = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "C", "Output": "{% $states.input.n ? {'n': $states.input.n + 1} : {'n': 1} %}",
              "Assign": {"v": "{% $pad('x', 250000, 'y') %}"}},
        "C": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.n < 100 %}", "Next": "A"}], "Default": "D"},
        "D": {"Type": "Succeed"}}});
    assert_eq!(after(&definition(&text.to_string()), &[started(false)]).status(), Status::Succeeded);
}

#[test]
fn an_express_execution_that_never_waits_is_timed_out() {
    let text = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.end", "IsPresent": true, "Next": "D"}], "Default": "A"},
        "D": {"Type": "Succeed"}}});
    let ended = after(&definition(&text.to_string()), &[started(true)]);
    assert_eq!(ended.status(), Status::TimedOut);
    // Of a Standard execution the history is full before.
    let ended = after(&definition(&text.to_string()), &[started(false)]);
    assert_eq!((ended.status(), ended.history_len()), (Status::Failed, quotas::HISTORY_EVENTS_MAX));
}

#[test]
fn a_map_over_ten_thousand_items_is_no_execution_that_never_waits() {
    let text = json!({"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.items", "End": true,
        "ResultPath": null, "OutputPath": null, "ItemProcessor": {"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": true}}}}}});
    let items: Vec<u32> = (0..10_000).collect();
    let start = Fact::Started {
        execution: "e".to_owned(),
        input: json!({"items": items}),
        seed: 1,
        first_id: 1,
        identity: None,
        express: true,
        rules: Rules::TODAY,
    };
    assert_eq!(after(&definition(&text.to_string()), &[start]).status(), Status::Succeeded);
}

#[test]
fn only_an_express_execution_that_has_ended_is_billed_by_time_and_memory() {
    let succeed = definition(&json!({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}).to_string());
    let billed = after(&succeed, &[started(true)]).billing();
    assert_eq!(billed, Some(Billing { memory_mb: 64, duration_ms: 0 }));
    assert_eq!(after(&succeed, &[started(false)]).billing(), None);
    let wait = json!({"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "End": true}}});
    assert_eq!(after(&definition(&wait.to_string()), &[started(true)]).billing(), None);
}
