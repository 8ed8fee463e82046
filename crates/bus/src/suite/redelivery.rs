//! What comes again, and what does not.

use std::sync::Arc;

use super::kit::{Scene, ids, receive, settle, skip};
use crate::{Bus, Message, Outcome};

/// What a consumer had not settled when it left comes again, in order, before what was published later, and with a
/// higher attempt number where the bus counts.
pub async fn unsettled_is_redelivered_when_its_consumer_leaves(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let subscription = scene.subscription("g", &["kind"]);
    let first = scene.subscribe(&subscription).await;
    let messages: Vec<Message> = (0..10).map(|n| scene.numbered(n, 1)).collect();
    scene.publish(&messages).await;
    let deliveries = receive(&first, 6).await;
    settle(&first, &deliveries[..2], Outcome::Done).await;
    drop(first);
    let second = scene.subscribe(&subscription).await;
    let again = receive(&second, 8).await;
    assert_eq!(ids(&again), ["2", "3", "4", "5", "6", "7", "8", "9"]);
    if scene.bus.capabilities().delivery_limit.is_some() {
        assert!(again[..4].iter().all(|delivery| delivery.attempt == 2), "attempts are counted: {again:?}");
    } else {
        skip("attempts are counted", "this bus does not count deliveries");
    }
}

/// What was settled stays settled when its consumer leaves.
pub async fn settled_does_not_come_again(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let subscription = scene.subscription("g", &["kind"]);
    let first = scene.subscribe(&subscription).await;
    let messages: Vec<Message> = (0..5).map(|n| scene.numbered(n, 1)).collect();
    scene.publish(&messages).await;
    settle(&first, &receive(&first, 5).await, Outcome::Done).await;
    drop(first);
    let second = scene.subscribe(&subscription).await;
    // It has the key of the others, so they would have to come before it.
    scene.publish(&[scene.numbered(5, 1)]).await;
    assert_eq!(ids(&receive(&second, 1).await), ["5"]);
}

/// Settling a delivery a second time, in whatever way, changes nothing.
pub async fn settling_twice_is_harmless(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    scene.publish(&[scene.numbered(0, 1)]).await;
    let deliveries = receive(&consumer, 1).await;
    settle(&consumer, &deliveries, Outcome::Done).await;
    scene.publish(&[scene.numbered(1, 1)]).await;
    let next = receive(&consumer, 1).await;
    settle(&consumer, &deliveries, Outcome::Retry).await;
    settle(&consumer, &deliveries, Outcome::DeadLetter { reason: "too late".into() }).await;
    settle(&consumer, &next, Outcome::Done).await;
    scene.publish(&[scene.numbered(2, 1)]).await;
    assert_eq!(ids(&receive(&consumer, 1).await), ["2"]);
    assert_eq!(scene.bus.dead_letters(&scene.group("g"), 10).await.expect("dead letters"), []);
}

/// A delivery to be retried comes again to a consumer that stays, the same message with a higher attempt number.
pub async fn retry_delivers_again(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let message = scene.message("kind", "k", "1");
    scene.publish(std::slice::from_ref(&message)).await;
    settle(&consumer, &receive(&consumer, 1).await, Outcome::Retry).await;
    let again = receive(&consumer, 1).await;
    assert_eq!(*again[0].message, message);
    if scene.bus.capabilities().delivery_limit.is_some() {
        assert_eq!(again[0].attempt, 2);
    } else {
        skip("attempts are counted", "this bus does not count deliveries");
    }
}

/// Where the bus says so, a retry brings back that message only.
pub async fn retry_leaves_the_others_alone(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    if !scene.bus.capabilities().individual_retry {
        return skip("retry_leaves_the_others_alone", "this bus does not retry messages one by one");
    }
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let messages: Vec<Message> = (0..3).map(|n| scene.numbered(n, 1)).collect();
    scene.publish(&messages).await;
    let deliveries = receive(&consumer, 3).await;
    settle(&consumer, &deliveries[..1], Outcome::Done).await;
    settle(&consumer, &deliveries[1..2], Outcome::Retry).await;
    settle(&consumer, &deliveries[2..], Outcome::Done).await;
    let again = receive(&consumer, 1).await;
    assert_eq!(ids(&again), ["1"]);
    settle(&consumer, &again, Outcome::Done).await;
    scene.publish(&[scene.numbered(3, 1)]).await;
    assert_eq!(ids(&receive(&consumer, 1).await), ["3"]);
}

/// Where the bus limits deliveries, the retry of the last one makes a dead letter with the reason `delivery limit`.
pub async fn the_delivery_limit_ends_retries(bus: Arc<dyn Bus>) {
    let scene = Scene::new(bus);
    let Some(limit) = scene.bus.capabilities().delivery_limit else {
        return skip("the_delivery_limit_ends_retries", "this bus has no delivery limit");
    };
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    scene.publish(&[scene.numbered(0, 1)]).await;
    for attempt in 1..=limit {
        let deliveries = receive(&consumer, 1).await;
        assert_eq!((ids(&deliveries), deliveries[0].attempt), (vec!["0"], attempt));
        settle(&consumer, &deliveries, Outcome::Retry).await;
    }
    scene.publish(&[scene.numbered(1, 1)]).await;
    assert_eq!(ids(&receive(&consumer, 1).await), ["1"]);
    let letters = scene.bus.dead_letters(&scene.group("g"), 10).await.expect("dead letters");
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].message.id.as_str(), letters[0].attempts), ("0", limit));
    assert_eq!(letters[0].reason, "delivery limit");
}
