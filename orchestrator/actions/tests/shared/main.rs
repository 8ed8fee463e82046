//! Two instances of the API share their executions on one PostgreSQL, and one of them is killed in the middle of its work: each execution
//! ends once, with one history.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "it is how a process says where it listens")]

mod client;
mod instance;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use store::Read;
use store::postgres::{PostgresOptions, PostgresStore, drop_schema};
use tokio::time::Instant;

use client::Client;
use instance::Instance;

const EXECUTIONS: usize = 30;
const ITEMS: usize = 8;
/// Of each instance.
const WORKERS: usize = 3;
/// So many have ended when one of the instances is killed.
const ENDED_BEFORE: usize = 5;
const PATIENCE: Duration = Duration::from_secs(90);

fn activity() -> String {
    "arn:aws:states:us-east-1:123456789012:activity:work".to_owned()
}

/// Everything that an execution may wait for, at once and after each other.
fn definition() -> String {
    let branch = |name: &str, state: Value| json!({"StartAt": name, "States": {name: state}});
    let wait = json!({"Type": "Wait", "Seconds": 1, "End": true});
    let map = json!({"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 3, "End": true,
                     "ItemProcessor": branch("Each", wait.clone())});
    let ask = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
                     "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}});
    // A worker's task may be lost with the instance that hands it out: then it takes too long.
    let again = json!([{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 50, "BackoffRate": 1}]);
    let work =
        json!({"Type": "Task", "Resource": activity(), "TimeoutSeconds": 4, "Retry": again, "End": true});
    let branches = [branch("M", map), branch("W", wait.clone()), branch("Ask", ask), branch("Work", work)];
    let parallel = json!({"Type": "Parallel", "Branches": branches, "Next": "Last"});
    json!({"StartAt": "P", "States": {"P": parallel, "Last": wait}}).to_string()
}

fn arn(name: usize) -> String {
    format!("arn:aws:states:us-east-1:123456789012:execution:m:e{name}")
}

/// What everybody who asks has to know.
struct Load {
    /// The one that is killed, and the one that goes on.
    ports: [u16; 2],
    is_one_gone: AtomicBool,
    ended: AtomicUsize,
}

impl Load {
    /// An instance that is there, as far as is known; which one, goes by the number.
    fn port(&self, number: usize) -> u16 {
        if self.is_one_gone.load(Ordering::Relaxed) { self.ports[1] } else { self.ports[number % 2] }
    }

    /// The answer, or the error, of whichever instance answers.
    async fn ask(&self, number: usize, action: &str, body: Value) -> Result<Value, Value> {
        loop {
            if let Some(answer) = Client::ask_once(self.port(number), action, &body).await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn is_over(&self) -> bool {
        self.ended.load(Ordering::Relaxed) == EXECUTIONS
    }

    /// Works on tasks of the activity, as long as there is anything to do.
    async fn work(&self, number: usize) {
        while !self.is_over() {
            let get = self.ask(number, "GetActivityTask", json!({"activityArn": activity()}));
            let Ok(Ok(task)) = tokio::time::timeout(Duration::from_secs(3), get).await else { continue };
            if let Some(token) = task["taskToken"].as_str() {
                let done = json!({"taskToken": token, "output": "\"done\""});
                // It may have taken too long.
                let _ = self.ask(number + 1, "SendTaskSuccess", done).await;
            }
        }
    }

    /// Answers what an execution asks, until it has ended.
    async fn mind(&self, number: usize) {
        let mut answered = BTreeSet::new();
        loop {
            let body = json!({"executionArn": arn(number), "maxResults": 1000});
            let history = self.ask(number, "GetExecutionHistory", body).await.unwrap();
            let events = history["events"].as_array().unwrap();
            if events.iter().any(|event| event["type"] == "ExecutionSucceeded") {
                self.ended.fetch_add(1, Ordering::Relaxed);
                return;
            }
            for event in events.iter().filter(|event| event["type"] == "TaskScheduled") {
                let parameters = event["taskScheduledEventDetails"]["parameters"].as_str().unwrap();
                let parameters: Value = serde_json::from_str(parameters).unwrap();
                let token = parameters["MessageBody"]["token"].as_str().unwrap().to_owned();
                if answered.insert(token.clone()) {
                    let answer = json!({"taskToken": token, "output": "1"});
                    // Whoever was asked may have done it, and have been killed before it said so.
                    let _ = self.ask(number + 1, "SendTaskSuccess", answer).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_instances_share_ends_once_though_one_is_killed() {
    let Some(url) = testbed::POSTGRES.for_test() else { return };
    let mut options = PostgresOptions::parse(&url).unwrap();
    options.schema = Some(format!("t{}_api", std::process::id()));
    let shared = tokio::spawn(share(options.clone())).await;
    drop_schema(&options).await.unwrap();
    shared.unwrap();
}

async fn share(options: PostgresOptions) {
    let schema = options.schema.clone().unwrap();
    let (mut one, other) = (Instance::start(&schema), Instance::start(&schema));
    let ports = [one.port, other.port];
    let load = Arc::new(Load { ports, is_one_gone: AtomicBool::new(false), ended: AtomicUsize::new(0) });
    load.ask(0, "CreateActivity", json!({"name": "work"})).await.unwrap();
    let machine =
        json!({"name": "m", "definition": definition(), "roleArn": "arn:aws:iam::123456789012:role/r"});
    let machine = load.ask(1, "CreateStateMachine", machine).await.unwrap()["stateMachineArn"].clone();
    let input = json!({"items": (0..ITEMS).collect::<Vec<_>>()}).to_string();
    let starts = (0..EXECUTIONS).map(|number| {
        let start = json!({"stateMachineArn": machine, "name": format!("e{number}"), "input": input});
        load.ask(number, "StartExecution", start)
    });
    for started in join_all(starts).await {
        started.unwrap();
    }
    let spawn = |task: usize| {
        let load = Arc::clone(&load);
        tokio::spawn(async move {
            match task.checked_sub(EXECUTIONS) {
                None => load.mind(task).await,
                Some(worker) => load.work(worker).await,
            }
        })
    };
    let tasks: Vec<_> = (0..EXECUTIONS + 2 * WORKERS).map(spawn).collect();
    let began = Instant::now();
    while load.ended.load(Ordering::Relaxed) < ENDED_BEFORE {
        assert!(began.elapsed() < PATIENCE, "nothing ends");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    one.kill();
    load.is_one_gone.store(true, Ordering::Relaxed);
    let at_kill = load.ended.load(Ordering::Relaxed);
    assert!(at_kill < EXECUTIONS, "it was killed in the middle of its work");
    for task in tasks {
        tokio::time::timeout(PATIENCE, task).await.expect("all end").unwrap();
    }
    for number in 0..EXECUTIONS {
        check(&load, number).await;
    }
    drop(other);
    let store = PostgresStore::open(options);
    store.ready().await.unwrap();
    assert_eq!(store.stats().await.unwrap().timers, 0);
}

/// The execution has ended once, and did everything once.
async fn check(load: &Load, number: usize) {
    let described = load.ask(1, "DescribeExecution", json!({"executionArn": arn(number)})).await.unwrap();
    assert_eq!(described["status"], "SUCCEEDED");
    let body = json!({"executionArn": arn(number), "maxResults": 1000});
    let history = load.ask(1, "GetExecutionHistory", body).await.unwrap();
    let events = history["events"].as_array().unwrap();
    let ids: Vec<_> = events.iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=events.len() as u64).collect::<Vec<_>>());
    let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    for (kind, times) in [
        ("ExecutionStarted", 1),
        ("ExecutionSucceeded", 1),
        ("ParallelStateSucceeded", 1),
        ("MapIterationSucceeded", ITEMS),
        ("TaskSucceeded", 1),
        ("ActivitySucceeded", 1),
        // Each item, the branch, and the last.
        ("WaitStateExited", ITEMS + 2),
    ] {
        assert_eq!(count(kind), times, "{kind} of e{number}");
    }
    assert_eq!(events.last().unwrap()["type"], "ExecutionSucceeded");
}
