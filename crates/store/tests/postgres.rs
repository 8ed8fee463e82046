//! What PostgreSQL's store does beyond the suite: refusals in plain words, lost connections, several instances.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::proxy::{Network, Proxy};
use common::{Schemas, admin, until_nobody_uses};
use store::postgres::{PostgresOptions, PostgresReader, PostgresStore, drop_schema};
use store::{Commit, Durability, EntityWrite, OutboxRow, Read, Store, StoreError};
use tokio::time::{Instant, sleep};

fn write(key: &str, expected: u64, state: &str) -> EntityWrite {
    EntityWrite {
        key: key.into(),
        expected,
        state: Bytes::copy_from_slice(state.as_bytes()),
        ..EntityWrite::default()
    }
}

fn writing(entities: impl IntoIterator<Item = EntityWrite>) -> Commit {
    Commit { entities: entities.into_iter().collect(), ..Commit::default() }
}

fn sending(blob: &str) -> Commit {
    Commit { outbox_add: vec![Bytes::copy_from_slice(blob.as_bytes())], ..Commit::default() }
}

async fn state(store: &dyn Store, key: &str) -> Option<(u64, String)> {
    let entity = store.load(&[key]).await.unwrap().remove(0)?;
    Some((entity.version, String::from_utf8_lossy(&entity.state).into_owned()))
}

fn blobs(rows: Vec<OutboxRow>) -> Vec<String> {
    rows.into_iter().map(|row| String::from_utf8_lossy(&row.blob).into_owned()).collect()
}

fn unusable(result: Result<(), StoreError>, told: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
    assert!(error.to_string().contains(told), "{error}");
}

/// Waits for what must come, by asking again and again.
async fn until<T>(mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it never came");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_can_never_work_is_refused_with_what_to_do() {
    let Some(schemas) = Schemas::if_there() else { return };
    let here = schemas.new_schema("refused");
    let url = testbed::POSTGRES.url();
    let (before, host) = url.rsplit_once('@').unwrap();
    let (place, database) = host.split_once('/').unwrap();
    let (scheme, user) = before.rsplit_once('/').unwrap();
    let user = user.split(':').next().unwrap();

    let ready = async |url: String| {
        let refused = PostgresStore::open(PostgresOptions::parse(&url).unwrap()).ready().await;
        if let Err(error) = &refused {
            assert!(!format!("{error:?}").contains("wrong-password"), "no secret is told");
        }
        refused
    };
    unusable(
        ready(format!("{scheme}/{user}:wrong-password@{place}/{database}")).await,
        "check user and password",
    );
    unusable(ready(format!("{before}@{place}/no_such_database")).await, "createdb -h");
    let mut options = here.clone();
    options.schema = Some("no; such".into());
    unusable(PostgresStore::open(options).ready().await, "cannot be the name of a schema");
    // Whoever writes it may make it at any time: who reads tries again, and finds it.
    let early = PostgresReader::open(here.clone());
    let error = early.ready().await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("no service has stored anything"), "{error}");

    schemas.open(&here).await;
    until(async || early.ready().await.ok()).await;
    let newer = format!("UPDATE {}.format SET version = 99", here.schema_name());
    admin().await.batch_execute(&newer).await.unwrap();
    unusable(PostgresStore::open(here.clone()).ready().await, "a newer format");
    unusable(PostgresReader::open(here).ready().await, "a newer format");
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for_behind_the_scenes() {
    let Some(schemas) = Schemas::if_there() else { return };
    let proxy = Proxy::start(Network::Down).await;
    let options = schemas.through(proxy.port, &schemas.new_schema("late"), "");
    let store = PostgresStore::open(options);
    let error = store.ready().await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains(&format!("127.0.0.1:{}", proxy.port)), "{error}");
    // Calls fail at once, and say the same.
    assert!(store.load(&["a"]).await.unwrap_err().is_retryable());
    assert!(store.get("a").await.unwrap_err().is_retryable());
    assert_eq!(store.durability(), Durability::Process, "nothing is promised before it is known");
    proxy.set(Network::Works);
    until(async || store.commit(&writing([write("a", 0, "1")])).await.ok()).await;
    until(async || store.get("a").await.ok().flatten()).await;
    assert_eq!(store.durability(), Durability::Power, "the test server flushes");
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let Some(schemas) = Schemas::if_there() else { return };
    let proxy = Proxy::start(Network::Works).await;
    let options = schemas.through(proxy.port, &schemas.new_schema("lost"), "");
    let store = PostgresStore::open(options);
    store.commit(&writing([write("a", 0, "1")])).await.unwrap();
    for version in 1..5 {
        proxy.set(Network::Down);
        until(async || store.probe().await.err()).await;
        proxy.set(Network::Works);
        until(async || store.probe().await.ok()).await;
        store.commit(&writing([write("a", version, "x")])).await.unwrap();
    }
    assert_eq!(state(&store, "a").await.unwrap().0, 5);
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_when_it_is_loaded_again() {
    let Some(schemas) = Schemas::if_there() else { return };
    let proxy = Proxy::start(Network::Works).await;
    let options = schemas.through(proxy.port, &schemas.new_schema("in_doubt"), "&statement_timeout_ms=1000");
    let store = PostgresStore::open(options);
    store.commit(&writing([write("a", 0, "1")])).await.unwrap();
    assert_eq!(state(&store, "a").await, Some((1, "1".into())), "it is known from here on");

    proxy.set(Network::Deaf);
    let commit = Commit { outbox_add: vec![Bytes::from_static(b"sent")], ..writing([write("a", 1, "2")]) };
    let error = store.commit(&commit).await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("has not answered"), "{error}");
    proxy.set(Network::Works);
    until(async || store.probe().await.ok()).await;
    assert_eq!(state(&store, "a").await, Some((2, "2".into())));
    assert_eq!(blobs(store.outbox(0, 10).await.unwrap()), ["sent"], "its own rows, on a new connection");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up_and_nothing_of_it_is_done() {
    let Some(schemas) = Schemas::if_there() else { return };
    let schema = schemas.new_schema("slow");
    let options = schemas.through(common::proxy::server().port(), &schema, "&statement_timeout_ms=1000");
    let store = PostgresStore::open(options);
    store.commit(&writing([write("a", 0, "1")])).await.unwrap();
    let mut other = admin().await;
    let lock = other.transaction().await.unwrap();
    lock.batch_execute(&format!("LOCK TABLE {}.entity", schema.schema_name())).await.unwrap();
    let error = store.commit(&writing([write("a", 1, "2"), write("b", 0, "1")])).await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("statement_timeout_ms"), "{error}");
    lock.rollback().await.unwrap();
    assert_eq!(state(&store, "b").await, None);
    store.commit(&writing([write("a", 1, "2")])).await.unwrap();
}

#[tokio::test]
async fn the_connection_may_be_used_from_one_runtime_after_another() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("runtimes");
    let store = std::sync::Arc::new(schemas.open(&options).await);
    for version in 0..3 {
        let store = std::sync::Arc::clone(&store);
        let elsewhere = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                until(async || store.probe().await.ok()).await;
                store.commit(&writing([write("a", version, "x")])).await.unwrap();
            });
        });
        tokio::task::spawn_blocking(|| elsewhere.join().unwrap()).await.unwrap();
    }
    until(async || store.probe().await.ok()).await;
    assert_eq!(state(&*store, "a").await.unwrap().0, 3);
}

#[tokio::test]
async fn the_connection_moves_to_the_runtime_that_takes_the_store_over() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("moves");
    let store = std::sync::Arc::new(schemas.open(&options).await);
    // Whoever sets the store up writes a little, then hands it to a participant with a thread of its own.
    store
        .commit(&Commit { outbox_add: vec![Bytes::from_static(b"mine")], ..writing([write("a", 0, "0")]) })
        .await
        .unwrap();
    let backend = async || {
        let sql = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND pid IN (
                       SELECT pid FROM pg_stat_activity WHERE application_name = $1)";
        let name = format!("duet {}", options.schema_name());
        admin().await.query_one(sql, &[&name]).await.unwrap().get::<_, i32>(0)
    };
    let first = backend().await;
    let taken_over = std::sync::Arc::clone(&store);
    let elsewhere = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for version in 1..5 {
                taken_over.commit(&writing([write("a", version, "x")])).await.unwrap();
            }
            assert_eq!(blobs(taken_over.outbox(0, 10).await.unwrap()), ["mine"]);
        });
        runtime
    });
    let runtime = tokio::task::spawn_blocking(|| elsewhere.join().unwrap()).await.unwrap();
    assert_ne!(backend().await, first, "a connection of its own, and the first one is gone");
    runtime.shutdown_background();
}

#[tokio::test]
async fn a_stale_memory_is_noticed_by_the_commit_and_the_next_load_is_exact() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("stale");
    let (one, two) = (schemas.open(&options).await, schemas.open(&options).await);
    one.commit(&writing([write("a", 0, "1"), write("b", 0, "1")])).await.unwrap();
    two.commit(&writing([write("a", 1, "2")])).await.unwrap();

    // The first instance remembers what it wrote: that is no worse than having loaded it a moment ago.
    assert_eq!(state(&one, "a").await, Some((1, "1".into())));
    let stale = writing([write("a", 1, "other")]);
    let conflict = one.commit(&stale).await.unwrap_err();
    assert!(matches!(&conflict, StoreError::Conflict { key, expected: 1 } if key == "a"), "{conflict:?}");
    assert_eq!(state(&one, "a").await, Some((2, "2".into())));

    // A decision that rests on what is remembered, without writing it, is refused as well.
    two.commit(&writing([write("a", 2, "3")])).await.unwrap();
    assert_eq!(state(&one, "a").await, Some((2, "2".into())));
    let relying = Commit { relied_on: vec![("a".into(), 2)], ..writing([write("b", 1, "2")]) };
    let conflict = one.commit(&relying).await.unwrap_err();
    assert!(matches!(&conflict, StoreError::Conflict { key, expected: 2 } if key == "a"), "{conflict:?}");
    assert_eq!(state(&one, "b").await, Some((1, "1".into())), "nothing of it was done");
    assert_eq!(state(&one, "a").await, Some((3, "3".into())));
    one.commit(&Commit { relied_on: vec![("a".into(), 3)], ..relying }).await.unwrap();
    one.commit(&Commit { relied_on: vec![("a".into(), 3), ("none".into(), 0)], ..Commit::default() })
        .await
        .unwrap();
}

#[tokio::test]
async fn outbox_rows_are_their_instance_s_until_it_is_gone_and_then_one_other_s() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("owners");
    let (one, two) = (schemas.open(&options).await, schemas.open(&options).await);
    let large = "x".repeat(100_000);
    one.commit(&sending("from one")).await.unwrap();
    two.commit(&sending("from two")).await.unwrap();
    one.commit(&sending(&large)).await.unwrap();
    assert_eq!(blobs(one.outbox(0, 10).await.unwrap()), ["from one", &large]);
    assert_eq!(blobs(two.outbox(0, 10).await.unwrap()), ["from two"]);
    assert_eq!(two.adopt(10).await.unwrap(), []);

    let three = schemas.open(&options).await;
    three.probe().await.unwrap();
    drop(one);
    let adopted = until(async || Some(two.adopt(1).await.unwrap()).filter(|rows| !rows.is_empty())).await;
    assert_eq!(blobs(adopted), ["from one"]);
    assert_eq!(blobs(three.adopt(10).await.unwrap()), [large.as_str()], "what the limit left is anybody's");
    assert_eq!(blobs(two.outbox(0, 10).await.unwrap()), ["from one", "from two"]);
    assert_eq!(three.adopt(10).await.unwrap(), []);
    assert_eq!(two.stats().await.unwrap().outbox_rows, 3);
}

/// Whatever PostgreSQL believes of the tables' sizes when it plans how.
#[tokio::test]
async fn what_a_gone_instance_leaves_is_taken_over_whole() {
    const ROWS: usize = 20;
    let Some(schemas) = Schemas::if_there() else { return };
    let left: Vec<String> = (0..ROWS).map(|n| n.to_string().repeat(n * 1_000)).collect();
    let keys: Vec<String> = (0..ROWS).map(|n| format!("k{n:02}")).collect();
    for believed in [0, 1, ROWS] {
        let options = schemas.new_schema("taken_over");
        let (gone, heir) = (schemas.open(&options).await, schemas.open(&options).await);
        let timer = |(key, due): (&String, i64)| EntityWrite { next_due: Some(due), ..write(key, 0, "") };
        for (number, due) in keys.iter().zip(1..).enumerate() {
            if number == believed {
                let schema = options.schema_name();
                let analyze = format!("ANALYZE \"{schema}\".outbox; ANALYZE \"{schema}\".entity");
                admin().await.batch_execute(&analyze).await.unwrap();
            }
            gone.commit(&sending(&left[number])).await.unwrap();
            gone.commit(&writing([timer(due)])).await.unwrap();
        }
        drop(gone);
        let first = until(async || Some(heir.adopt(15).await.unwrap()).filter(|rows| !rows.is_empty())).await;
        assert_eq!(first.len(), 15);
        let adopted = [blobs(first), blobs(heir.adopt(15).await.unwrap())].concat();
        assert!(adopted == left, "{believed}: {:?}", adopted.iter().map(String::len).collect::<Vec<_>>());
        assert_eq!(heir.due(1_000, 15).await.unwrap(), keys[..15], "{believed}");
        assert_eq!(heir.due(1_000, 30).await.unwrap(), keys, "{believed}");
    }
}

/// Which of several due timers comes first does not matter here.
fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort();
    keys
}

#[tokio::test]
async fn timers_are_their_instance_s_until_it_is_late_or_gone() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("timers");
    let (one, two) = (schemas.open(&options).await, schemas.open(&options).await);
    let timer = |key, expected, due| EntityWrite { next_due: Some(due), ..write(key, expected, "") };
    one.commit(&writing([timer("a", 0, 1_000), timer("b", 0, 50_000)])).await.unwrap();
    two.commit(&writing([timer("c", 0, 2_000)])).await.unwrap();
    assert_eq!(one.due(2_000, 10).await.unwrap(), ["a"]);
    assert_eq!(two.due(1_999, 10).await.unwrap(), Vec::<String>::new(), "the first may still get to it");
    assert_eq!((one.next_due().await.unwrap(), two.next_due().await.unwrap()), (Some(1_000), Some(2_000)));
    // Late by the grace of a second: the second instance takes it over, and the first no longer tries.
    assert_eq!(sorted(two.due(2_000, 10).await.unwrap()), ["a", "c"]);
    assert_eq!(one.due(1_999, 10).await.unwrap(), Vec::<String>::new());
    // Who writes it is who minds it. And being taken over is no conflict.
    one.commit(&writing([timer("a", 1, 60_000)])).await.unwrap();
    assert_eq!(sorted(two.due(55_000, 10).await.unwrap()), ["b", "c"], "that one is late, too");

    drop(one);
    until(async || (two.next_due().await.unwrap() == Some(2_000)).then_some(())).await;
    two.commit(&writing([EntityWrite { next_due: None, ..write("c", 1, "") }])).await.unwrap();
    two.commit(&writing([EntityWrite { next_due: None, ..write("b", 1, "") }])).await.unwrap();
    until(async || (two.next_due().await.unwrap() == Some(60_000)).then_some(())).await;
    assert_eq!(two.due(59_999, 10).await.unwrap(), Vec::<String>::new());
    // As soon as its instance is gone, which the server may notice a moment later.
    until(async || (two.due(60_000, 10).await.unwrap() == ["a"]).then_some(())).await;
}

#[tokio::test]
async fn an_instance_keeps_its_rows_over_a_lost_connection() {
    let Some(schemas) = Schemas::if_there() else { return };
    let schema = schemas.new_schema("identity");
    let proxy = Proxy::start(Network::Works).await;
    let store = PostgresStore::open(schemas.through(proxy.port, &schema, "&statement_timeout_ms=1000"));
    store.commit(&sending("mine")).await.unwrap();
    let other = schemas.open(&schema).await;
    // The server does not notice that this connection is lost: the next one has to end it.
    proxy.set(Network::Silent);
    assert!(store.probe().await.is_err());
    proxy.set(Network::Works);
    until(async || store.probe().await.ok()).await;
    assert_eq!(blobs(store.outbox(0, 10).await.unwrap()), ["mine"]);
    assert_eq!(other.adopt(10).await.unwrap(), [], "its owner lives");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_write_the_same_keys_conflict_and_never_deadlock() {
    const KEYS: u64 = 12;
    const WINS: usize = 60;
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("overlap");
    let instances: Vec<_> = (0..4_u64)
        .map(|number| {
            let store = PostgresStore::open(options.clone());
            tokio::spawn(async move {
                let (mut wins, mut state) = (0, number + 1);
                while wins < WINS {
                    // A few keys of a small pool, in an order of its own.
                    let mut keys: Vec<String> = Vec::new();
                    for _ in 0..6 {
                        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        let key = format!("k{}", (state >> 33) % KEYS);
                        if !keys.contains(&key) {
                            keys.push(key);
                        }
                    }
                    let refs: Vec<&str> = keys.iter().map(String::as_str).collect();
                    let loaded = store.load(&refs).await.unwrap();
                    let entities = keys.iter().zip(loaded).map(|(key, entity)| EntityWrite {
                        journal: vec![Bytes::from(number.to_string())],
                        ..write(key, entity.map_or(0, |entity| entity.version), "")
                    });
                    match store.commit(&writing(entities)).await {
                        Ok(_) => wins += 1,
                        Err(StoreError::Conflict { .. }) => {}
                        Err(other) => panic!("only conflicts may stop an instance, not {other:?}"),
                    }
                }
            })
        })
        .collect();
    for instance in instances {
        instance.await.unwrap();
    }
    let reader = PostgresReader::open(options);
    for (_, key, entity) in reader.scan(0, 100).await.unwrap() {
        let entries = reader.journal(&key, 0, usize::MAX).await.unwrap();
        assert_eq!(entries.len() as u64, entity.version, "{key}: each version has its journal entry");
    }
}

#[tokio::test]
async fn journals_of_every_size_come_back_whole() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("journals");
    let store = schemas.open(&options).await;
    let entry = |n: usize| Bytes::from(vec![u8::try_from(n % 251).unwrap(); n * n * 7]);
    let mut expected: Vec<Vec<Bytes>> = vec![Vec::new(); 3];
    for version in 0..20_u64 {
        let entities: Vec<_> = (0..3_usize)
            .map(|which| {
                let journal: Vec<Bytes> = (0..which * 3).map(|n| entry(n + version as usize)).collect();
                expected[which].extend(journal.clone());
                EntityWrite { journal, ..write(&format!("e{which}"), version, "") }
            })
            .collect();
        store.commit(&writing(entities)).await.unwrap();
    }
    // Another instance goes on, which never loaded them.
    let other = schemas.open(&options).await;
    let last = EntityWrite { journal: vec![entry(5)], ..write("e2", 20, "") };
    other.commit(&writing([last])).await.unwrap();
    expected[2].push(entry(5));
    for (which, expected) in expected.iter().enumerate() {
        let key = format!("e{which}");
        assert!(store.journal(&key, 0, usize::MAX).await.unwrap() == *expected, "{key}");
        let from = expected.len() / 2;
        assert!(
            store.journal(&key, from as u64, 3).await.unwrap()
                == expected[from..][..3.min(expected.len() - from)]
        );
    }
}

#[tokio::test]
async fn a_dropped_schema_is_gone_and_dropping_it_again_is_no_error() {
    let Some(schemas) = Schemas::if_there() else { return };
    let options = schemas.new_schema("dropped");
    let store = schemas.open(&options).await;
    store.commit(&writing([write("a", 0, "1")])).await.unwrap();
    for _ in 0..2 {
        drop_schema(&options).await.unwrap();
    }
    let error = store.commit(&writing([write("b", 0, "1")])).await.unwrap_err();
    assert!(!error.is_retryable() && error.to_string().contains("was it dropped"), "{error}");
    drop(store);
    until_nobody_uses(&options).await;
    let store = schemas.open(&options).await;
    assert_eq!(store.scan(0, 10).await.unwrap(), []);
}
