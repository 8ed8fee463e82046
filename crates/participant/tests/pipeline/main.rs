//! The pipeline through its front door: a participant on the memory bus and store.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod away;
mod cut_off;
mod forget;
mod lanes;
mod requests;
mod timers;
mod within;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use participant::HealthState;
use store::{Commit, Read, Store};
use tokio::sync::{Semaphore, oneshot};

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn messages_of_one_key_are_handled_in_order_and_each_once() {
    let world = World::new().await;
    for n in 0..20 {
        for _ in 0..2 {
            world.send(&format!("m{n}"), &format!("k{}", n % 2), &format!("text{n}")).await;
        }
    }
    let running = world.start();
    let mut heard = BTreeMap::new();
    for _ in 0..20 {
        let (id, text) = world.heard().await;
        assert_eq!(heard.insert(id, text), None, "ids are unique");
    }
    running.stop().await;
    let even: Vec<_> = (0..20).step_by(2).map(|n| format!("text{n}")).collect();
    assert_eq!(world.texts("k0").await, even);
    assert_eq!(heard["diary/k0/1"], "text0");
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn what_is_rejected_leaves_no_trace_and_blocks_nobody() {
    let world = World::new().await;
    world.send("m1", "k", "before").await;
    world.send("m2", "k", "reject because of this").await;
    world.send("m3", "k", "after").await;
    let running = world.start();
    world.hears("before").await;
    world.hears("after").await;
    running.stop().await;
    assert_eq!(world.texts("k").await, ["before", "after"]);
    let dead = world.bus.dead_letters("diary", 10).await.unwrap();
    assert_eq!(
        (dead.len(), dead[0].message.id.as_str(), dead[0].reason.as_str()),
        (1, "m2", "because of this")
    );
}

#[tokio::test(start_paused = true)]
async fn a_redriven_dead_letter_is_handled_like_a_new_message() {
    let world = World::new().await;
    world.send("m1", "k", "reject once").await;
    let running = world.start();
    world.send("m2", "k", "marker").await;
    world.hears("marker").await;
    assert!(world.bus.redrive("diary", "m1").await.unwrap());
    world.send("m3", "k", "marker 2").await;
    world.hears("marker 2").await;
    assert_eq!(world.bus.dead_letters("diary", 10).await.unwrap().len(), 1, "rejected again, not dropped");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_too_large_for_the_bus_rejects_what_would_send_it() {
    let world = World::new().await;
    let limit = world.bus.capabilities().message_bytes_max;
    world.send("m1", "k", &format!("shout {}", limit + 1)).await;
    world.send("m2", "k", &format!("shout {limit}")).await;
    let running = world.start();
    assert_eq!(world.heard().await.1.len(), limit);
    running.stop().await;
    assert_eq!(world.bus.dead_letters("diary", 10).await.unwrap()[0].message.id, "m1");
}

#[tokio::test(start_paused = true)]
async fn a_call_cut_off_by_a_crash_is_made_again_and_counts_once() {
    let mut world = World::new().await;
    world.oracle.open = Arc::new(Semaphore::new(0));
    let running = world.start();
    world.send("m1", "k", "call home").await;
    let asked = |times| {
        let world = &world;
        async move {
            while world.oracle.asked.load(Ordering::Relaxed) < times {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    asked(1).await;
    running.crash().await;
    let running = world.start();
    asked(2).await;
    world.oracle.open.add_permits(100);
    world.hears("outcome HOME").await;
    running.stop().await;
    assert_eq!(world.texts("k").await, ["call home", "outcome HOME"]);
    assert!(world.is_at_rest().await, "{:?}", world.store.stats().await);
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_commit_and_publish_loses_no_message() {
    let world = World::new().await;
    // What such a crash leaves: the state and the outbox row are committed, the message was never published.
    let other = World::new().await;
    let running = other.start();
    other.send("m1", "k", "text").await;
    let (id, _) = other.heard().await;
    running.crash().await;
    let row = other.store.outbox(0, 10).await.unwrap().remove(0);
    let commit = Commit { outbox_add: vec![row.blob], ..Commit::default() };
    world.store.commit(&commit).await.unwrap();

    let running = world.start();
    assert_eq!(world.heard().await, (id, "text".to_owned()));
    running.stop().await;
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn two_instances_on_one_store_never_both_apply_a_message() {
    let world = World::new().await;
    let (one, two) = (world.start(), world.start());
    let count = 200;
    for n in 0..count {
        world.send(&format!("m{n}"), "k", &format!("text{n}")).await;
    }
    for _ in 0..count {
        world.heard().await;
    }
    one.stop().await;
    two.stop().await;
    let expected: Vec<_> = (0..count).map(|n| format!("text{n}")).collect();
    assert_eq!(world.texts("k").await, expected);
}

#[tokio::test(start_paused = true)]
async fn calls_that_cannot_be_read_are_left_in_the_outbox_and_block_nobody() {
    let world = World::new().await;
    let calls = Bytes::from_static(b"\x02no calls");
    let commit = Commit { outbox_add: vec![calls], ..Commit::default() };
    world.store.commit(&commit).await.unwrap();
    let running = world.start();
    assert_eq!(running.ask("k", "text").await.unwrap(), ["text"]);
    world.hears("text").await;
    running.stop().await;
    assert_eq!(world.store.stats().await.unwrap().outbox_rows, 1);
}

#[tokio::test(start_paused = true)]
async fn a_corrupt_entity_sends_its_messages_to_the_dead_letters_and_blocks_nobody() {
    let world = World::new().await;
    let broken = store::EntityWrite {
        key: "k1".into(),
        state: Bytes::from_static(b"{"),
        meta: Bytes::from_static(b"?"),
        next_due: Some(0),
        ..store::EntityWrite::default()
    };
    let commit = Commit { entities: vec![broken], ..Commit::default() };
    world.store.commit(&commit).await.unwrap();
    let running = world.start();
    world.send("m1", "k1", "text").await;
    world.send("m2", "k2", "text").await;
    world.hears("text").await;
    running.stop().await;
    let dead = world.bus.dead_letters("diary", 10).await.unwrap();
    assert!(dead[0].reason.contains("the stored state"), "{}", dead[0].reason);
    assert_eq!(world.store.next_due().await.unwrap(), None, "its timer must not come again and again");
}

#[tokio::test(start_paused = true)]
async fn health_tells_how_it_ended() {
    let world = World::new().await;
    let participant = world.participant();
    let health = participant.health();
    assert_eq!(health.state(), HealthState::Starting);
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(participant.run(async { drop(stopped.await) }));
    world.send("m1", "k", "text").await;
    world.hears("text").await;
    assert!(health.is_ready());
    let _ = stop.send(());
    task.await.unwrap().unwrap();
    assert_eq!(health.state(), HealthState::Stopped(None));
}
