//! A process that hands out tasks is killed again and again: each task is handed out once at the most, and none is lost.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "it is how the process says how far it is")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use engine::Status;
use futures::future::join_all;
use serde_json::json;
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

use crate::get::queued;
use crate::harness::{Process, execution_of};

/// Tells the re-executed test binary where its store is.
const CHILD_PATH: &str = "DUET_TASKS_KILLED_PATH";
const SAYS: &str = "handed out ";
const EXECUTIONS: usize = 60;
const WORKERS: usize = 4;
/// How often the process is killed.
const KILLS: u32 = 8;

fn open(path: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(path, SqliteOptions { checkpoint_pages: 50, ..Default::default() }).unwrap())
}

/// Begins what has not begun; workers say what they are given, and work on it until none is left running.
async fn drive(store: Arc<dyn Store>) {
    let process = Process::on_wall_clock(store).await;
    for number in 0..EXECUTIONS {
        process.begin(&format!("e{number}"), json!({"for_you": number})).await;
    }
    let work = async || {
        while is_running(&process).await {
            let Ok(answer) = tokio::time::timeout(Duration::from_secs(1), process.get(None)).await else {
                continue;
            };
            let answer = answer.unwrap();
            println!("{SAYS}{}", execution_of(&answer));
            process.succeed(answer["taskToken"].as_str().unwrap(), json!("packed")).await;
        }
    };
    join_all((0..WORKERS).map(|_| work())).await;
    process.shut_down().await;
}

async fn is_running(process: &Process) -> bool {
    for number in 0..EXECUTIONS {
        if process.status(&format!("e{number}")).await == Some(Status::Running) {
            return true;
        }
    }
    false
}

/// The process that is killed; as a test of its own it does nothing.
#[tokio::test]
async fn child_hands_out_until_killed() {
    let Some(path) = std::env::var_os(CHILD_PATH) else { return };
    drive(open(Path::new(&path))).await;
}

fn start_child(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child_hands_out_until_killed", "--nocapture", "--test-threads=1"])
        .env(CHILD_PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The executions whose tasks a process has said that it handed out.
fn said(child: &mut Child) -> Vec<String> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.filter_map(|line| line.split_once(SAYS).map(|(_, name)| name.trim().to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_handed_out_once_however_often_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.db");
    let mut given = Vec::new();
    for life in 0..KILLS {
        let mut child = start_child(&path);
        std::thread::sleep(Duration::from_millis(40) * (1 + life));
        child.kill().unwrap();
        child.wait().unwrap();
        given.extend(said(&mut child));
    }
    let mut child = start_child(&path);
    given.extend(said(&mut child));
    assert!(child.wait().unwrap().success());

    let distinct: BTreeSet<&String> = given.iter().collect();
    assert_eq!(distinct.len(), given.len(), "a task was handed out twice");
    // Whose worker was killed with the task in hand has timed out; all others have succeeded. None was left in the queue.
    let process = Process::on_wall_clock(open(&path)).await;
    let mut succeeded = 0;
    for number in 0..EXECUTIONS {
        let name = format!("e{number}");
        let status = process.status(&name).await;
        match status {
            Some(Status::Succeeded) => {
                assert!(given.contains(&name), "{name}");
                succeeded += 1;
            }
            status => assert_eq!(status, Some(Status::Failed), "{name}"),
        }
    }
    // A process that is killed takes no more tasks with it than it has workers.
    assert!(succeeded >= EXECUTIONS - KILLS as usize * WORKERS, "only {succeeded} have succeeded");
    // Whatever may be in the queue yet, nobody waits for it: it is given to nobody, and gone.
    let given = tokio::time::timeout(Duration::from_secs(2), process.get(None)).await;
    assert!(given.is_err(), "{given:?}");
    assert_eq!(queued(&*process.store).await, 0);
    process.shut_down().await;
}
