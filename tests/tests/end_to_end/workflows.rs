//! `duet workflow serve` as whoever operates it meets it: the logs of executions, over a SIGKILL.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
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
