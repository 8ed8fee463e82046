//! Properties of commits: all or nothing, versions, the outbox, durability.

use std::sync::Arc;

use bytes::Bytes;

use super::kit::{Stores, assert_conflict, bytes, commit, entities, outbox, outbox_rows, write};
use crate::{Commit, Durability, EntityWrite, Link, OutboxRow, Stats, Store, StoreError};

/// A commit with one stale write applies none of its parts: no entity, link, journal entry, timer, outbox row, and
/// forgets nothing.
pub async fn a_conflict_applies_nothing(stores: &dyn Stores) {
    let store = stores.open("a_conflict_applies_nothing").await;
    let first = Commit { outbox_add: vec![bytes("kept")], ..entities([write("a", 0), write("stale", 0)]) };
    let kept = commit(&store, first).await;
    let before = store.load(&["a", "new", "stale"]).await.expect("load");

    let link = Link { index: "customer", value: "c1".into() };
    let full = |key: &str, expected| EntityWrite {
        next_due: Some(5),
        links: vec![link.clone()],
        journal: vec![bytes("never happened")],
        ..write(key, expected)
    };
    let refused = Commit {
        entities: vec![full("a", 1), full("new", 0), full("stale", 7)],
        outbox_add: vec![bytes("never sent")],
        outbox_forget: kept.clone(),
        ..Commit::default()
    };
    assert_conflict(store.commit(&refused).await, "stale", 7);

    assert_eq!(store.load(&["a", "new", "stale"]).await.expect("load"), before);
    assert_eq!(outbox_rows(&store).await, [(kept[0], "kept".to_owned())]);
    assert_eq!(store.linked("customer", "c1", None, 10).await.expect("linked"), (vec![], None));
    assert_eq!(store.journal("a", 0, 10).await.expect("journal"), Vec::<Bytes>::new());
    assert_eq!(store.next_due().await.expect("next_due"), None);
    let stats = store.stats().await.expect("stats");
    assert_eq!(stats, Stats { entities: 2, outbox_rows: 1, timers: 0 });

    // And the store goes on as if it had never been asked.
    commit(&store, entities([write("a", 1), write("new", 0), write("stale", 1)])).await;
    let scanned = store.scan(0, 10).await.expect("scan");
    assert_eq!(scanned.iter().map(|(_, key, _)| key.as_str()).collect::<Vec<_>>(), ["a", "stale", "new"]);
}

/// The version is 1 after the first commit and grows by one with each; a write against an older or a future
/// version conflicts.
pub async fn versions_count_commits(stores: &dyn Stores) {
    let store = stores.open("versions_count_commits").await;
    for version in 1..=5 {
        commit(&store, entities([write("a", version - 1)])).await;
        let entity = store.get("a").await.expect("get").expect("exists");
        assert_eq!((entity.version, entity.state), (version, Bytes::from(format!("state {version} of a"))));
    }
    for stale in [1, 4, 6, u64::MAX] {
        let refused = entities([EntityWrite { expected: stale, ..write("a", 5) }]);
        assert_conflict(store.commit(&refused).await, "a", stale);
    }
    assert_eq!(store.get("a").await.expect("get").expect("exists").version, 5);
}

/// Expecting no entity where there is one conflicts.
pub async fn inserting_an_existing_key_conflicts(stores: &dyn Stores) {
    let store = stores.open("inserting_an_existing_key_conflicts").await;
    commit(&store, entities([write("a", 0)])).await;
    let again = EntityWrite { state: bytes("another"), ..write("a", 0) };
    assert_conflict(store.commit(&entities([again])).await, "a", 0);
    let entity = store.get("a").await.expect("get").expect("exists");
    assert_eq!((entity.version, entity.state), (1, bytes("state 1 of a")));
}

/// Expecting a version of an entity that does not exist conflicts.
pub async fn updating_a_missing_key_conflicts(stores: &dyn Stores) {
    let store = stores.open("updating_a_missing_key_conflicts").await;
    assert_conflict(store.commit(&entities([write("a", 1)])).await, "a", 1);
    assert_eq!(store.load(&["a"]).await.expect("load"), [None]);
}

/// A write replaces state, bookkeeping and timer, empty ones included, whatever their sizes before and after.
pub async fn content_is_replaced_as_a_whole(stores: &dyn Stores) {
    let store = stores.open("content_is_replaced_as_a_whole").await;
    let contents: [(&[u8], &[u8], Option<i64>); 5] = [
        (&[0, 255, 1], b"m", Some(1)),
        (&[7; 5000], &[], None),
        (&[], &[8; 9000], Some(i64::MIN)),
        (&[], &[], Some(i64::MAX)),
        (b"s", b"m", Some(i64::MAX)),
    ];
    for (version, (state, meta, next_due)) in (1..).zip(contents) {
        let (state, meta) = (Bytes::copy_from_slice(state), Bytes::copy_from_slice(meta));
        let replaced =
            EntityWrite { state: state.clone(), meta: meta.clone(), next_due, ..write("a", version - 1) };
        commit(&store, entities([replaced])).await;
        let entity = store.load(&["a"]).await.expect("load").remove(0).expect("exists");
        assert_eq!((entity.version, entity.state, entity.meta), (version, state, meta));
        assert_eq!((entity.next_due, store.next_due().await.expect("next_due")), (next_due, next_due));
    }
}

/// A commit of nothing succeeds and changes nothing.
pub async fn an_empty_commit_changes_nothing(stores: &dyn Stores) {
    let store = stores.open("an_empty_commit_changes_nothing").await;
    assert_eq!(commit(&store, Commit::default()).await, Vec::<u64>::new());
    assert_eq!(store.stats().await.expect("stats"), Stats::default());
}

/// Adding to and forgetting from the outbox alone is a commit, and both at once too.
pub async fn a_commit_need_not_write_entities(stores: &dyn Stores) {
    let store = stores.open("a_commit_need_not_write_entities").await;
    let first = commit(&store, outbox(&["one"], &[])).await;
    let second = commit(&store, outbox(&["two"], &first)).await;
    assert_eq!(outbox_rows(&store).await, [(second[0], "two".to_owned())]);
    assert_eq!(commit(&store, outbox(&[], &second)).await, Vec::<u64>::new());
    assert_eq!(outbox_rows(&store).await, []);
}

/// Outbox rows come in the order of commits, within one in the order given, under the ids that commit returned.
pub async fn the_outbox_keeps_the_order_of_commits(stores: &dyn Stores) {
    let store = stores.open("the_outbox_keeps_the_order_of_commits").await;
    let mut ids = commit(&store, outbox(&["1", "2", "3"], &[])).await;
    ids.extend(commit(&store, outbox(&["4"], &[])).await);
    ids.extend(commit(&store, outbox(&["5", ""], &[])).await);
    assert!(ids.is_sorted_by(|a, b| a < b), "ids grow: {ids:?}");
    assert!(ids[0] > 0, "an id is greater than 0, so that `after` 0 means from the first: {ids:?}");
    let expected: Vec<_> = ids.into_iter().zip(["1", "2", "3", "4", "5", ""].map(String::from)).collect();
    assert_eq!(outbox_rows(&store).await, expected);
}

/// Reading the outbox goes on behind any id, forgotten ones included, and never gives more than asked for.
pub async fn outbox_pages_go_on_behind_an_id(stores: &dyn Stores) {
    let store = stores.open("outbox_pages_go_on_behind_an_id").await;
    let ids = commit(&store, outbox(&["1", "2", "3", "4", "5"], &[])).await;
    commit(&store, outbox(&[], &[ids[1]])).await;
    let page = |after, limit| {
        let store = Arc::clone(&store);
        async move {
            let rows = store.outbox(after, limit).await.expect("outbox");
            rows.into_iter().map(|OutboxRow { id, .. }| id).collect::<Vec<_>>()
        }
    };
    assert_eq!(page(0, 2).await, [ids[0], ids[2]]);
    assert_eq!(page(ids[1], 2).await, [ids[2], ids[3]]);
    assert_eq!(page(ids[3], usize::MAX).await, [ids[4]]);
    assert_eq!(page(ids[4], 2).await, Vec::<u64>::new());
    assert_eq!(page(u64::MAX, 2).await, Vec::<u64>::new());
    assert_eq!(page(0, 0).await, Vec::<u64>::new());
}

/// Forgetting what is gone, or never was, is no error.
pub async fn forgetting_is_idempotent(stores: &dyn Stores) {
    let store = stores.open("forgetting_is_idempotent").await;
    let ids = commit(&store, outbox(&["1", "2"], &[])).await;
    commit(&store, outbox(&[], &[ids[0], ids[0]])).await;
    commit(&store, outbox(&[], &[ids[0], u64::MAX, 0])).await;
    assert_eq!(outbox_rows(&store).await, [(ids[1], "2".to_owned())]);
}

/// While a store is open no id is given twice, even when all rows are forgotten; rows that outlive it keep theirs.
pub async fn outbox_ids_grow_after_all_is_forgotten(stores: &dyn Stores) {
    let name = "outbox_ids_grow_after_all_is_forgotten";
    let store = stores.open(name).await;
    let mut last = 0;
    for _ in 0..3 {
        let ids = commit(&store, outbox(&["x", "y"], &[])).await;
        assert!(ids[0] > last && ids[1] > ids[0], "{ids:?} after {last}");
        last = ids[1];
        commit(&store, outbox(&[], &ids)).await;
    }
    let kept = commit(&store, outbox(&["kept"], &[])).await;
    drop(store);
    let store = stores.open(name).await;
    let ids = commit(&store, outbox(&["z"], &[])).await;
    assert!(ids[0] > kept[0], "{ids:?} after {kept:?}");
    assert_eq!(outbox_rows(&store).await, [(kept[0], "kept".to_owned()), (ids[0], "z".to_owned())]);
}

/// Blobs of a megabyte come back as they were, wherever a blob may be.
pub async fn a_large_blob_comes_back(stores: &dyn Stores) {
    let store = stores.open("a_large_blob_comes_back").await;
    let large =
        |seed: u8| Bytes::from((0..1_u32 << 20).map(|i| i.to_le_bytes()[1] ^ seed).collect::<Vec<_>>());
    let entity =
        EntityWrite { state: large(1), meta: large(2), journal: vec![large(3), large(4)], ..write("a", 0) };
    let ids = commit(&store, Commit { outbox_add: vec![large(5)], ..entities([entity]) }).await;
    let loaded = store.load(&["a"]).await.expect("load").remove(0).expect("exists");
    assert!(loaded.state == large(1) && loaded.meta == large(2), "state and bookkeeping differ");
    assert_eq!(store.get("a").await.expect("get"), Some(loaded));
    assert!(store.journal("a", 0, 9).await.expect("journal") == [large(3), large(4)], "the journal differs");
    let row = OutboxRow { id: ids[0], blob: large(5) };
    assert!(store.outbox(0, 9).await.expect("outbox") == [row], "the outbox differs");
}

/// Of committers that race on one key, exactly one wins each version, and only winners leave traces.
pub async fn one_of_concurrent_committers_wins_each_version(stores: &dyn Stores) {
    const COMMITTERS: usize = 4;
    const WINS_EACH: usize = 20;
    let store = stores.open("one_of_concurrent_committers_wins_each_version").await;
    let racers: Vec<_> =
        (0..COMMITTERS).map(|racer| tokio::spawn(race(Arc::clone(&store), racer, WINS_EACH))).collect();
    let mut won = Vec::new();
    for racer in racers {
        won.extend(racer.await.expect("the racer ends well"));
    }
    won.sort_unstable();
    let versions: Vec<u64> = (1..=(COMMITTERS * WINS_EACH) as u64).collect();
    assert_eq!(won.iter().map(|(version, _)| *version).collect::<Vec<_>>(), versions, "one winner a version");
    let journal = store.journal("hot", 0, usize::MAX).await.expect("journal");
    let by_winner: Vec<Bytes> = won.iter().map(|(_, racer)| Bytes::from(racer.to_string())).collect();
    assert_eq!(journal, by_winner, "the journal is in the order of versions");
    assert_eq!(store.outbox(0, usize::MAX).await.expect("outbox").len(), won.len());
}

/// Commits until it has won `wins` versions of `hot`; gives them, each with the racer's number.
async fn race(store: Arc<dyn Store>, racer: usize, wins: usize) -> Vec<(u64, usize)> {
    let mut won = Vec::new();
    while won.len() < wins {
        let loaded = store.load(&["hot"]).await.expect("load").remove(0);
        let version = loaded.map_or(0, |entity| entity.version);
        // Lets the others load the same version.
        tokio::task::yield_now().await;
        let mine = EntityWrite { journal: vec![Bytes::from(racer.to_string())], ..write("hot", version) };
        match store.commit(&Commit { outbox_add: vec![bytes("won")], ..entities([mine]) }).await {
            Ok(_) => won.push((version + 1, racer)),
            Err(StoreError::Conflict { .. }) => {}
            Err(other) => panic!("only conflicts may stop a committer, not {other:?}"),
        }
    }
    won
}

/// Everything committed is there after the store was closed and opened again (at [`Durability::Process`]: within
/// one process).
pub async fn everything_is_there_after_reopening(stores: &dyn Stores) {
    let name = "everything_is_there_after_reopening";
    let store = stores.open(name).await;
    assert!(store.durability() >= Durability::Process);
    let full = EntityWrite {
        next_due: Some(42),
        links: vec![Link { index: "customer", value: "c1".into() }],
        journal: vec![bytes("j1"), bytes("j2")],
        ..write("a", 0)
    };
    let ids =
        commit(&store, Commit { outbox_add: vec![bytes("o")], ..entities([full, write("b", 0)]) }).await;
    commit(&store, entities([write("b", 1)])).await;
    let before = store.scan(0, 10).await.expect("scan");
    drop(store);

    let store = stores.open(name).await;
    assert_eq!(store.scan(0, 10).await.expect("scan"), before);
    assert_eq!(before.len(), 2);
    assert_eq!(store.due(42, 10).await.expect("due"), ["a"]);
    assert_eq!(store.linked("customer", "c1", None, 9).await.expect("linked"), (vec!["a".to_owned()], None));
    assert_eq!(store.journal("a", 0, 9).await.expect("journal"), [bytes("j1"), bytes("j2")]);
    assert_eq!(outbox_rows(&store).await, [(ids[0], "o".to_owned())]);
    commit(&store, entities([write("a", 1), write("b", 2)])).await;
}
