//! Places that cannot hold a store, and disks that fail: each says what is wrong and what to do.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::sql::sql_count;
use crate::{EntityForget, EntityWrite, FREED_BYTES_MAX, FREED_ENTRIES_MAX};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, SqliteOptions { busy_timeout: Duration::from_millis(20), ..Default::default() })
}

/// Checks that the place is refused for good, naming it and saying `what`.
fn assert_unusable<T: std::fmt::Debug>(result: Result<T, StoreError>, path: &Path, what: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains(&path.display().to_string()), "{message} does not name {}", path.display());
    assert!(message.contains(what), "{message} does not say: {what}");
}

fn large_write(key: &str, expected: u64) -> Commit {
    let state = Bytes::from(vec![1; 100_000]);
    Commit {
        entities: vec![EntityWrite { key: key.into(), expected, state, ..Default::default() }],
        ..Default::default()
    }
}

#[test]
fn refuses_a_missing_folder() {
    let folder = folder();
    let path = folder.path().join("missing").join("orders.db");
    assert_unusable(open(&path), &path, "missing does not exist: create it");
}

#[test]
fn refuses_a_folder_as_the_file_and_a_file_as_the_folder() {
    let folder = folder();
    assert_unusable(open(folder.path()), folder.path(), "is a folder: name a file in it");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_unusable(open(&file.join("orders.db")), &file, "is not a folder");
    assert_unusable(open(Path::new("/")), Path::new("/"), "does not name a file");
}

#[test]
fn refuses_what_is_not_a_sqlite_file_and_leaves_it_alone() {
    let folder = folder();
    let path = folder.path().join("notes.txt");
    let notes = "remember the milk ".repeat(100);
    fs::write(&path, &notes).unwrap();
    assert_unusable(open(&path), &path, "is not a SQLite file: choose another path");
    assert_unusable(SqliteReader::open_read_only(&path), &path, "is not a SQLite file");
    assert_eq!(fs::read_to_string(&path).unwrap(), notes);
}

#[test]
fn refuses_the_sqlite_file_of_another_program_and_leaves_it_alone() {
    let folder = folder();
    let path = folder.path().join("photos.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE photo (id INTEGER PRIMARY KEY)").unwrap();
    let before = fs::read(&path).unwrap();
    assert_unusable(open(&path), &path, "is a SQLite file of another program");
    assert_unusable(SqliteReader::open_read_only(&path), &path, "is a SQLite file of another program");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn refuses_a_newer_format_and_leaves_it_alone() {
    let folder = folder();
    let path = folder.path().join("orders.db");
    drop(open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 1_000).unwrap();
    assert_unusable(
        open(&path),
        &path,
        "has format 1000, newer than this program's 3: use the newer program",
    );
    assert_unusable(SqliteReader::open_read_only(&path), &path, "newer than this program's");
}

#[tokio::test]
async fn a_file_of_the_first_format_is_migrated() {
    let folder = folder();
    let path = folder.path().join("orders.db");
    let old = Connection::open(&path).unwrap();
    schema::use_wal(&path, &old).unwrap();
    old.execute_batch(schema::V1).unwrap();
    let rows = "INSERT INTO journal VALUES (1, NULL, x'61'), (2, 1, x'62');
                INSERT INTO entity VALUES (1, 'a', 2, NULL, 2, x'', x'01'), (2, 'b', 1, 5, NULL, x'', x'02')";
    old.execute_batch(rows).unwrap();
    old.pragma_update(None, "application_id", schema::APPLICATION_ID).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let store = open(&path).unwrap();
    assert_eq!(store.journal("a", 0, 9).await.unwrap(), [Bytes::from("a"), Bytes::from("b")]);
    assert_eq!(store.stats().await.unwrap().entities, 2);
    let forget = EntityForget { key: "b".to_owned(), expected: 1, unlink: Vec::new() };
    store.commit(&Commit { forget: vec![forget], ..Commit::default() }).await.unwrap();
    store.commit(&large_write("c", 0)).await.unwrap();
    let ids: Vec<_> = store.scan(0, 9).await.unwrap().into_iter().map(|(id, key, _)| (id, key)).collect();
    assert_eq!(ids, [(1, "a".to_owned()), (3, "c".to_owned())]);
}

/// What is forgotten makes room for what comes: the file does not grow.
#[tokio::test]
async fn room_is_used_again() {
    const ENTITIES: usize = 200;
    let folder = folder();
    let path = folder.path().join("orders.db");
    let store = open(&path).unwrap();
    let pages = async || {
        let writer = store.writer.lock().await;
        let pages = |name| writer.connection().pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        (pages("page_count").unwrap(), pages("freelist_count").unwrap())
    };
    let mut most = 0;
    for life in 0..5 {
        let write = |number| EntityWrite {
            key: format!("{life} {number}"),
            journal: vec![Bytes::from(vec![7; 3_000]); 3],
            ..EntityWrite::default()
        };
        let entities = (0..ENTITIES).map(write).collect();
        store.commit(&Commit { entities, ..Commit::default() }).await.unwrap();
        let (all, _) = pages().await;
        most = if life == 0 { all } else { most };
        assert!(all <= most + most / 20, "{all} pages in life {life}, {most} in the first");
        let forget =
            |number| EntityForget { key: format!("{life} {number}"), expected: 1, unlink: Vec::new() };
        let forget = (0..ENTITIES).map(forget).collect();
        store.commit(&Commit { forget, ..Commit::default() }).await.unwrap();
        let (all, free) = pages().await;
        assert!(free > all * 9 / 10, "{free} of {all} are free");
    }
    assert_eq!(store.stats().await.unwrap().entities, 0);
}

/// No transaction frees more than so much: the others wait for it.
#[tokio::test]
async fn a_long_journal_is_freed_in_bounded_steps() {
    let folder = folder();
    let store = open(&folder.path().join("orders.db")).unwrap();
    let entries = async || {
        let writer = store.writer.lock().await;
        let sql = "SELECT count(*), coalesce(sum(length(data)), 0) FROM journal";
        writer
            .connection()
            .query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .unwrap()
    };
    let (entries_max, bytes_max) = (sql_count(FREED_ENTRIES_MAX), sql_count(FREED_BYTES_MAX));
    for (key, entry_bytes, count) in [("long", 10, 12_000), ("great", 100_000, 150)] {
        let journal = vec![Bytes::from(vec![7; entry_bytes]); count];
        let write = EntityWrite { key: key.to_owned(), journal, ..EntityWrite::default() };
        store.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
        let (mut before, mut steps) = (entries().await, 1);
        let forget = EntityForget { key: key.to_owned(), expected: 1, unlink: Vec::new() };
        store.commit(&Commit { forget: vec![forget], ..Commit::default() }).await.unwrap();
        loop {
            let now = entries().await;
            let freed = (before.0 - now.0, before.1 - now.1);
            assert!(freed.0 <= entries_max && freed.1 <= bytes_max + 100_000, "{freed:?} of {key} at once");
            before = now;
            if !store.sweep().await.unwrap() {
                break;
            }
            steps += 1;
        }
        assert_eq!(before, (0, 0), "{key} is gone");
        assert!(steps > 2, "{key} in {steps}");
    }
}

#[test]
fn takes_an_empty_file() {
    let folder = folder();
    let path = folder.path().join("orders.db");
    fs::write(&path, "").unwrap();
    assert_unusable(SqliteReader::open_read_only(&path), &path, "is empty");
    open(&path).unwrap();
    SqliteReader::open_read_only(&path).unwrap();
}

#[test]
fn reads_nothing_where_nothing_is() {
    let folder = folder();
    let path = folder.path().join("orders.db");
    assert_unusable(SqliteReader::open_read_only(&path), &path, "does not exist");
    assert!(!path.exists());
}

#[test]
fn refuses_a_folder_it_may_not_write() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let path = folder.path().join("orders.db");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(folder.path().join("probe"), "").is_ok() {
        // The superuser may write anywhere; the message itself is checked below.
        return;
    }
    assert_unusable(open(&path), &path, "give this user write permission on its folder");
}

#[test]
fn io_errors_say_what_to_do() {
    let path = Path::new("/data/orders.db-lock");
    let denied = error::explain_io(path, std::io::ErrorKind::PermissionDenied.into());
    assert_unusable::<()>(Err(denied), path, "give this user write permission on its folder");
    let full = error::explain_io(path, std::io::ErrorKind::StorageFull.into());
    assert!(full.is_retryable() && full.to_string().contains("free some space"), "{full}");
}

#[test]
fn a_second_store_on_one_file_is_refused_whatever_the_file_is_called() {
    let folder = folder();
    let (path, link) = (folder.path().join("orders.db"), folder.path().join("link.db"));
    let store = open(&path).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for name in [&path, &link] {
        let message = open(name).unwrap_err().to_string();
        assert!(
            message.contains("is writing") && message.contains("orders.db already: stop it"),
            "{message}"
        );
    }
    drop(store);
    open(&link).unwrap();
}

#[tokio::test]
async fn a_foreign_lock_is_waited_for_and_then_named() {
    let folder = folder();
    let path = folder.path().join("orders.db");
    let store = open(&path).unwrap();
    let shell = Connection::open(&path).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.commit(&large_write("a", 0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("orders.db locked: close what has it open"), "{error}");
    shell.execute_batch("ROLLBACK").unwrap();
    store.commit(&large_write("a", 0)).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_is_no_longer_full_once_there_is_space() {
    let folder = folder();
    let store = open(&folder.path().join("orders.db")).unwrap();
    store.commit(&large_write("a", 0)).await.unwrap();
    let limit = |pages: u32| {
        let set = format!("PRAGMA max_page_count = {pages}");
        let store = &store;
        async move {
            store.writer.lock().await.connection().query_row(&set, [], |row| row.get::<_, i64>(0)).unwrap()
        }
    };
    // SQLite reports its own limit exactly as it does a write that the disk has no room for.
    limit(1).await;
    for _ in 0..2 {
        let error = store.commit(&large_write("b", 0)).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        assert!(error.to_string().contains("is full: free some space; nothing was lost"), "{error}");
        let loaded = store.load(&["a", "b"]).await.unwrap();
        assert!(loaded[0].is_some() && loaded[1].is_none(), "the store goes on with what it has");
    }
    limit(1_000_000).await;
    store.commit(&large_write("b", 0)).await.unwrap();
    assert_eq!(store.stats().await.unwrap().entities, 2);
}

#[tokio::test]
async fn what_was_seen_of_a_failed_commit_is_forgotten() {
    let folder = folder();
    let store = open(&folder.path().join("orders.db")).unwrap();
    let insert = |key: &str| large_write(key, 0).entities.remove(0);
    store.commit(&large_write("other", 0)).await.unwrap();
    let refused = Commit { entities: vec![insert("a"), insert("other")], ..Default::default() };
    assert!(matches!(store.commit(&refused).await, Err(StoreError::Conflict { .. })));
    // Takes the row that `a` would have had.
    store.commit(&large_write("b", 0)).await.unwrap();
    let error = store.commit(&large_write("a", 1)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Conflict { key, .. } if key == "a"), "{error:?}");
    assert_eq!(store.get("b").await.unwrap().unwrap().version, 1);
}

#[tokio::test]
async fn reads_neither_wait_for_a_commit_nor_see_it_early() {
    let folder = folder();
    let store = open(&folder.path().join("orders.db")).unwrap();
    store.commit(&large_write("a", 0)).await.unwrap();
    let writer = store.writer.lock().await;
    writer.connection().execute_batch("BEGIN IMMEDIATE; UPDATE entity SET version = 2").unwrap();
    assert_eq!(store.get("a").await.unwrap().unwrap().version, 1);
    writer.connection().execute_batch("COMMIT").unwrap();
    assert_eq!(store.get("a").await.unwrap().unwrap().version, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_reads_than_connections_take_turns() {
    let folder = folder();
    let store = std::sync::Arc::new(open(&folder.path().join("orders.db")).unwrap());
    store.commit(&large_write("a", 0)).await.unwrap();
    let reads: Vec<_> = (0..50)
        .map(|_| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move { store.get("a").await.unwrap().unwrap().version })
        })
        .collect();
    for read in reads {
        assert_eq!(read.await.unwrap(), 1);
    }
}
