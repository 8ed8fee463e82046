//! The loop: time, events, ways, and what never ends.

use std::time::{Duration, Instant};

use engine::{Detail, Way};
use runner::{Layers, Settings};
use serde_json::json;

use crate::harness::{FUNCTION, mocks, one, ran, settings, task};

const DAY: &str = r#""Type": "Wait", "Seconds": 86400"#;

#[test]
fn a_wait_of_a_day_takes_no_time_and_a_day_on_the_executions_clock() {
    #[allow(clippy::disallowed_methods, reason = "it is about the time outside")]
    let began = Instant::now();
    let ran = ran(&one(DAY), json!({"a": 1}), &settings(), &mut Layers::default());
    assert_eq!((ran.came_to(), ran.took_ms()), (json!({"a": 1}), 86_400_000));
    assert!(began.elapsed() < Duration::from_secs(60));
    let types = ["ExecutionStarted", "WaitStateEntered", "WaitStateExited", "ExecutionSucceeded"];
    assert_eq!(ran.types(), types);
}

#[test]
fn on_real_time_a_wait_takes_its_time() {
    let settings = Settings { real_time: true, ..settings() };
    let wait = r#""Type": "Wait", "Seconds": 1"#;
    let ran = ran(&one(wait), json!({}), &settings, &mut Layers::default());
    assert!(ran.took_ms() >= 1000, "{}", ran.took_ms());
}

#[test]
fn what_takes_longer_than_anybody_waits_is_given_up() {
    let settings = Settings { real_time: true, patience: Duration::from_millis(50), ..settings() };
    let ran = ran(&one(DAY), json!({}), &settings, &mut Layers::default());
    let error = ran.error();
    let told = "the execution has not ended within 0.05 s: the state \"S\" waits for another ";
    assert!(error.starts_with(told), "{error}");
}

#[test]
fn what_goes_round_for_ever_is_given_up() {
    let round = r#"{"StartAt": "A", "States": {
        "A": {"Type": "Wait", "Seconds": 1, "Next": "B"}, "B": {"Type": "Choice", "Choices":
            [{"Variable": "$.stop", "IsPresent": true, "Next": "C"}], "Default": "A"}, "C": {"Type": "Succeed"}}}"#;
    let settings = Settings { express: true, facts_max: 100, ..settings() };
    let ran = ran(round, json!({}), &settings, &mut Layers::default());
    assert_eq!(ran.error(), "the execution does not end: it was told 100 facts");
}

#[test]
fn an_execution_knows_who_it_is() {
    let pass =
        r#""Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id", "machine.$": "$$.StateMachine.Name"}"#;
    let ran = ran(&one(pass), json!({}), &settings(), &mut Layers::default());
    let id = "arn:aws:states:us-east-1:123456789012:execution:flow:e-1";
    assert_eq!(ran.came_to(), json!({"id": id, "machine": "flow"}));
}

#[test]
fn an_answer_that_takes_longer_than_the_task_may_is_too_late() {
    let definition = task(FUNCTION, r#", "TimeoutSeconds": 60"#);
    for (after_s, came_to) in [(59, json!("in time")), (61, json!(["States.Timeout", null]))] {
        let mut answers = mocks(json!({"States": {"S": {"Return": "in time", "AfterSeconds": after_s}}}));
        assert_eq!(ran(&definition, json!({}), &settings(), &mut answers).came_to(), came_to, "{after_s}");
    }
}

#[test]
fn a_call_that_nothing_answers_ends_the_run_and_nothing_catches_it() {
    let catch = r#", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "S"}]"#;
    for (resource, parameters, told) in [
        (FUNCTION, "", "nothing answers the call of f by the state \"S\": answer it with --mock"),
        ("arn:aws:states:::lambda:invoke", r#", "Parameters": {"FunctionName": "g"}"#, "the call of g by"),
        (
            "arn:aws:states:::sqs:sendMessage",
            r#", "Parameters": {"QueueUrl": "u", "MessageBody": "m"}"#,
            "of sqs:sendMessage by",
        ),
    ] {
        let definition = task(resource, &format!("{parameters}{catch}"));
        let ran = ran(&definition, json!({}), &settings(), &mut Layers::default());
        assert!(ran.error().contains(told), "{}", ran.error());
    }
}

#[test]
fn the_ways_that_were_taken_are_told() {
    let definition = format!(
        r#"{{"StartAt": "Call", "States": {{
        "Call": {{"Type": "Task", "Resource": "{FUNCTION}", "Next": "Decide", "ResultPath": null,
            "Retry": [{{"ErrorEquals": ["A"]}}, {{"ErrorEquals": ["B"], "MaxAttempts": 1}}],
            "Catch": [{{"ErrorEquals": ["C"], "Next": "Decide"}}, {{"ErrorEquals": ["B"], "Next": "Decide"}}]}},
        "Decide": {{"Type": "Choice", "Default": "End", "Choices": [
            {{"Variable": "$.x", "IsPresent": true, "Next": "End"}},
            {{"Variable": "$.Error", "StringEquals": "B", "Next": "End"}}]}},
        "End": {{"Type": "Succeed"}}}}}}"#
    );
    for (answer, ways) in [
        (json!({"Throw": {"Error": "B"}}), vec![Way::Retrier(1), Way::Catcher(1), Way::Rule(1)]),
        (json!({"Return": 1}), vec![Way::Default]),
    ] {
        let ran = ran(
            &definition,
            json!({"Error": "none"}),
            &settings(),
            &mut mocks(json!({"States": {"Call": answer}})),
        );
        let taken: Vec<_> = ran.run.unwrap().taken.iter().map(|it| it.way).collect();
        assert_eq!(taken, ways);
    }
}

#[test]
fn tokens_jobs_and_activities_are_answered_as_calls_are() {
    for (resource, more, types) in [
        (
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            r#", "Parameters": {"QueueUrl": "u", "MessageBody.$": "$$.Task.Token"}"#,
            ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"],
        ),
        (
            "arn:aws:states:::glue:startJobRun.sync",
            r#", "Parameters": {"JobName": "j"}"#,
            ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"],
        ),
    ] {
        let ran = ran(
            &task(resource, more),
            json!({}),
            &settings(),
            &mut mocks(json!({"States": {"S": {"Return": 7}}})),
        );
        assert_eq!((ran.came_to(), &ran.types()[2..6]), (json!(7), &types.map(str::to_owned)[..]));
    }
    let activity = "arn:aws:states:us-east-1:123456789012:activity:pack";
    let ran = ran(
        &task(activity, ""),
        json!({}),
        &settings(),
        &mut mocks(json!({"Functions": {"pack": {"Return": 7}}})),
    );
    let types = ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"].map(str::to_owned);
    assert_eq!((ran.came_to(), &ran.types()[2..5]), (json!(7), &types[..]));
}

#[test]
fn events_are_seen_in_order_and_once() {
    let map = r#""Type": "Map", "ItemProcessor": {"StartAt": "W", "States": {"W": {"Type": "Wait", "SecondsPath": "$", "End": true}}}"#;
    let ran = ran(&one(map), json!([3, 1, 2]), &settings(), &mut Layers::default());
    assert_eq!((ran.came_to(), ran.took_ms()), (json!([3, 1, 2]), 3000));
    let ids: Vec<_> = ran.history.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=ran.run.as_ref().unwrap().events).collect::<Vec<_>>());
    let ended = ran.history.iter().filter_map(|event| match &event.detail {
        Detail::MapIteration { what: "Succeeded", index, .. } => Some(*index),
        _ => None,
    });
    let ended: Vec<_> = ended.collect();
    assert_eq!(ended, [1, 2, 0]);
    assert!(ran.coverage.entered("W"));
}
