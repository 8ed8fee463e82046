//! A server is killed again and again, in the middle of its work: each message has started one execution in the end.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, MemoryBus, MemoryOptions, RemoteBus, RemoteOptions, remote};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};
use tokio::net::TcpListener;

use super::world::{Server, at_rest, executions, machine, placed, plain_rule, publish};

/// Tells the process that is killed where its store is, and its bus.
const PLACE: &str = "DUET_TRIGGERS_KILLED";
const SAYS: &str = "it follows the rules";
const LIVES: usize = 8;
const MESSAGES: usize = 200;

fn open(path: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(path, SqliteOptions::default()).unwrap())
}

/// The process that is killed; as a test of its own it does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn child_starts_executions_until_killed() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let (address, path) = place.split_once(' ').unwrap();
    let bus: Arc<dyn Bus> =
        Arc::new(RemoteBus::connect(address.to_owned(), RemoteOptions::default()).await.unwrap());
    let server = Server::start(&bus, &open(Path::new(path)));
    server.follows(2).await;
    println!("{SAYS}");
    std::future::pending::<()>().await;
}

fn start_child(address: &str, path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "triggers::tests::killed::child_starts_executions_until_killed",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(PLACE, format!("{address} {}", path.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(SAYS)), "it does not start");
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_starts_one_however_often_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("workflows.db");
    {
        let store = open(&path);
        machine(&*store, "m", false).await;
        machine(&*store, "x", true).await;
        plain_rule(&*store, "standard", "m").await;
        plain_rule(&*store, "express", "x").await;
    }
    let options = MemoryOptions { delivery_limit: 1_000, ..MemoryOptions::default() };
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new(options));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let served = tokio::spawn(remote::serve_with(
        listener,
        Arc::clone(&bus),
        RemoteOptions::default(),
        std::future::pending(),
    ));
    for life in 0..LIVES {
        let mut child = start_child(&address, &path);
        publish(&*bus, &placed(life * MESSAGES..(life + 1) * MESSAGES)).await;
        // After another time in each life: from before the first commit to among the last.
        tokio::time::sleep(Duration::from_millis(3 * life as u64)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut child = start_child(&address, &path);
    at_rest(&*bus).await;
    child.kill().unwrap();
    child.wait().unwrap();
    served.abort();

    let store = open(&path);
    for machine in ["m", "x"] {
        let found = executions(&*store, machine).await;
        assert_eq!(found.len(), LIVES * MESSAGES, "{machine}");
        assert!(found.values().all(|version| *version == 1), "{machine} was begun again");
    }
}
