//! What mocks tell over time: late answers, submissions, heartbeats, workers, silence.

use engine::{Detail, TaskEvent};
use serde_json::{Value, json};

use crate::harness::{FUNCTION, Ran, mocks, ran, settings, task};

const CALLBACK: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
const JOB: &str = "arn:aws:states:::glue:startJobRun.sync";

fn callback(more: &str, answer: Value) -> Ran {
    let parameters = r#", "Parameters": {"QueueUrl": "u", "MessageBody.$": "$$.Task.Token"}"#;
    let definition = task(CALLBACK, &format!("{parameters}{more}"));
    ran(&definition, json!({}), &settings(), &mut mocks(json!({"States": {"S": answer}})))
}

#[test]
fn a_token_is_handed_in_later_and_the_submission_has_an_answer_of_its_own() {
    let answer = json!({"Submitted": {"MessageId": "m"}, "Return": {"agreed": true}, "AfterSeconds": 3600});
    let ran = callback("", answer.clone());
    assert_eq!((ran.came_to(), ran.took_ms()), (json!({"agreed": true}), 3_600_000));
    let submitted = ran.history.iter().find_map(|event| match &event.detail {
        Detail::Task { event: TaskEvent::Submitted { output }, .. } => {
            Some((output.clone(), event.timestamp_ms))
        }
        _ => None,
    });
    assert_eq!(submitted, Some((r#"{"MessageId":"m"}"#.to_owned(), crate::harness::START_MS)));
    let job = task(JOB, r#", "Parameters": {"JobName": "j"}"#);
    let ran = crate::harness::ran(&job, json!({}), &settings(), &mut mocks(json!({"States": {"S": answer}})));
    assert_eq!(ran.types()[4..6], ["TaskSubmitted".to_owned(), "TaskSucceeded".to_owned()]);
}

#[test]
fn a_token_may_be_handed_in_with_an_error_or_never() {
    let ran = callback("", json!({"Throw": {"Error": "Denied", "Cause": "no"}, "AfterSeconds": 60}));
    assert_eq!((ran.came_to(), ran.took_ms()), (json!(["Denied", "no"]), 60_000));
    let ran = callback(r#", "TimeoutSeconds": 100"#, json!({"Never": true}));
    assert_eq!((ran.came_to(), ran.took_ms()), (json!(["States.Timeout", null]), 100_000));
    let ran = callback("", json!({"Never": true}));
    // A year is the longest that an execution takes.
    assert_eq!((ran.came_to(), ran.took_ms()), (json!(["States.Timeout", null]), 365 * 24 * 3_600_000));
}

#[test]
fn heartbeats_keep_a_task_alive_and_end_with_it() {
    let beat = |every: f64| json!({"Return": 1, "AfterSeconds": 100, "HeartbeatEverySeconds": every});
    let ran = callback(r#", "HeartbeatSeconds": 10"#, beat(9.5));
    assert_eq!((ran.came_to(), ran.took_ms()), (json!(1), 100_000));
    let ran = callback(r#", "HeartbeatSeconds": 10"#, beat(10.5));
    assert_eq!((ran.came_to(), ran.took_ms()), (json!(["States.HeartbeatTimeout", null]), 10_000));
    let never = json!({"Never": true, "HeartbeatEverySeconds": 1});
    let ran = callback(r#", "HeartbeatSeconds": 10, "TimeoutSeconds": 50"#, never);
    assert_eq!((ran.came_to(), ran.took_ms()), (json!(["States.Timeout", null]), 50_000));
}

#[test]
fn an_activity_is_taken_on_by_the_worker_that_is_named() {
    let activity = task("arn:aws:states:us-east-1:123456789012:activity:pack", "");
    let answer = json!({"Functions": {"pack": {"Return": 7, "AfterSeconds": 5, "Worker": "w-1"}}});
    let ran = ran(&activity, json!({}), &settings(), &mut mocks(answer));
    let worker = ran.history.iter().find_map(|event| match &event.detail {
        Detail::Task { event: TaskEvent::Started { worker }, .. } => worker.clone(),
        _ => None,
    });
    assert_eq!((ran.came_to(), ran.took_ms(), worker), (json!(7), 5000, Some("w-1".to_owned())));
}

#[test]
fn slow_answers_show_how_many_iterations_go_on_at_once() {
    let map = |at_once: u32| {
        format!(
            r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "MaxConcurrency": {at_once}, "End": true, "ItemProcessor": {{
                "StartAt": "S", "States": {{"S": {{"Type": "Task", "Resource": "{FUNCTION}", "End": true}}}}}}}}}}}}"#
        )
    };
    for (at_once, took_ms) in [(1, 40_000), (2, 20_000), (0, 10_000)] {
        let mut answers = mocks(json!({"Functions": {"f": {"Return": 1, "AfterSeconds": 10}}}));
        let ran = ran(&map(at_once), json!([1, 2, 3, 4]), &settings(), &mut answers);
        assert_eq!(ran.took_ms(), took_ms, "{at_once}");
    }
}
