//! A process that drives executions is killed again and again: each execution ends once, with one history.
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
use executions::{Answer, execution_key, journal, list};
use serde_json::{Value, json};
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Read, Store};

use common::{CALLBACK, F, Running, check_journal, keep, map_of, start, succeeded};

/// Tells the re-executed test binary where its store is.
const CHILD_PATH: &str = "DUET_EXECUTIONS_KILLED_PATH";
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
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_drives_until_killed", "--nocapture", "--test-threads=1"])
        .env(CHILD_PATH, path)
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
