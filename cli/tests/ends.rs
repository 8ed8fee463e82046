//! How commands end when they cannot say what they found, or are interrupted.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic, in its helpers, too")]

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

fn duet(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duet"));
    command.args(args).env_remove("DUET_LOG").env_remove("DUET_BUS");
    command
}

#[test]
fn a_result_that_cannot_be_written_is_an_error_unless_nobody_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let command = || {
        let mut command = duet(&["down", "--dir", "x"]);
        command.current_dir(dir.path());
        command
    };
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = command().stdout(full).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: standard output cannot be written: caused by No space left"), "{said}");

    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let ended = command().stdout(closed).stderr(Stdio::piped()).output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0));
}

fn files(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

#[test]
fn an_interrupted_limit_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", dir.path().display());
    let mut limit = duet(&["limit", "--store", &store]).stdout(Stdio::piped()).spawn().unwrap();
    while files(dir.path()) == 0 {
        assert_eq!(limit.try_wait().unwrap(), None, "it ended before it began");
        std::thread::sleep(Duration::from_millis(5));
    }
    kill_process(Pid::from_child(&limit), Signal::INT).unwrap();
    assert_eq!(limit.wait().unwrap().code(), Some(130));
    assert_eq!(files(dir.path()), 0);
}

/// Of a process and all that it has started, by the folder in their command lines.
fn processes_on(folder: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let environments = processes.filter_map(|process| std::fs::read(process.path().join("environ")).ok());
    environments.filter(|environment| String::from_utf8_lossy(environment).contains(folder)).count()
}

#[test]
fn an_interrupted_limit_of_the_api_ends_its_server_and_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_str().unwrap();
    let json = dir.path().join("limit.json");
    let args = ["limit", "--workflow", "--seconds", "600", "--json", json.to_str().unwrap()];
    let store = format!("sqlite:{folder}");
    let mut limit = duet(&args).args(["--store", &store]).stdout(Stdio::piped()).spawn().unwrap();
    // Until the server has its store: its yardstick is measured by then, and the rest would take half an hour.
    let has_store = || {
        let folders = std::fs::read_dir(folder).unwrap().flatten();
        folders.into_iter().any(|folder| folder.path().join("workflows.db").exists())
    };
    while !has_store() {
        assert_eq!(limit.try_wait().unwrap(), None, "it ended before it began");
        std::thread::sleep(Duration::from_millis(5));
    }
    kill_process(Pid::from_child(&limit), Signal::INT).unwrap();
    assert_eq!(limit.wait().unwrap().code(), Some(130));
    assert_eq!((files(dir.path()), processes_on(folder)), (0, 0));
}
