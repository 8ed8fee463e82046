//! Many messages, several consumers, several publishers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::kit::{Received, Scene, collect, gather, receive, settle, stop};
use crate::{Bus, Message, Outcome};

/// The order in which each key's messages came for the first time must be the order of their numbers.
fn assert_keys_in_order<'a>(received: impl IntoIterator<Item = (&'a str, usize)>) {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (key, n) in received {
        if seen.insert(n) {
            let before = last.insert(key, n);
            assert!(
                before.is_none_or(|before| before < n),
                "{n} came after {before:?} of the same key {key}"
            );
        }
    }
}

async fn publish_in_batches(scene: &Scene, messages: &[Message], size: usize) {
    let publisher = scene.publisher().await;
    for batch in messages.chunks(size) {
        publisher.publish(batch).await.expect("published");
    }
}

/// Many keys, published in batches of several sizes: each key's messages come in order, and all of them.
pub async fn one_key_keeps_its_order(bus: Arc<dyn Bus>) {
    const COUNT: usize = 2000;
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let messages: Vec<Message> = (0..COUNT).map(|n| scene.numbered(n, 37)).collect();
    publish_in_batches(&scene, &messages[..500], 1).await;
    publish_in_batches(&scene, &messages[500..], 100).await;
    let mut received = Vec::new();
    while received.len() < COUNT {
        let deliveries = receive(&consumer, 50).await;
        for delivery in &deliveries {
            let n: usize = delivery.message.id.parse().expect("a numbered message");
            received.push((delivery.message.key.clone(), n));
        }
        settle(&consumer, &deliveries, Outcome::Done).await;
    }
    assert_eq!(received.iter().map(|(_, n)| n).collect::<BTreeSet<_>>().len(), COUNT, "each came once");
    assert_keys_in_order(received.iter().map(|(key, n)| (key.as_str(), *n)));
}

/// Publishes to a group of two consumers and returns what they received.
async fn two_consumers_receive(scene: &Scene, count: usize, keys: usize) -> Vec<Received> {
    let subscription = scene.subscription("g", &["kind"]);
    let consumers = [scene.subscribe(&subscription).await, scene.subscribe(&subscription).await];
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let collectors = consumers.into_iter().enumerate();
    let collectors: Vec<_> =
        collectors.map(|(number, consumer)| collect(number, consumer, sender.clone())).collect();
    let messages: Vec<Message> = (0..count).map(|n| scene.numbered(n, keys)).collect();
    publish_in_batches(scene, &messages, 20).await;
    let received = gather(&mut receiver, count).await;
    for collector in collectors {
        stop(collector).await;
    }
    received
}

/// Two consumers of a group get each message once between them, and both have work.
pub async fn consumers_of_a_group_share_its_messages(bus: Arc<dyn Bus>) {
    const COUNT: usize = 1000;
    let received = two_consumers_receive(&Scene::new(bus), COUNT, 200).await;
    assert_eq!(received.len(), COUNT, "each came once");
    let first = received.iter().filter(|received| received.consumer == 0).count();
    assert!(first > 0 && first < COUNT, "the first consumer had {first} of {COUNT} messages");
}

/// With two consumers in a group, one key's messages still come in order.
pub async fn order_is_kept_across_two_consumers(bus: Arc<dyn Bus>) {
    let received = two_consumers_receive(&Scene::new(bus), 2000, 50).await;
    assert_keys_in_order(received.iter().map(|received| (received.key.as_str(), received.n)));
}

/// Four publishers at once, 10,000 messages in batches: all come, none twice.
pub async fn concurrent_publishers_lose_and_double_nothing(bus: Arc<dyn Bus>) {
    const COUNT: usize = 10_000;
    const PUBLISHERS: usize = 4;
    let scene = Scene::new(bus);
    let consumer = scene.subscribe(&scene.subscription("g", &["kind"])).await;
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let collector = collect(0, consumer, sender);
    let mut publishing = tokio::task::JoinSet::new();
    for number in 0..PUBLISHERS {
        let publisher = scene.publisher().await;
        let numbers = (0..COUNT).filter(move |n| n % PUBLISHERS == number);
        let messages: Vec<Message> = numbers.map(|n| scene.numbered(n, 100)).collect();
        publishing.spawn(async move {
            for batch in messages.chunks(50) {
                publisher.publish(batch).await.expect("published");
            }
        });
    }
    let received = gather(&mut receiver, COUNT).await;
    while let Some(ended) = publishing.join_next().await {
        ended.expect("the publisher ran to its end");
    }
    stop(collector).await;
    assert_eq!(received.len(), COUNT, "none came twice");
    // The keys' numbers rise with the publisher's, and a key belongs to one publisher.
    assert_keys_in_order(received.iter().map(|received| (received.key.as_str(), received.n)));
}

/// Consumers that come, take messages and go without settling them, while others work: nothing is lost, and each
/// key's messages come for the first time in order.
pub async fn joining_and_leaving_under_load_loses_nothing(bus: Arc<dyn Bus>) {
    const COUNT: usize = 5000;
    let scene = Scene::new(bus);
    let subscription = scene.subscription("g", &["kind"]);
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let staying = collect(0, scene.subscribe(&subscription).await, sender.clone());
    let publisher = scene.publisher().await;
    let messages: Vec<Message> = (0..COUNT).map(|n| scene.numbered(n, 101)).collect();
    let mut guest = None;
    for (number, batch) in messages.chunks(COUNT / 50).enumerate() {
        publisher.publish(batch).await.expect("published");
        match number % 5 {
            0 => guest = Some(scene.subscribe(&subscription).await),
            // A guest that takes what is there and leaves with it.
            2 => {
                if let Some(guest) = guest.take() {
                    let taking = tokio::time::timeout(std::time::Duration::from_millis(2), guest.receive(30));
                    drop(taking.await);
                }
            }
            // A guest that works, and is stopped at any point.
            3 => {
                let working = collect(number, scene.subscribe(&subscription).await, sender.clone());
                tokio::task::yield_now().await;
                stop(working).await;
            }
            _ => {}
        }
    }
    let received = gather(&mut receiver, COUNT).await;
    stop(staying).await;
    assert_keys_in_order(received.iter().map(|received| (received.key.as_str(), received.n)));
}
