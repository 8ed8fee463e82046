//! `duet workflow serve` as whoever operates it meets it: the logs of executions, over a SIGKILL, and their traces.

use std::collections::BTreeSet;
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};
use tests::collector::Collector;
use tests::process::Process;
use tests::{until, workflows};

const EXECUTIONS: usize = 40;

async fn serve(folder: &Path) -> Process {
    let flags = ["workflow", "serve", "--listen", "127.0.0.1:0", "--execution-logs", "events.jsonl"];
    let process = Process::start(folder, "duet", &flags).await;
    until("it to be ready", async || process.ready().await).await;
    process
}

/// Number and type of the events of an execution, as they are logged.
fn logged(folder: &Path, arn: &str) -> BTreeSet<(u64, String)> {
    let text = std::fs::read_to_string(folder.join("events.jsonl")).unwrap_or_default();
    // A process that was killed may have left a line that is not whole.
    let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_arn = events.filter(|event| event["execution_arn"] == arn);
    of_arn
        .map(|event| {
            (event["id"].as_str().unwrap().parse().unwrap(), event["type"].as_str().unwrap().to_owned())
        })
        .collect()
}

#[tokio::test]
async fn every_event_of_every_execution_is_logged_though_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = serve(folder.path()).await;
    assert!(!process.log().contains("WARN"), "it needs no bus, and nothing is wrong: {}", process.log());
    let states = json!({
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Wait", "Seconds": 1, "Next": "C"},
        "C": {"Type": "Pass", "End": true},
    });
    let machine = workflows::make(process.address(), "m", "STANDARD", &states, "ALL").await;
    let mut arns = Vec::new();
    for number in 0..EXECUTIONS {
        let start = json!({"stateMachineArn": machine, "name": format!("e{number}"), "input": "{\"n\":1}"});
        let started = workflows::done(process.address(), "StartExecution", &start).await;
        arns.push(started["executionArn"].as_str().unwrap().to_owned());
        if number == EXECUTIONS / 2 {
            process.kill();
            process.killed().await;
            process = serve(folder.path()).await;
        }
    }
    for arn in &arns {
        until("an execution to end", async || {
            let told =
                workflows::done(process.address(), "DescribeExecution", &json!({"executionArn": arn})).await;
            if told["status"] == "SUCCEEDED" { Ok(()) } else { Err(told.to_string()) }
        })
        .await;
        let history =
            workflows::done(process.address(), "GetExecutionHistory", &json!({"executionArn": arn})).await;
        let events = history["events"].as_array().unwrap().iter();
        let history: BTreeSet<_> = events
            .map(|event| (event["id"].as_u64().unwrap(), event["type"].as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(history.len(), 8, "{history:?}");
        until("every event to be logged", async || {
            let logged = logged(folder.path(), arn);
            if logged == history { Ok(()) } else { Err(format!("{logged:?}")) }
        })
        .await;
    }
    // An Express execution has no history but this one.
    let express = workflows::make(
        process.address(),
        "x",
        "EXPRESS",
        &json!({"P": {"Type": "Pass", "End": true}}),
        "ALL",
    )
    .await;
    let sync = json!({"stateMachineArn": express, "name": "e"});
    let told = workflows::done(process.address(), "StartSyncExecution", &sync).await;
    let arn = told["executionArn"].as_str().unwrap();
    until("the Express execution to be logged", async || {
        let logged = logged(folder.path(), arn);
        if logged.len() == 4 { Ok(()) } else { Err(format!("{logged:?}")) }
    })
    .await;
    assert_eq!(process.metric("duet_workflow_log_events_dropped_total").await, 0);
    assert!(process.log().contains("execution_events"), "{}", process.log());
    until("no execution to be open", async || match process.metric("duet_workflow_open_executions").await {
        0 => Ok(()),
        open => Err(format!("{open} are")),
    })
    .await;
}

#[tokio::test]
async fn an_execution_is_a_trace_and_joins_that_of_its_caller() {
    let (folder, collector) = (tempfile::tempdir().unwrap(), Collector::start().await);
    let flags = ["workflow", "serve", "--listen", "127.0.0.1:0", "--store", "memory:"];
    let environment = collector.environment();
    let process = Process::start_in(&environment, "workflows", folder.path(), "duet", &flags).await;
    until("it to be ready", async || process.ready().await).await;
    let api = process.address();
    let activity = workflows::done(api, "CreateActivity", &json!({"name": "work"})).await;
    let activity = activity["activityArn"].as_str().unwrap();
    let states = json!({"W": {"Type": "Task", "Resource": activity, "End": true}});
    let machine = workflows::make(api, "m", "STANDARD", &states, "OFF").await;
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let start = json!({"stateMachineArn": machine, "name": "e", "traceHeader": header});
    workflows::done(api, "StartExecution", &start).await;
    let task = workflows::done(api, "GetActivityTask", &json!({"activityArn": activity})).await;
    let answer = json!({"taskToken": task["taskToken"], "output": "1"});
    workflows::done(api, "SendTaskSuccess", &answer).await;
    let spans = until("both spans", async || {
        let traces = collector.traces();
        let spans = traces.get("5759e988bd862e3fe1be46a994272793").cloned().unwrap_or_default();
        if spans.len() == 2 { Ok(spans) } else { Err(format!("{spans:?}")) }
    })
    .await;
    let named =
        |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{spans:?}"));
    let (whole, task) = (named("execution of m"), named("task W"));
    assert_eq!((whole.parent.as_str(), &task.parent), ("53995c3f42cd8ad8", &whole.id));
    assert_eq!(whole.attributes["duet.execution.status"], "SUCCEEDED");
    assert!(whole.times.0 <= task.times.0 && task.times.1 <= whole.times.1, "{spans:?}");
    assert_eq!(process.end(Signal::TERM).await, Some(0));
}
