//! Nothing that a program says about its work ends the work: standard error and logs on a device that is always full.

use std::fs::File;
use std::os::unix::fs::symlink;
use std::path::Path;

use contract::groups::PARTICIPANTS;
use rustix::process::Signal;
use serde_json::Value;
use tests::process::{self, Process};
use tests::{PATIENCE, http, until};
use tokio::process::Command;
use tokio::time::timeout;

const FULL: &str = "/dev/full";

fn full() -> File {
    File::options().write(true).open(FULL).unwrap()
}

/// The lines that the process says it has dropped.
fn dropped(metrics: &str) -> u64 {
    let name = "duet_log_lines_dropped_total ";
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("there is no {name} in\n{metrics}")).parse().unwrap()
}

#[tokio::test]
async fn a_service_goes_on_whose_log_cannot_be_written_and_counts_what_it_dropped() {
    let folder = tempfile::tempdir().unwrap();
    for name in PARTICIPANTS {
        // `Process` opens this as the process's standard error.
        symlink(FULL, folder.path().join(format!("{name}.log"))).unwrap();
        let args = ["--bus", "memory:", "--store", "memory:", "--listen", "127.0.0.1:0", "--log", "debug"];
        let service = Process::start(folder.path(), name, &args).await;
        until("the service to be ready", async || service.ready().await).await;
        let (status, metrics) = http::get(service.address(), "/metrics").await.unwrap();
        assert_eq!(status, 200);
        assert!(dropped(&metrics) > 0, "{name} wrote nothing that could be dropped");
        assert_eq!(service.end(Signal::TERM).await, Some(0), "{name}");
    }
}

async fn status(folder: &Path) -> Value {
    serde_json::from_str(&process::run(folder, "duet", &["status", "--json"]).await.stdout)
        .unwrap_or_default()
}

#[tokio::test]
async fn a_supervisor_and_what_it_runs_go_on_without_logs() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join(".duet/logs");
    std::fs::create_dir_all(&logs).unwrap();
    for name in PARTICIPANTS.into_iter().chain(["bus"]) {
        symlink(FULL, logs.join(format!("{name}.log"))).unwrap();
    }
    let mut up = process::command(folder.path(), "duet", &["up"]).stderr(full()).spawn().unwrap();
    until("everything to be ready", async || {
        let status = status(folder.path()).await;
        let doing = |process: &Value| process["doing"] == "ready";
        let processes = status["processes"].as_array().cloned().unwrap_or_default();
        if processes.len() == 5 && processes.iter().all(doing) { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
    let down = process::run(folder.path(), "duet", &["down"]).await;
    assert_eq!(down.code, Some(0), "{}", down.stderr);
    let ended = timeout(PATIENCE, up.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn a_result_that_cannot_be_written_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    for args in
        [&["simulate", "--seeds", "1"][..], &["simulate", "--replay", "1"], &["limit", "--store", "sqlite"]]
    {
        // Not `Command::output`, which would put pipes in their place.
        let run = |mut command: Command| async move {
            timeout(PATIENCE, command.spawn().unwrap().wait_with_output()).await.unwrap().unwrap()
        };
        let mut command = process::command(folder.path(), "duet", args);
        command.stdout(full());
        let ended = run(command).await;
        let told = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "duet {args:?}: {told}");
        assert!(told.contains("standard output cannot be written"), "duet {args:?}: {told}");
        // And where nobody can be told either.
        let mut command = process::command(folder.path(), "duet", args);
        command.stdout(full()).stderr(full());
        assert_eq!(run(command).await.status.code(), Some(1), "duet {args:?}");
    }
}
