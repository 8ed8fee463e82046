//! A process that drives executions is killed again and again: each execution ends once, with one history; so does each child of a Map
//! run, whose counts are right.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "it is how the process says how far it is")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use asl::Definition;
use engine::Status;
use executions::{Answer, Catalogue, Request, Start, execution_key, journal, list, map_runs};
use serde_json::{Value, json};
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Read, Store};

use common::{CALLBACK, F, Running, Works, check_journal, keep, map_of, somebody, start, succeeded};

/// Tells the re-executed test binary where its store is.
const CHILD_PATH: &str = "DUET_EXECUTIONS_KILLED_PATH";
/// The same for a Map run.
const MAP_RUN_PATH: &str = "DUET_MAP_RUN_KILLED_PATH";
const SAYS: &str = "ended ";
const EXECUTIONS: usize = 40;

/// Each kind of waiting, beside and after each other; too great for its row, and small again.
fn states() -> Value {
    let task = json!({"Type": "Task", "Resource": F, "End": true});
    let wait = json!({"Type": "Wait", "Seconds": 1, "End": true});
    let ask = common::callback(("End", json!(true)));
    let branch = |name: &str, state: Value| json!({"StartAt": name, "States": {name: state}});
    let mut map = map_of(F)["M"].clone();
    map.as_object_mut().unwrap().remove("End");
    map["Next"] = json!("P");
    map["ResultPath"] = json!("$.map");
    json!({
        "M": map,
        "P": {"Type": "Parallel", "Branches": [branch("Call", task), branch("Wait", wait), branch("Ask", ask)], "End": true},
    })
}

fn open(path: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(path, SqliteOptions { checkpoint_pages: 50, ..Default::default() }).unwrap())
}

/// Starts what has not been started, answers what is asked, until all have ended; says so for each.
async fn drive(store: &Arc<dyn Store>) {
    let definition = keep(&**store, "m", states()).await;
    let running = Running::on_wall_clock(Arc::clone(store));
    for number in 0..EXECUTIONS {
        let input = json!({"items": (0..(number % 3) * 20).collect::<Vec<_>>()});
        let started = running.ask(&format!("e{number}"), start(&definition, input)).await.unwrap();
        assert!(matches!(started, Answer::Started { .. } | Answer::Exists { .. }), "{started:?}");
    }
    let mut said = Vec::new();
    while said.len() < EXECUTIONS {
        for number in 0..EXECUTIONS {
            let name = format!("e{number}");
            if said.contains(&number) {
                continue;
            }
            if running.ending(&name).await.is_some() {
                said.push(number);
                println!("{SAYS}{number}");
                continue;
            }
            // Whoever has the token may have it from an earlier life: what it was is in the journal.
            for task in asked(&**store, &execution_key("m", &name), &definition).await {
                running.ask(&name, succeeded(task, json!("answer"))).await.unwrap();
            }
        }
    }
    running.stop().await;
}

async fn asked(store: &dyn Read, key: &str, definition: &Definition) -> Vec<engine::TaskId> {
    let (_, calls) = engine::unanswered(definition, journal(store, key).await.unwrap()).unwrap();
    calls.into_iter().filter(|call| *call.resource == *CALLBACK).map(|call| call.task).collect()
}

/// The process that is killed; as a test of its own it does nothing.
#[tokio::test]
async fn child_drives_until_killed() {
    let Some(path) = std::env::var_os(CHILD_PATH) else { return };
    drive(&open(Path::new(&path))).await;
}

fn start_child(path: &Path) -> Child {
    start_process("child_drives_until_killed", CHILD_PATH, path)
}

fn start_process(test: &str, variable: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(variable, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_end_once_however_often_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executions.db");
    // Killed after another time in each life, from before the first commit to among the last.
    for life in 0..8_u64 {
        let mut child = start_child(&path);
        std::thread::sleep(Duration::from_millis(20 + 90 * life));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut child = start_child(&path);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.filter(|line| line.contains(SAYS)).count(), EXECUTIONS);
    assert!(child.wait().unwrap().success());

    let store = open(&path);
    let definition = Arc::new(keep(&*store, "m", states()).await);
    let (page, _) = list(&*store, "m", Some(Status::Succeeded), None, 2 * EXECUTIONS).await.unwrap();
    assert_eq!(page.len(), EXECUTIONS);
    for number in 0..EXECUTIONS {
        check_journal(&*store, &format!("e{number}"), &definition).await;
    }
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.timers, stats.outbox_rows), (0, 0));
}

const ITEMS: usize = 400;
const FAILING: usize = 40;

/// A Map over the items of a file, some of which fail; what comes of them is written to files.
fn map_run() -> Value {
    let name = json!({"Bucket": "b", "Key": "items.json"});
    json!({"M": {
        "Type": "Map", "Label": "Each", "End": true, "MaxConcurrency": 60, "ToleratedFailurePercentage": 50,
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}, "Parameters": name},
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "out"}},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "C",
            "States": {
                "C": {"Type": "Choice", "Choices": [{"Variable": "$.fails", "BooleanEquals": true, "Next": "F"}], "Default": "T"},
                "T": {"Type": "Task", "Resource": F, "End": true},
                "F": {"Type": "Fail", "Error": "E"},
            },
        },
    }})
}

/// Starts it, if it has not begun, and waits until it has ended and nothing is left to do.
async fn drive_map_run(folder: &Path) {
    let store = open(&folder.join("executions.db"));
    let definition = keep(&*store, "m", map_run()).await;
    let works = Works { buckets: Some(folder.to_owned()), ..Works::default() };
    let running = Running::of(Arc::clone(&store), Arc::new(participant::SystemClock), works);
    let Request::Start(request) = start(&definition, json!({})) else { unreachable!() };
    let request = Start { identity: Some(somebody("a")), ..*request };
    // What an earlier life has left comes first.
    let request = Request::Start(Box::new(request));
    let started = running.requests.insist(&execution_key("m", "a"), request).await.unwrap();
    assert!(matches!(started, Answer::Started { .. } | Answer::Exists { .. }), "{started:?}");
    running.ended("a").await;
    while store.stats().await.unwrap().outbox_rows > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("{SAYS}a");
    running.stop().await;
}

/// The process that is killed; as a test of its own it does nothing.
#[tokio::test]
async fn child_drives_a_map_run_until_killed() {
    let Some(path) = std::env::var_os(MAP_RUN_PATH) else { return };
    drive_map_run(Path::new(&path)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_run_ends_once_with_the_right_counts_however_often_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = folder.path().join("b");
    std::fs::create_dir_all(&bucket).unwrap();
    let items: Vec<Value> = (0..ITEMS).map(|n| json!({"fails": n % (ITEMS / FAILING) == 0})).collect();
    std::fs::write(bucket.join("items.json"), json!(items).to_string()).unwrap();
    let start = || start_process("child_drives_a_map_run_until_killed", MAP_RUN_PATH, folder.path());
    for life in 0..6_u64 {
        let mut child = start();
        std::thread::sleep(Duration::from_millis(40 + 110 * life));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut child = start();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.filter(|line| line.contains(SAYS)).count(), 1);
    assert!(child.wait().unwrap().success());

    let store = open(&folder.path().join("executions.db"));
    let definition = keep(&*store, "m", map_run()).await;
    check_journal(&*store, "a", &definition).await;
    let key = execution_key("m", "a");
    let (runs, _) = map_runs::list(&*store, &Catalogue::default(), &key, None, 10).await.unwrap();
    let [map_runs::DescribedRun { run, .. }] = &runs[..] else { panic!("{runs:?}") };
    let (ended, failed) = (run.items.succeeded as usize, run.items.failed as usize);
    assert_eq!((run.status, ended, failed), (Status::Succeeded, ITEMS - FAILING, FAILING));
    let name = format!("m/{}", run.arn.rsplit_once('/').unwrap().1);
    for (status, count) in [(Status::Succeeded, ITEMS - FAILING), (Status::Failed, FAILING)] {
        let (children, _) = list(&*store, &name, Some(status), None, 2 * ITEMS).await.unwrap();
        assert_eq!(children.len(), count, "each item had one child");
    }
    let stored = executions::describe(&*store, &key).await.unwrap().unwrap();
    let output = stored.ending().unwrap().output.clone().unwrap();
    let read = |key: &Value| -> Value {
        serde_json::from_slice(&std::fs::read(bucket.join(key.as_str().unwrap())).unwrap()).unwrap()
    };
    let manifest = read(&output["ResultWriterDetails"]["Key"]);
    let written = read(&manifest["ResultFiles"]["SUCCEEDED"][0]["Key"]);
    assert_eq!(written.as_array().unwrap().len(), ITEMS - FAILING);
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.timers, stats.outbox_rows), (0, 0));
}
