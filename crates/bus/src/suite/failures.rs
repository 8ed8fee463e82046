//! Dead letters, limits and dropped calls.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::time::timeout;

use super::kit::{PATIENCE, QUIET, Scene, ids, receive, settle};
use crate::{Bus, Depth, Message, Outcome, Subscription};

/// A dead letter is kept as it arrived, with its reason and its group, and blocks nothing behind it.
pub async fn a_dead_letter_keeps_message_reason_and_origin(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let other = scene.subscribe(&scene.subscription("other", &["kind"])).await;
    let mut poison = scene.message("kind", "k", "poison");
    poison.headers.set("ce-type", "plàced");
    poison.body = vec![0, 159, 255].into();
    scene.publish(&[poison.clone(), scene.message("kind", "k", "next")]).await;
    let deliveries = receive(&consumer, 2).await;
    let reason = "malformed: expected value at line 1 – ✗".to_owned();
    settle(&consumer, &deliveries[..1], Outcome::DeadLetter { reason: reason.clone() }).await;
    settle(&consumer, &deliveries[1..], Outcome::Done).await;
    scene.depth_becomes("g", Depth { dead: 1, ..Depth::default() }).await;
    let letters = scene.bus.dead_letters(&scene.group("g"), 10).await.expect("dead letters");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].message, poison);
    assert_eq!(letters[0].group, scene.group("g"));
    assert_eq!(letters[0].reason, reason);
    assert_eq!(letters[0].attempts, 1);
    assert_eq!(ids(&receive(&other, 2).await), ["poison", "next"]);
    let others = scene.bus.dead_letters(&scene.group("other"), 10).await.expect("dead letters");
    assert_eq!(others, []);
}

/// Redriving takes a dead letter off the list and delivers it again, to its group only, as if for the first time.
pub async fn a_redriven_dead_letter_is_delivered_again(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let group = scene.group("g");
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let other = scene.subscribe(&scene.subscription("other", &["kind"])).await;
    let messages: Vec<Message> = (0..3).map(|n| scene.numbered(n, 1)).collect();
    scene.publish(&messages).await;
    let deliveries = receive(&consumer, 3).await;
    settle(&consumer, &deliveries, Outcome::DeadLetter { reason: "not now".into() }).await;
    scene.depth_becomes("g", Depth { dead: 3, ..Depth::default() }).await;
    settle(&other, &receive(&other, 3).await, Outcome::Done).await;
    assert_eq!(scene.bus.dead_letters(&group, 2).await.expect("dead letters").len(), 2, "the limit holds");

    assert!(scene.bus.redrive(&group, "1").await.expect("redriven"));
    let again = receive(&consumer, 1).await;
    assert_eq!(*again[0].message, messages[1]);
    assert_eq!(again[0].attempt, 1);
    settle(&consumer, &again, Outcome::Done).await;
    scene.depth_becomes("g", Depth { dead: 2, ..Depth::default() }).await;
    let left = scene.bus.dead_letters(&group, 10).await.expect("dead letters");
    let left: Vec<&str> = left.iter().map(|letter| letter.message.id.as_str()).collect();
    assert_eq!(left, ["0", "2"]);

    assert!(!scene.bus.redrive(&group, "1").await.expect("answered"), "it is no dead letter any more");
    assert!(!scene.bus.redrive(&group, "unknown").await.expect("answered"));
    scene.publish(&[scene.numbered(3, 1)]).await;
    assert_eq!(ids(&receive(&other, 1).await), ["3"], "the other group saw nothing of it");
}

/// A consumer is given no more than it may hold unsettled, and more as soon as it settles.
pub async fn unsettled_max_is_respected(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let subscription = Subscription { unsettled_max: 3, ..scene.subscription("g", &["kind"]) };
    let consumer = scene.subscribe(&subscription).await;
    let messages: Vec<Message> = (0..10).map(|n| scene.numbered(n, 1)).collect();
    scene.publish(&messages).await;
    let mut held = receive(&consumer, 3).await;
    assert!(timeout(QUIET, consumer.receive(10)).await.is_err(), "it holds three and was given more");
    settle(&consumer, &held.split_off(1), Outcome::Done).await;
    let more = receive(&consumer, 2).await;
    assert_eq!(ids(&more), ["3", "4"]);
    assert!(timeout(QUIET, consumer.receive(10)).await.is_err(), "it holds three again and was given more");
    settle(&consumer, &held, Outcome::Done).await;
    settle(&consumer, &more, Outcome::Done).await;
    assert_eq!(ids(&receive(&consumer, 3).await), ["5", "6", "7"]);
}

/// Calls to receive that are dropped at any point lose nothing.
pub async fn receive_is_cancel_safe(bus: Arc<dyn Bus>) {
    const COUNT: usize = 1000;
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let publisher = scene.publisher().await;
    let messages: Vec<Message> = (0..COUNT).map(|n| scene.numbered(n, 7)).collect();
    let publishing = tokio::spawn(async move {
        for batch in messages.chunks(3) {
            publisher.publish(batch).await.expect("published");
            tokio::task::yield_now().await;
        }
    });
    let mut seen = BTreeSet::new();
    let all = timeout(PATIENCE, async {
        while seen.len() < COUNT {
            let deliveries = tokio::select! {
                biased;
                received = consumer.receive(5) => received.expect("received"),
                // Drops the call to receive after its first poll, many times over.
                () = tokio::task::yield_now() => continue,
            };
            for delivery in &deliveries {
                assert!(seen.insert(delivery.message.id.clone()), "{} came twice", delivery.message.id);
            }
            settle(&consumer, &deliveries, Outcome::Done).await;
        }
    })
    .await;
    assert!(all.is_ok(), "only {} of {COUNT} messages came", seen.len());
    publishing.await.expect("the publisher ran to its end");
}
