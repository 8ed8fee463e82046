//! Messages that reach no queue, because somebody took a binding away: they are not published, whatever is under way beside
//! them on the channel.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bus::{Bus, BusError, Message, Publisher, Subscription, Topic};
use common::{Log, connect, message, options, publisher, subscription, until};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::time::sleep;

/// What only the group "lonely" subscribes to.
const LONELY: Topic = Topic::new("orders/lonely");

/// How many calls there were.
#[derive(Default)]
struct Calls {
    published: AtomicUsize,
    refused: AtomicUsize,
    over: AtomicBool,
}

/// Numbered from `first`, in calls of `each` messages, each call once, until that is over; the numbers of those that were published.
async fn publish_once(
    publisher: Arc<dyn Publisher>,
    topic: Topic,
    first: usize,
    each: usize,
    calls: Arc<Calls>,
) -> BTreeSet<usize> {
    let mut published = BTreeSet::new();
    for call in 0.. {
        if calls.over.load(Ordering::Relaxed) {
            break;
        }
        let numbers: Vec<usize> = (0..each).map(|n| first + call * each + n).collect();
        let messages: Vec<Message> =
            numbers.iter().map(|&n| Message { topic: topic.clone(), ..message(n, 17) }).collect();
        match publisher.publish(&messages).await {
            Ok(()) => {
                published.extend(numbers);
                calls.published.fetch_add(1, Ordering::Relaxed);
            }
            Err(BusError::Unavailable(_)) => {
                calls.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => panic!("refused for good: {error}"),
        }
    }
    published
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
    let call = |topic, first, each| {
        let calls = Arc::<Calls>::default();
        (tokio::spawn(publish_once(Arc::clone(&publisher), topic, first, each, Arc::clone(&calls))), calls)
    };
    let busy = [call(common::TOPIC, 0, 20), call(common::TOPIC, 1_000_000, 3)];
    let (single, lonely_calls) = call(LONELY, 0, 1);
    let stranger = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
    let channel = stranger.create_channel().await.unwrap();
    // Calls are refused while the bindings are away, and these are made again at once.
    until("calls are refused, and others published", async || {
        unbind(&channel, &options.namespace, options.shards).await;
        sleep(Duration::from_millis(50)).await;
        let Calls { published, refused, .. } = &*lonely_calls;
        published.load(Ordering::Relaxed) > 10 && refused.load(Ordering::Relaxed) > 10
    })
    .await;
    busy.iter()
        .map(|(_, calls)| calls)
        .chain([&lonely_calls])
        .for_each(|calls| calls.over.store(true, Ordering::Relaxed));

    let published = single.await.unwrap();
    until("everything that was published arrived", async || published.iter().all(|&n| lonely.has(n))).await;
    for (calls, _) in busy {
        let published = calls.await.unwrap();
        until("everything beside it arrived", async || published.iter().all(|&n| all.has(n))).await;
    }
    // What nobody subscribes to need not reach a queue.
    let nobodys = Message { topic: Topic::new("orders/nobody"), ..message(0, 1) };
    publisher.publish(&[nobodys]).await.unwrap();
    collecting.iter().for_each(tokio::task::JoinHandle::abort);
}
