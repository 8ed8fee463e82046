//! What the properties are written with.
#![allow(clippy::print_stdout, reason = "part of a test")]

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::{
    Bus, Consumer, Delivery, Depth, Headers, Message, Origin, Outcome, Publisher, Settlement, Subscription,
    Topic,
};

/// How long anything that must happen may take: a broker under load is slow, and a passing test never waits.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing must happen to count as nothing, where nothing else can show it.
pub(super) const QUIET: Duration = Duration::from_millis(200);

/// A bus, and names that nobody else uses on it.
pub(super) struct Scene {
    pub(super) bus: Arc<dyn Bus>,
    name: String,
}

impl Scene {
    pub(super) fn new(bus: Arc<dyn Bus>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // The standard library's random keys differ from process to process.
        let random = RandomState::new().build_hasher().finish();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { bus, name: format!("conformance-{random:016x}-{number}") }
    }

    pub(super) fn group(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    pub(super) fn topic(&self, kind: &str) -> Topic {
        Topic::owned(format!("{}/{kind}", self.name))
    }

    /// A subscription of group `group` to topics of these kinds.
    pub(super) fn subscription(&self, group: &str, kinds: &[&str]) -> Subscription {
        let topics = kinds.iter().map(|kind| self.topic(kind)).collect();
        Subscription { group: self.group(group), topics, unsettled_max: 1000 }
    }

    pub(super) fn message(&self, kind: &str, key: &str, id: impl ToString) -> Message {
        let body = Bytes::from(format!("body of {}", id.to_string()));
        Message {
            id: id.to_string(),
            topic: self.topic(kind),
            key: key.to_owned(),
            headers: Headers::default(),
            body,
        }
    }

    /// The message `n` of a kind, with one of `keys` keys.
    pub(super) fn numbered(&self, n: usize, keys: usize) -> Message {
        self.message("kind", &format!("key-{}", n % keys), n)
    }

    pub(super) async fn publisher(&self) -> Arc<dyn Publisher> {
        self.bus.publisher(Origin::Participant).await.expect("a publisher")
    }

    pub(super) async fn publish(&self, messages: &[Message]) {
        self.publisher().await.publish(messages).await.expect("published");
    }

    pub(super) async fn declare(&self, subscription: &Subscription) {
        self.bus.declare(subscription).await.expect("declared");
    }

    pub(super) async fn subscribe(&self, subscription: &Subscription) -> Arc<dyn Consumer> {
        self.bus.subscribe(subscription).await.expect("subscribed")
    }

    pub(super) async fn depth(&self, group: &str) -> Option<Depth> {
        self.bus.depth(&self.group(group)).await.expect("a depth")
    }

    /// Waits until the group's depth is as wanted: a broker may count late.
    pub(super) async fn depth_becomes(&self, group: &str, wanted: Depth) {
        let (mut last, wanted) = (None, Some(wanted));
        let reached = timeout(PATIENCE, async {
            loop {
                last = self.depth(group).await;
                if last == wanted {
                    return;
                }
                sleep(Duration::from_millis(5)).await;
            }
        });
        let reached = reached.await;
        assert!(reached.is_ok(), "the depth is {last:?}, not {wanted:?}");
    }
}

/// Receives until there are `count` deliveries, and no more.
pub(super) async fn receive(consumer: &Arc<dyn Consumer>, count: usize) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    while deliveries.len() < count {
        let received = timeout(PATIENCE, consumer.receive(count - deliveries.len())).await;
        let more =
            received.unwrap_or_else(|_| panic!("only {} of {count} deliveries came", deliveries.len()));
        let more = more.expect("received");
        assert!(!more.is_empty(), "receive returned without a delivery");
        deliveries.extend(more);
        assert!(deliveries.len() <= count, "receive returned more than was asked for");
    }
    deliveries
}

pub(super) async fn settle(consumer: &Arc<dyn Consumer>, deliveries: &[Delivery], outcome: Outcome) {
    let settlement = |delivery: &Delivery| Settlement { token: delivery.token, outcome: outcome.clone() };
    consumer.settle(deliveries.iter().map(settlement).collect()).await.expect("settled");
}

pub(super) fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.message.id.as_str()).collect()
}

/// What a [`collect`]ing consumer received.
pub(super) struct Received {
    pub(super) consumer: usize,
    pub(super) key: String,
    pub(super) n: usize,
}

/// Receives and settles in the background until it is aborted, and tells what it received.
pub(super) fn collect(
    number: usize,
    consumer: Arc<dyn Consumer>,
    received: mpsc::UnboundedSender<Received>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let deliveries = consumer.receive(64).await.expect("received");
            for delivery in &deliveries {
                let n = delivery.message.id.parse().expect("a numbered message");
                let key = delivery.message.key.clone();
                // The listener is gone once it has all it wants.
                let _ = received.send(Received { consumer: number, key, n });
            }
            settle(&consumer, &deliveries, Outcome::Done).await;
        }
    })
}

/// Takes what the collectors receive until `count` different messages have come.
pub(super) async fn gather(received: &mut mpsc::UnboundedReceiver<Received>, count: usize) -> Vec<Received> {
    let mut all = Vec::new();
    let mut different = BTreeSet::new();
    while different.len() < count {
        let next = timeout(PATIENCE, received.recv()).await;
        let next = next.unwrap_or_else(|_| panic!("only {} of {count} messages came", different.len()));
        let next = next.expect("the collectors are running");
        different.insert(next.n);
        all.push(next);
    }
    all
}

/// Stops a collector and waits until its consumer is dropped.
pub(super) async fn stop(collector: JoinHandle<()>) {
    collector.abort();
    match collector.await {
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        _ => {}
    }
}

/// Says that a property was not checked, and why.
pub(super) fn skip(property: &str, why: &str) {
    println!("skipped: {property}: {why}");
}
