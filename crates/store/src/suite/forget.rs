//! Properties of what goes: entities that are forgotten, links that are removed; and of reading many at once.

use std::sync::Arc;

use bytes::Bytes;

use super::kit::{Stores, assert_conflict, bytes, commit, entities, write};
use crate::{Commit, EntityForget, EntityWrite, Link, Stats, Store};

fn link(value: &str) -> Link {
    Link { index: "customer", value: value.to_owned() }
}

/// An entity with everything that one can have.
fn full(key: &str, expected: u64) -> EntityWrite {
    EntityWrite {
        next_due: Some(5),
        links: vec![link("c1")],
        journal: vec![Bytes::from(format!("{key} {expected}")), Bytes::from(vec![7; 3000])],
        ..write(key, expected)
    }
}

fn forget(key: &str, expected: u64) -> Commit {
    let forget = EntityForget { key: key.to_owned(), expected, unlink: vec![link("c1")] };
    Commit { forget: vec![forget], ..Commit::default() }
}

async fn linked(store: &Arc<dyn Store>, value: &str) -> Vec<String> {
    store.linked("customer", value, None, 10).await.expect("linked").0
}

/// Nothing is left of an entity that is forgotten, and its key may be had again: by an entity that begins anew, and comes last in the order
/// of creation, even if what was forgotten was the last and the store was opened again meanwhile.
pub async fn what_is_forgotten_is_gone(stores: &dyn Stores) {
    let name = "what_is_forgotten_is_gone";
    let store = stores.open(name).await;
    commit(&store, entities([full("a", 0), full("b", 0)])).await;
    commit(&store, entities([full("b", 1)])).await;
    let last = store.scan(0, 10).await.expect("scan").last().expect("two").0;
    commit(&store, forget("b", 2)).await;
    let check = async |store: &Arc<dyn Store>| {
        assert_eq!(store.get("b").await.expect("get"), None);
        assert_eq!(store.load(&["b"]).await.expect("load"), [None]);
        assert_eq!(store.journal("b", 0, 10).await.expect("journal"), Vec::<Bytes>::new());
        assert_eq!(linked(store, "c1").await, ["a"]);
        assert_eq!(store.due(9, 10).await.expect("due"), ["a"]);
        assert_eq!(store.scan(0, 10).await.expect("scan").len(), 1);
        let stats = store.stats().await.expect("stats");
        assert_eq!(stats, Stats { entities: 1, outbox_rows: 0, timers: 1 });
    };
    check(&store).await;
    drop(store);
    let store = stores.open(name).await;
    check(&store).await;

    commit(&store, entities([EntityWrite { journal: vec![bytes("anew")], ..write("b", 0) }])).await;
    let entity = store.load(&["b"]).await.expect("load").remove(0).expect("exists");
    assert_eq!((entity.version, entity.next_due), (1, None));
    assert_eq!(store.journal("b", 0, 10).await.expect("journal"), [bytes("anew")]);
    let scanned = store.scan(last, 10).await.expect("scan");
    assert_eq!(scanned.iter().map(|(_, key, _)| key.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(store.stats().await.expect("stats").entities, 2);
    assert_eq!(linked(&store, "c1").await, ["a"], "the links of the former are not those of the new one");
}

/// An entity is forgotten at the version that was decided upon, or nothing of the commit happens.
pub async fn forgetting_needs_the_version(stores: &dyn Stores) {
    let store = stores.open("forgetting_needs_the_version").await;
    commit(&store, entities([full("a", 0), full("b", 0)])).await;
    commit(&store, entities([write("a", 1)])).await;
    let before = store.scan(0, 10).await.expect("scan");
    for (key, wrong) in [("a", 0), ("a", 1), ("a", 3), ("a", u64::MAX), ("none", 1), ("none", 0)] {
        let mut refused = forget(key, wrong);
        refused.forget.insert(0, EntityForget { key: "b".to_owned(), expected: 1, unlink: vec![link("c1")] });
        refused.outbox_add.push(bytes("never sent"));
        assert_conflict(store.commit(&refused).await, key, wrong);
    }
    assert_eq!(store.scan(0, 10).await.expect("scan"), before);
    assert_eq!(linked(&store, "c1").await, ["b", "a"]);
    assert_eq!(store.journal("b", 0, 10).await.expect("journal").len(), 2);
    assert_eq!(store.stats().await.expect("stats").outbox_rows, 0);
}

/// What was written in the same commits as what is forgotten stays, and so does what is written as it is forgotten.
pub async fn what_is_beside_it_stays(stores: &dyn Stores) {
    let store = stores.open("what_is_beside_it_stays").await;
    let keys = ["a", "b", "c", "d", "e"];
    for version in 0..4 {
        commit(&store, entities(keys.map(|key| full(key, version)))).await;
    }
    let mut both = forget("b", 4);
    both.forget.extend(forget("d", 4).forget);
    both.entities.extend([full("c", 4), full("f", 0)]);
    commit(&store, both).await;
    commit(&store, forget("a", 4)).await;
    for (key, versions) in [("c", 5), ("e", 4), ("f", 1)] {
        let journal = store.journal(key, 0, 100).await.expect("journal");
        let expected: Vec<Bytes> = (0..versions).map(|n| Bytes::from(format!("{key} {n}"))).collect();
        assert_eq!(journal.into_iter().step_by(2).collect::<Vec<_>>(), expected);
        assert_eq!(store.load(&[key]).await.expect("load")[0].as_ref().map(|it| it.version), Some(versions));
    }
    assert_eq!(linked(&store, "c1").await, ["f", "e", "c"]);
    for key in ["c", "e", "f"] {
        let version = store.get(key).await.expect("get").expect("exists").version;
        commit(&store, forget(key, version)).await;
    }
    assert_eq!(store.stats().await.expect("stats"), Stats::default());
}

/// An entity with a journal that is too long for one transaction is gone at once, and its key is another's; what is left of the journal goes
/// bit by bit, in whatever process, and nothing else goes with it.
pub async fn a_long_journal_goes_bit_by_bit(stores: &dyn Stores) {
    const COMMITS: u64 = 12;
    const ENTRIES: usize = 1_000;
    let name = "a_long_journal_goes_bit_by_bit";
    let store = stores.open(name).await;
    for version in 0..COMMITS {
        let long = EntityWrite { journal: vec![bytes("entry"); ENTRIES], ..write("long", version) };
        let great = EntityWrite { journal: vec![Bytes::from(vec![7; 1 << 20])], ..write("great", version) };
        commit(&store, entities([long, full("beside", version), great])).await;
    }
    let mut both = forget("long", COMMITS);
    both.forget.extend(forget("great", COMMITS).forget);
    commit(&store, both).await;
    let check = async |store: &Arc<dyn Store>| {
        assert_eq!(store.get_many(&["long", "great"]).await.expect("get_many"), [None, None]);
        assert_eq!(store.journal("long", 0, 10).await.expect("journal"), Vec::<Bytes>::new());
        assert_eq!(store.stats().await.expect("stats").entities, 1);
        let kept = store.journal("beside", 0, 100).await.expect("journal");
        assert_eq!(kept.len() as u64, 2 * COMMITS);
    };
    check(&store).await;
    drop(store);
    let store = stores.open(name).await;
    let mut steps = 0;
    while store.sweep().await.expect("sweep") {
        check(&store).await;
        steps += 1;
        assert!(steps < 100, "it comes to an end");
    }
    commit(&store, entities([EntityWrite { journal: vec![bytes("anew")], ..write("long", 0) }])).await;
    assert!(!store.sweep().await.expect("sweep"));
    assert_eq!(store.journal("long", 0, 10).await.expect("journal"), [bytes("anew")]);
    assert_eq!(store.journal_tail("beside", 1).await.expect("tail").len(), 1);
}

/// A link is removed with a write that says so, of that entity alone; one that is removed and added is there.
pub async fn links_are_removed(stores: &dyn Stores) {
    let store = stores.open("links_are_removed").await;
    let linked_by = |key: &str| EntityWrite { links: vec![link("x"), link("y")], ..write(key, 0) };
    commit(&store, entities([linked_by("a"), linked_by("b")])).await;
    let moved =
        EntityWrite { unlink: vec![link("x"), link("none")], links: vec![link("z")], ..write("a", 1) };
    commit(&store, entities([moved.clone()])).await;
    let found = async || (linked(&store, "x").await, linked(&store, "y").await, linked(&store, "z").await);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(found().await, (names(&["b"]), names(&["b", "a"]), names(&["a"])));
    assert_conflict(store.commit(&entities([EntityWrite { expected: 1, ..moved.clone() }])).await, "a", 1);
    let unlink = vec![link("x"), link("y")];
    commit(&store, entities([EntityWrite { unlink, links: vec![link("y")], ..write("b", 1) }])).await;
    commit(&store, entities([EntityWrite { expected: 2, ..moved }])).await;
    assert_eq!(found().await, (names(&[]), names(&["b", "a"]), names(&["a"])));
}

/// Many are read at once in the order of the keys: missing ones are `None`, repeated ones are repeated.
pub async fn many_are_read_at_once(stores: &dyn Stores) {
    let store = stores.open("many_are_read_at_once").await;
    commit(&store, entities([write("a", 0), write("b", 0)])).await;
    commit(&store, entities([EntityWrite { next_due: Some(3), ..write("b", 1) }])).await;
    let found = store.get_many(&["b", "none", "a", "b"]).await.expect("get_many");
    let of = async |key: &str| store.get(key).await.expect("get");
    assert_eq!(found, [of("b").await, None, of("a").await, of("b").await]);
    assert_eq!(store.get_many(&[]).await.expect("get_many"), []);
}
