//! Messages that reach no queue, because somebody took a binding away: they are not published, whatever is under way beside
//! them on the channel.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Bus, BusError, Message, Publisher, Subscription, Topic};
use common::{Log, connect, message, options, publisher, subscription, until};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::time::sleep;

/// What only the group "lonely" subscribes to.
const LONELY: Topic = Topic::new("orders/lonely");

/// Numbered from `first`, in calls of `each` messages, each call once, until `over`; the numbers of those that were published,
/// and how many calls were refused.
async fn publish_once(
    publisher: Arc<dyn Publisher>,
    topic: Topic,
    first: usize,
    each: usize,
    over: Arc<AtomicBool>,
) -> (BTreeSet<usize>, usize) {
    let (mut published, mut refused) = (BTreeSet::new(), 0);
    for call in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let numbers: Vec<usize> = (0..each).map(|n| first + call * each + n).collect();
        let messages: Vec<Message> =
            numbers.iter().map(|&n| Message { topic: topic.clone(), ..message(n, 17) }).collect();
        match publisher.publish(&messages).await {
            Ok(()) => published.extend(numbers),
            Err(BusError::Unavailable(_)) => refused += 1,
            Err(error) => panic!("refused for good: {error}"),
        }
    }
    (published, refused)
}

/// Takes the lonely group's bindings away, all at once.
async fn unbind(channel: &Channel, namespace: &str, shards: u16) {
    for shard in 0..shards {
        let queue = format!("{namespace}.lonely.{shard}");
        let (exchange, key) = (format!("{namespace}.messages"), format!("{LONELY}.{shard}"));
        channel.queue_unbind(queue.into(), exchange.into(), key.into(), FieldTable::default()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_reaches_no_queue_is_not_published_and_the_binding_is_made_again() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let options = options(&url);
    let bus = connect(&options).await;
    let (all, lonely) = (Log::default(), Log::default());
    let topics = vec![LONELY];
    let alone = Subscription { group: "lonely".to_owned(), topics, unsettled_max: 1000 };
    let collecting = [
        all.collect(0, bus.subscribe(&subscription("g")).await.unwrap()),
        lonely.collect(0, bus.subscribe(&alone).await.unwrap()),
    ];
    // One publisher, and so one channel: calls of three tasks are under way on it at the same time.
    let publisher = publisher(&bus).await;
    let over = Arc::new(AtomicBool::new(false));
    let call = |topic, first, each| {
        tokio::spawn(publish_once(Arc::clone(&publisher), topic, first, each, Arc::clone(&over)))
    };
    let busy = [call(common::TOPIC, 0, 20), call(common::TOPIC, 1_000_000, 3)];
    let single = call(LONELY, 0, 1);
    let stranger = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
    let channel = stranger.create_channel().await.unwrap();
    for _ in 0..40 {
        unbind(&channel, &options.namespace, options.shards).await;
        sleep(Duration::from_millis(50)).await;
    }
    over.store(true, Ordering::Relaxed);

    let (published, refused) = single.await.unwrap();
    assert!(refused > 10, "{refused} calls were refused while the bindings were taken away");
    assert!(published.len() > 10, "the bindings are made again at once: {}", published.len());
    until("everything that was published arrived", async || published.iter().all(|&n| lonely.has(n))).await;
    for calls in busy {
        let (published, _) = calls.await.unwrap();
        until("everything beside it arrived", async || published.iter().all(|&n| all.has(n))).await;
    }
    // What nobody subscribes to need not reach a queue.
    let nobodys = Message { topic: Topic::new("orders/nobody"), ..message(0, 1) };
    publisher.publish(&[nobodys]).await.unwrap();
    collecting.iter().for_each(tokio::task::JoinHandle::abort);
}
