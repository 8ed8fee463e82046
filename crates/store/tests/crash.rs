//! A process is killed in the middle of committing: everything it was told is committed is there, and nothing is
//! half there. (What a power cut leaves cannot be tested this way; that rests on `synchronous=FULL`.)

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use store::sqlite::{SqliteOptions, SqliteReader, SqliteStore};
use store::{Commit, Durability, Entity, EntityWrite, Read, Store};

/// Tells the re-executed test binary which file to commit to.
const CHILD_PATH: &str = "DUET_STORE_CRASH_TEST_PATH";
/// Tells it whether its commits are flushed.
const CHILD_FLUSHES: &str = "DUET_TEST_FLUSHES";
/// Entities that every batch writes.
const ENTITIES: usize = 8;
/// Before the child's number of each finished commit.
const COMMITTED: &str = "committed ";

fn keys() -> Vec<String> {
    (0..ENTITIES).map(|i| format!("order-{i}")).collect()
}

async fn load(store: &SqliteStore, keys: &[String]) -> Vec<Option<Entity>> {
    store.load(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap()
}

/// The child: commits numbered batches, saying so after each, until it is killed. As a test of its own it does
/// nothing.
#[tokio::test]
async fn child_commits_until_killed() {
    let Ok(path) = std::env::var(CHILD_PATH) else { return };
    let durability =
        if std::env::var(CHILD_FLUSHES).unwrap() == "1" { Durability::Power } else { Durability::Kill };
    let options = SqliteOptions { checkpoint_pages: 50, durability, ..Default::default() };
    let store = SqliteStore::open(path, options).unwrap();
    assert_eq!(store.durability(), durability);
    let keys = keys();
    let mut last_outbox = store.outbox(0, 10).await.unwrap().pop().map(|row| row.id);
    loop {
        let versions: Vec<u64> =
            load(&store, &keys).await.iter().map(|e| e.as_ref().map_or(0, |e| e.version)).collect();
        let number = versions[0] + 1;
        let content = Bytes::from(format!("{number}:").repeat(100));
        let write = |(key, expected): (&String, &u64)| EntityWrite {
            key: key.clone(),
            expected: *expected,
            state: content.clone(),
            meta: content.slice(..20),
            next_due: Some(i64::try_from(number).unwrap()),
            journal: vec![Bytes::from(number.to_string())],
            ..EntityWrite::default()
        };
        let commit = Commit {
            entities: keys.iter().zip(&versions).map(write).collect(),
            outbox_add: vec![Bytes::from(number.to_string())],
            outbox_forget: last_outbox.into_iter().collect(),
            ..Commit::default()
        };
        last_outbox = store.commit(&commit).await.unwrap().pop();
        println!("{COMMITTED}{number}");
    }
}

fn start_child(path: &Path, flushes: bool) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_commits_until_killed", "--nocapture", "--test-threads=1"])
        .env(CHILD_PATH, path)
        .env(CHILD_FLUSHES, if flushes { "1" } else { "0" })
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The numbers the child has printed, as they come.
fn numbers(child: &mut Child) -> impl Iterator<Item = u64> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The harness may print on the same line before the first number.
    lines.map_while(Result::ok).filter_map(|line| line.rsplit_once(COMMITTED)?.1.parse().ok())
}

/// Checks that every part of the last batch is there, and gives its number.
async fn last_whole_batch(store: &SqliteStore) -> u64 {
    let entities: Vec<Entity> = load(store, &keys()).await.into_iter().map(Option::unwrap).collect();
    let number = entities[0].version;
    let content = Bytes::from(format!("{number}:").repeat(100));
    for (key, entity) in keys().iter().zip(&entities) {
        assert_eq!(
            (entity.version, &entity.state),
            (number, &content),
            "{key} is of the same batch as the first"
        );
        assert_eq!(entity.next_due, Some(i64::try_from(number).unwrap()));
        let journal = store.journal(key, 0, usize::MAX).await.unwrap();
        let all: Vec<Bytes> = (1..=number).map(|n| Bytes::from(n.to_string())).collect();
        assert_eq!(journal, all, "{key} has one entry of each batch");
    }
    let outbox: Vec<Bytes> = store.outbox(0, 10).await.unwrap().into_iter().map(|row| row.blob).collect();
    assert_eq!(outbox, [Bytes::from(number.to_string())], "one row was added and the one before forgotten");
    number
}

#[tokio::test]
async fn what_was_committed_survives_a_kill_and_nothing_is_half_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let mut committed = 0;
    // With and without a flush for each commit: a killed process leaves all of it in the page cache.
    for round in 1..=5 {
        let mut child = start_child(&path, round % 2 == 0);
        let mut numbers = numbers(&mut child);
        // Killed at another point of its work each round, while it goes on committing.
        let seen = numbers.by_ref().nth(20 * round).expect("the child commits");
        child.kill().unwrap();
        child.wait().unwrap();
        // What was printed before it died but not read yet counts too.
        let told = numbers.last().unwrap_or(seen);
        let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
        let found = last_whole_batch(&store).await;
        assert!(found >= told, "batch {told} was committed, but {found} is the last one there");
        assert!(found <= told + 1, "at most one commit was not told of yet");
        assert!(found > committed, "the round got on");
        committed = found;
    }
}

#[tokio::test]
async fn another_process_is_refused_for_writing_but_may_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let mut child = start_child(&path, true);
    let pid = child.id();
    let seen = numbers(&mut child).nth(3).expect("the child commits");

    let refused = SqliteStore::open(&path, SqliteOptions::default()).unwrap_err();
    assert!(refused.is_retryable(), "it may be gone a moment later: {refused:?}");
    let message = refused.to_string();
    assert!(message.contains(&format!("process {pid} is writing")), "{message}");
    assert!(message.contains("orders.db") && message.contains("stop it"), "{message}");

    let reader = SqliteReader::open_read_only(&path).unwrap();
    assert!(reader.get("order-0").await.unwrap().unwrap().version >= seen);
    assert_eq!(reader.stats().await.unwrap().entities, ENTITIES as u64);

    child.kill().unwrap();
    child.wait().unwrap();
    SqliteStore::open(&path, SqliteOptions::default()).expect("a dead process holds no lock");
    assert!(reader.get("order-0").await.unwrap().unwrap().version >= seen, "the reader outlives the writer");
}
