//! Properties of reading: loading, links, journals, timers, scanning, counts.

use std::sync::Arc;

use bytes::Bytes;

use super::kit::{Stores, bytes, commit, entities, outbox, write};
use crate::{EntityWrite, Link, Millis, Stats, Store};

/// Load answers key by key, in their order: missing ones with `None`, repeated ones repeatedly, none with none.
pub async fn load_answers_in_the_order_of_the_keys(stores: &dyn Stores) {
    let store = stores.open("load_answers_in_the_order_of_the_keys").await;
    commit(&store, entities([write("a", 0), write("b", 0), write("c", 0)])).await;
    let keys = ["c", "none", "a", "b", "a", "none"];
    let loaded = store.load(&keys).await.expect("load");
    let states: Vec<_> = loaded.into_iter().map(|found| found.map(|entity| entity.state)).collect();
    let of = |key| Some(Bytes::from(format!("state 1 of {key}")));
    assert_eq!(states, [of("c"), None, of("a"), of("b"), of("a"), None]);
    assert_eq!(store.load(&[]).await.expect("load"), []);
    // More keys than any statement takes parameters.
    let many: Vec<String> = (0..2000).map(|i| format!("none-{i}")).chain(["b".to_owned()]).collect();
    let loaded = store.load(&many.iter().map(String::as_str).collect::<Vec<_>>()).await.expect("load");
    assert_eq!((loaded.len(), loaded.iter().flatten().count()), (2001, 1));
}

/// The write side's load and the read side's get see the same, at once after a commit.
pub async fn load_and_get_agree(stores: &dyn Stores) {
    let store = stores.open("load_and_get_agree").await;
    for version in 0..20 {
        let next_due = (version % 3 == 0).then_some(i64::try_from(version).expect("small"));
        commit(&store, entities([EntityWrite { next_due, ..write("a", version) }])).await;
        let got = store.get("a").await.expect("get");
        assert_eq!(got.as_ref().map(|entity| entity.version), Some(version + 1));
        assert_eq!(store.load(&["a"]).await.expect("load"), [got]);
    }
    assert_eq!(store.get("b").await.expect("get"), None);
}

/// Keys differ in case, accents, spaces and quotes, and are never patterns.
pub async fn keys_are_exact(stores: &dyn Stores) {
    let store = stores.open("keys_are_exact").await;
    let keys =
        ["key", "Key", "key ", "k%", "k'; DROP TABLE entity; --", "\u{e9}", "e\u{301}", "\u{1f355}", ""];
    commit(&store, entities(keys.map(|key| write(key, 0)))).await;
    let loaded = store.load(&keys).await.expect("load");
    for (key, entity) in keys.iter().zip(loaded) {
        assert_eq!(entity.expect("exists").state, Bytes::from(format!("state 1 of {key}")));
    }
    assert_eq!(store.get("KEY").await.expect("get"), None);
}

/// The keys linked from one value come newest first, in pages that the cursor joins without gap or overlap, also
/// while newer ones are added.
pub async fn links_page_newest_first(stores: &dyn Stores) {
    let store = stores.open("links_page_newest_first").await;
    let linked = |i: usize| {
        let link = Link { index: "customer", value: "c1".into() };
        EntityWrite { links: vec![link], ..write(&format!("o{i}"), 0) }
    };
    commit(&store, entities((0..3).map(linked))).await;
    commit(&store, entities((3..7).map(linked))).await;

    let (first, cursor) = store.linked("customer", "c1", None, 3).await.expect("linked");
    assert_eq!(first, ["o6", "o5", "o4"]);
    commit(&store, entities([linked(7)])).await;
    let (second, cursor) = store.linked("customer", "c1", cursor, 3).await.expect("linked");
    assert_eq!(second, ["o3", "o2", "o1"]);
    assert!(cursor.is_some(), "there is another page");
    let (third, cursor) = store.linked("customer", "c1", cursor, 3).await.expect("linked");
    assert_eq!((third, cursor), (vec!["o0".to_owned()], None));

    let (all, cursor) = store.linked("customer", "c1", None, 8).await.expect("linked");
    assert_eq!((all.len(), cursor), (8, None), "a page that is just full is the last one");
    let (all, cursor) = store.linked("customer", "c1", None, usize::MAX).await.expect("linked");
    assert_eq!((all.len(), cursor), (8, None));
}

/// Adding a link again changes nothing: neither twice in a write, nor with a later version.
pub async fn links_are_idempotent(stores: &dyn Stores) {
    let store = stores.open("links_are_idempotent").await;
    let link = Link { index: "customer", value: "c1".into() };
    let linked =
        |key, expected| EntityWrite { links: vec![link.clone(), link.clone()], ..write(key, expected) };
    commit(&store, entities([linked("a", 0)])).await;
    commit(&store, entities([linked("b", 0)])).await;
    commit(&store, entities([linked("a", 1)])).await;
    let found = store.linked("customer", "c1", None, 10).await.expect("linked");
    assert_eq!(found, (vec!["b".to_owned(), "a".to_owned()], None), "ordered by creation of the entities");
}

/// One entity may be linked from many values; each index and value finds its own.
pub async fn links_need_their_index_and_value(stores: &dyn Stores) {
    let store = stores.open("links_need_their_index_and_value").await;
    let link = |index, value: &str| Link { index, value: value.to_owned() };
    let links = vec![link("customer", "x"), link("restaurant", "y"), link("restaurant", "z")];
    commit(&store, entities([EntityWrite { links, ..write("a", 0) }])).await;
    commit(&store, entities([EntityWrite { links: vec![link("restaurant", "x")], ..write("b", 0) }])).await;
    for (index, value, keys) in [
        ("customer", "x", &["a"][..]),
        ("restaurant", "x", &["b"]),
        ("restaurant", "y", &["a"]),
        ("restaurant", "z", &["a"]),
        ("customer", "y", &[]),
        ("courier", "x", &[]),
        ("customer", "X", &[]),
    ] {
        let (found, cursor) = store.linked(index, value, None, 10).await.expect("linked");
        assert_eq!((found.iter().map(String::as_str).collect::<Vec<_>>(), cursor), (keys.to_vec(), None));
    }
}

/// A journal grows with each commit and pages from any index, oldest first.
pub async fn journals_page_oldest_first(stores: &dyn Stores) {
    let store = stores.open("journals_page_oldest_first").await;
    for (version, entries) in [(0, &["0", "1", "2"][..]), (1, &[]), (2, &["3"]), (3, &["", "5"])] {
        let journal = entries.iter().map(|entry| bytes(entry)).collect();
        commit(&store, entities([EntityWrite { journal, ..write("a", version) }])).await;
    }
    for (from, limit, page) in [
        (0, usize::MAX, &["0", "1", "2", "3", "", "5"][..]),
        (0, 2, &["0", "1"]),
        (2, 3, &["2", "3", ""]),
        (5, 10, &["5"]),
        (6, 10, &[]),
        (u64::MAX, 10, &[]),
        (0, 0, &[]),
    ] {
        assert_eq!(store.journal("a", from, limit).await.expect("journal"), page, "{limit} from {from}");
    }
    for (count, tail) in [
        (0, &[][..]),
        (1, &["5"]),
        (3, &["3", "", "5"]),
        (6, &["0", "1", "2", "3", "", "5"]),
        (7, &["0", "1", "2", "3", "", "5"]),
    ] {
        assert_eq!(store.journal_tail("a", count).await.expect("journal"), tail, "the last {count}");
    }
    assert_eq!(store.journal_tail("none", 3).await.expect("journal"), Vec::<Bytes>::new());
}

/// Each entity has a journal of its own, even when commits append to many at once.
pub async fn journals_are_kept_apart(stores: &dyn Stores) {
    let store = stores.open("journals_are_kept_apart").await;
    let keys = ["a", "b", "c"];
    for version in 0..4 {
        let append = |key: &str| {
            let journal = vec![Bytes::from(format!("{key}{version}"))];
            EntityWrite { journal, ..write(key, version) }
        };
        commit(&store, entities(keys.map(append))).await;
    }
    for key in keys {
        let expected: Vec<Bytes> = (0..4).map(|version| Bytes::from(format!("{key}{version}"))).collect();
        assert_eq!(store.journal(key, 0, 10).await.expect("journal"), expected);
    }
    assert_eq!(store.journal("none", 0, 10).await.expect("journal"), Vec::<Bytes>::new());
}

async fn set_timer(store: &Arc<dyn Store>, key: &str, version: u64, next_due: Option<Millis>) {
    commit(store, entities([EntityWrite { next_due, ..write(key, version) }])).await;
}

/// Due are the timers up to and including now, earliest first, at most as many as asked for.
pub async fn timers_are_due_earliest_first(stores: &dyn Stores) {
    let store = stores.open("timers_are_due_earliest_first").await;
    assert_eq!(store.next_due().await.expect("next_due"), None);
    for (key, next_due) in [("late", Some(300)), ("none", None), ("early", Some(-5)), ("mid", Some(200))] {
        set_timer(&store, key, 0, next_due).await;
    }
    assert_eq!(store.next_due().await.expect("next_due"), Some(-5));
    for (now, limit, keys) in [
        (-6, 10, &[][..]),
        (-5, 10, &["early"]),
        (299, 10, &["early", "mid"]),
        (300, 10, &["early", "mid", "late"]),
        (Millis::MAX, 2, &["early", "mid"]),
        (Millis::MAX, usize::MAX, &["early", "mid", "late"]),
        (Millis::MAX, 0, &[]),
    ] {
        assert_eq!(store.due(now, limit).await.expect("due"), keys, "{limit} at {now}");
    }
}

/// A timer moves with a write that says so, stays with one that repeats it, and goes with one that has none.
pub async fn timers_move_and_clear(stores: &dyn Stores) {
    let store = stores.open("timers_move_and_clear").await;
    let moves = [Some(100), Some(100), Some(50), Some(150), None, None, Some(7)];
    for (version, next_due) in (0..).zip(moves) {
        set_timer(&store, "a", version, next_due).await;
        assert_eq!(store.next_due().await.expect("next_due"), next_due, "after version {version}");
        let due = store.due(Millis::MAX, 10).await.expect("due");
        assert_eq!(due.len(), usize::from(next_due.is_some()), "after version {version}");
        let loaded = store.load(&["a"]).await.expect("load").remove(0).expect("exists");
        assert_eq!(loaded.next_due, next_due);
    }
}

/// A scan gives each entity once, in the order of creation, whatever was written since; its cursors join pages.
pub async fn scan_goes_in_the_order_of_creation(stores: &dyn Stores) {
    let store = stores.open("scan_goes_in_the_order_of_creation").await;
    assert_eq!(store.scan(0, 10).await.expect("scan"), []);
    let keys = ["z", "m", "a", "q", "b"];
    commit(&store, entities([write("z", 0), write("m", 0)])).await;
    commit(&store, entities([write("a", 0), write("z", 1), write("q", 0)])).await;
    commit(&store, entities([write("b", 0)])).await;

    let (mut scanned, mut after) = (Vec::new(), 0);
    loop {
        let page = store.scan(after, 2).await.expect("scan");
        let Some((cursor, ..)) = page.last() else { break };
        assert!(page.len() <= 2 && *cursor > after, "{page:?} behind {after}");
        after = *cursor;
        scanned.extend(page);
    }
    assert_eq!(scanned.iter().map(|(_, key, _)| key.as_str()).collect::<Vec<_>>(), keys);
    assert_eq!(scanned, store.scan(0, usize::MAX).await.expect("scan"));
    for (_, key, entity) in scanned {
        assert_eq!(store.get(&key).await.expect("get"), Some(entity));
    }
    assert_eq!(store.scan(u64::MAX, 10).await.expect("scan"), []);
}

/// A scan from the last one back gives the same in the other order; its cursors join pages.
pub async fn scan_goes_back_as_well(stores: &dyn Stores) {
    let store = stores.open("scan_goes_back_as_well").await;
    assert_eq!(store.scan_back(None, 10).await.expect("scan"), []);
    commit(&store, entities(["z", "m", "a"].map(|key| write(key, 0)))).await;
    commit(&store, entities([write("m", 1), write("q", 0), write("b", 0)])).await;

    let (mut scanned, mut before) = (Vec::new(), None);
    loop {
        let page = store.scan_back(before, 2).await.expect("scan");
        let Some((cursor, ..)) = page.last() else { break };
        assert!(page.len() <= 2 && before.is_none_or(|before| *cursor < before), "{page:?}, {before:?}");
        before = Some(*cursor);
        scanned.extend(page);
    }
    let mut onward = store.scan(0, usize::MAX).await.expect("scan");
    onward.reverse();
    assert_eq!(scanned, onward);
    assert_eq!(scanned.iter().map(|(_, key, _)| key.as_str()).collect::<Vec<_>>(), ["b", "q", "a", "m", "z"]);
    assert_eq!(store.scan_back(Some(0), 10).await.expect("scan"), []);
}

/// Stats count entities, rows still in the outbox, and entities with a timer.
pub async fn stats_count(stores: &dyn Stores) {
    let store = stores.open("stats_count").await;
    assert_eq!(store.stats().await.expect("stats"), Stats::default());
    for (i, key) in (0..).zip(["a", "b", "c"]) {
        set_timer(&store, key, 0, (i > 0).then_some(i)).await;
    }
    set_timer(&store, "b", 1, None).await;
    let ids = commit(&store, outbox(&["1", "2", "3"], &[])).await;
    commit(&store, outbox(&[], &ids[..1])).await;
    assert_eq!(store.stats().await.expect("stats"), Stats { entities: 3, outbox_rows: 2, timers: 1 });
}
