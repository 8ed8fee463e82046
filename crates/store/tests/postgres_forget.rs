//! What is forgotten in PostgreSQL: what becomes of the journal, of what other instances remember, and of schemas of before.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

mod common;

use bytes::Bytes;
use common::{Schemas, admin, until_nobody_uses};
use store::postgres::{PostgresOptions, PostgresStore};
use store::{Commit, EntityForget, EntityWrite, Read, Store, StoreError};

fn write(key: &str, expected: u64, entry_bytes: usize) -> EntityWrite {
    let journal = vec![Bytes::from(vec![7; entry_bytes])];
    EntityWrite { key: key.to_owned(), expected, journal, ..EntityWrite::default() }
}

fn writing(entities: Vec<EntityWrite>) -> Commit {
    Commit { entities, ..Commit::default() }
}

fn forgetting(key: &str, expected: u64) -> Commit {
    let forget = EntityForget { key: key.to_owned(), expected, unlink: Vec::new() };
    Commit { forget: vec![forget], ..Commit::default() }
}

async fn rows(options: &PostgresOptions, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM \"{}\".{table}", options.schema_name());
    admin().await.query_one(&count, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_piece_of_the_journal_goes_with_the_last_of_its_entries() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("pieces");
    let store = schemas.open(&options).await;
    // One piece with entries of three; one that begins in it and has a piece of its own; empty entries; more than a page.
    store.commit(&writing(vec![write("a", 0, 100), write("b", 0, 0), write("c", 0, 7_000)])).await.unwrap();
    store
        .commit(&writing(vec![write("a", 1, 20_000), write("b", 1, 3), write("c", 1, 3_000)]))
        .await
        .unwrap();
    let before = rows(&options, "journal").await;
    assert!(before >= 3, "{before}");
    for (key, is_last) in [("b", false), ("a", false), ("c", true)] {
        store.commit(&forgetting(key, 2)).await.unwrap();
        let (pieces, counted) = (rows(&options, "journal").await, rows(&options, "forgotten").await);
        assert_eq!((pieces == 0, counted == 0), (is_last, is_last), "{key}: {pieces} {counted}");
        if key == "a" {
            assert!(pieces < before, "its own piece is gone");
            assert_eq!(store.journal("c", 0, 9).await.unwrap().len(), 2);
        }
    }
    assert_eq!(rows(&options, "entity").await, 0);
}

/// No transaction frees more than so much: the others wait for it. Two instances at it free it once.
#[tokio::test]
async fn a_long_journal_is_freed_in_bounded_steps() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("long");
    let (one, two) = (schemas.open(&options).await, schemas.open(&options).await);
    for (key, entry_bytes, count) in [("long", 10, 25_000), ("great", 100_000, 150)] {
        let journal = vec![Bytes::from(vec![7; entry_bytes]); count];
        let long = EntityWrite { key: key.to_owned(), journal, ..EntityWrite::default() };
        one.commit(&writing(vec![long, write("beside", u64::from(key == "great"), 10)])).await.unwrap();
        one.commit(&forgetting(key, 1)).await.unwrap();
        assert_eq!(rows(&options, "remains").await, 1, "{key}");
        let mut steps = 1;
        loop {
            let (swept, also) = tokio::join!(one.sweep(), two.sweep());
            if !(swept.unwrap() | also.unwrap()) {
                break;
            }
            steps += 1;
        }
        assert!(steps > 2, "{key} in {steps}");
        assert_eq!(rows(&options, "remains").await, 0, "{key}");
    }
    assert_eq!(one.journal("beside", 0, 9).await.unwrap().len(), 2);
    one.commit(&forgetting("beside", 2)).await.unwrap();
    assert_eq!((rows(&options, "journal").await, rows(&options, "forgotten").await), (0, 0));
}

#[tokio::test]
async fn what_another_instance_has_forgotten_is_a_conflict_and_then_not_there() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("remembered");
    let (one, two) = (schemas.open(&options).await, schemas.open(&options).await);
    one.commit(&writing(vec![write("a", 0, 1), write("b", 0, 1)])).await.unwrap();
    two.commit(&forgetting("a", 1)).await.unwrap();
    // The first still remembers it: that shows at the commit.
    assert!(one.load(&["a"]).await.unwrap()[0].is_some());
    let refused = one.commit(&writing(vec![write("a", 1, 1)])).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Conflict { key, expected: 1 } if key == "a"), "{refused:?}");
    assert_eq!(one.load(&["a"]).await.unwrap(), [None]);
    two.commit(&forgetting("b", 1)).await.unwrap();
    let relying = Commit { relied_on: vec![("b".to_owned(), 1)], ..writing(vec![write("c", 0, 1)]) };
    assert!(one.load(&["b"]).await.unwrap()[0].is_some());
    let refused = one.commit(&relying).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Conflict { key, .. } if key == "b"), "{refused:?}");

    // What takes its place is another, though it comes to the same version.
    two.commit(&writing(vec![write("a", 0, 1)])).await.unwrap();
    let loaded = one.load(&["a"]).await.unwrap().remove(0).unwrap();
    assert_eq!(loaded.version, 1);
    one.commit(&writing(vec![write("a", 1, 1)])).await.unwrap();
    assert_eq!(one.journal("a", 0, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_schema_of_the_first_format_is_migrated() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("migrated");
    let schema = options.schema_name();
    let made = format!(
        "CREATE SCHEMA \"{schema}\"; SET search_path = \"{schema}\"; {}; UPDATE format SET version = 1;
         INSERT INTO entity VALUES (nextval('entity_ids'), 1, 1, NULL, NULL, 'old', '', 'state')",
        include_str!("../src/postgres/v1.sql")
    );
    admin().await.batch_execute(&made).await.unwrap();
    let store = PostgresStore::open(options.clone());
    store.ready().await.unwrap();
    assert_eq!(&*store.get("old").await.unwrap().unwrap().state, b"state");
    store.commit(&writing(vec![write("old", 1, 5), write("new", 0, 5)])).await.unwrap();
    store.commit(&forgetting("old", 2)).await.unwrap();
    assert_eq!(store.stats().await.unwrap().entities, 1);
    drop(store);
    until_nobody_uses(&options).await;
}
