//! What only a real Kafka shows, beyond the conformance suite.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Depth, Durability, Message, Outcome, Topic};
use bus_kafka::{KafkaBus, KafkaOptions};
use common::{bus_at, cleaned, group, ids, message, namespace, publish, receive, settle, until};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::time::{Instant, timeout};

const PLACED: Topic = Topic::new("orders/placed");
const CLOSED: Topic = Topic::new("orders/closed");
const REPLY: Topic = Topic::new("replies/reply");

fn options(url: &str) -> KafkaOptions {
    let mut options = KafkaOptions::parse(url).unwrap();
    options.namespace = namespace();
    options
}

/// A stranger that writes to the namespace's topics as it likes.
fn stranger(url: &str) -> FutureProducer {
    let brokers = url.strip_prefix("kafka://").unwrap();
    ClientConfig::new().set("bootstrap.servers", brokers).set("partitioner", "murmur2").create().unwrap()
}

#[tokio::test]
async fn guarantees_are_what_the_cluster_says() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    for (durability, words) in
        [(Durability::Kill, "in the page cache"), (Durability::Power, "flushed to disk")]
    {
        let mut options = options(&url);
        options.durability = durability;
        let bus = cleaned(options).await;
        let before = bus.guarantees().await.unwrap();
        bus.declare(&group("g", &[PLACED])).await.unwrap();
        let guarantees = bus.guarantees().await.unwrap();
        assert_eq!(before, guarantees, "the same before there is a topic and after");
        assert_eq!((guarantees.durability, bus.capabilities().durability), (durability, durability));
        assert!(guarantees.product.starts_with("Apache Kafka 4."), "{}", guarantees.product);
        assert!(guarantees.confirmed.contains(words), "{}", guarantees.confirmed);
        assert_eq!(guarantees.replicas, 1);
    }
}

#[tokio::test]
async fn topics_of_a_lower_durability_are_not_used_for_a_higher_one() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let mut options = options(&url);
    let kill = cleaned(options.clone()).await;
    publish(&*kill, &[message(&PLACED, "k", 1)]).await.unwrap();
    options.durability = Durability::Power;
    let power = KafkaBus::connect(options).await.unwrap();
    let refusal = publish(&power, &[message(&PLACED, "k", 2)]).await.unwrap_err();
    assert!(!refusal.is_retryable() && refusal.to_string().contains("does not flush"), "{refusal}");
}

#[tokio::test]
async fn more_replicas_than_brokers_are_refused_in_words() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let mut options = KafkaOptions::parse(&format!("{url}?replication=100")).unwrap();
    options.namespace = namespace();
    let bus = KafkaBus::connect(options).await.unwrap();
    let refusal = publish(&bus, &[message(&PLACED, "k", 1)]).await.unwrap_err();
    assert!(!refusal.is_retryable() && refusal.to_string().contains("fewer brokers"), "{refusal}");
}

#[tokio::test]
async fn removing_a_namespace_leaves_the_others_alone() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let (mine, mut other) = (options(&url), options(&url));
    other.namespace = format!("{}-2", mine.namespace);
    let (mine, other) = (cleaned(mine).await, cleaned(other).await);
    for bus in [&mine, &other] {
        let consumer = bus.subscribe(&group("g", &[PLACED])).await.unwrap();
        publish(&**bus, &[message(&PLACED, "k", 1), message(&PLACED, "k", 2)]).await.unwrap();
        let deliveries = receive(&consumer, 2).await;
        settle(&consumer, &deliveries[..1], Outcome::DeadLetter { reason: "no".into() }).await;
    }
    mine.remove(&["g"]).await.unwrap();
    mine.remove(&["g"]).await.unwrap();
    assert_eq!(mine.depth("g").await.unwrap(), None);
    assert_eq!(mine.dead_letters("g", 10).await.unwrap(), []);
    assert_eq!(other.dead_letters("g", 10).await.unwrap().len(), 1);
    let consumer = other.subscribe(&group("g", &[PLACED])).await.unwrap();
    assert_eq!(ids(&receive(&consumer, 1).await), ["2"]);
    // What was removed can be made anew, and has forgotten everything.
    let consumer = mine.subscribe(&group("g", &[PLACED])).await.unwrap();
    publish(&*mine, &[message(&PLACED, "k", 3)]).await.unwrap();
    assert_eq!(ids(&receive(&consumer, 1).await), ["3"]);
}

#[tokio::test]
async fn strangers_records_become_dead_letters_and_hold_up_nobody() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let options = options(&url);
    let topic = format!("{}.orders", options.namespace);
    let bus = cleaned(options).await;
    let consumer = bus.subscribe(&group("g", &[PLACED])).await.unwrap();
    publish(&*bus, &[message(&PLACED, "k", "before")]).await.unwrap();
    let stranger = stranger(&url);
    let header = |key, value| Header { key, value: Some(value) };
    let ours =
        |id| OwnedHeaders::new().insert(header("duet-id", id)).insert(header("duet-topic", "orders/placed"));
    let large = vec![b' '; 950 * 1024];
    let records: [FutureRecord<'_, str, [u8]>; 5] = [
        FutureRecord::to(&topic).key("k").payload(&b"{}"[..]),
        FutureRecord::to(&topic).partition(0).payload(&b"{}"[..]).headers(ours("x1")),
        FutureRecord::to(&topic).key("k").headers(ours("x2")),
        FutureRecord::to(&topic).key("k").payload(&large[..]).headers(ours("x3")),
        FutureRecord::to(&topic)
            .key("k")
            .payload(&b"{}"[..])
            .headers(OwnedHeaders::new().insert(Header { key: "duet-id", value: Some(&[0xff_u8][..]) })),
    ];
    for record in records {
        stranger.send(record, common::PATIENCE).await.unwrap();
    }
    publish(&*bus, &[message(&PLACED, "k", "after")]).await.unwrap();
    let deliveries = receive(&consumer, 2).await;
    assert_eq!(ids(&deliveries), ["before", "after"]);
    settle(&consumer, &deliveries, Outcome::Done).await;
    let all_dead = Depth { dead: 5, ..Depth::default() };
    // Somebody receives on, as a participant does.
    let receiving = tokio::spawn(async move { (receive(&consumer, 1).await, consumer) });
    until("dead letters", || async { bus.depth("g").await.unwrap().unwrap() == all_dead }).await;
    let letters = bus.dead_letters("g", 10).await.unwrap();
    let reasons: BTreeSet<&str> = letters.iter().map(|letter| letter.reason.as_str()).collect();
    let wanted =
        |part: &str| assert!(reasons.iter().any(|reason| reason.contains(part)), "{part}: {reasons:?}");
    wanted("no header duet-id; no header duet-topic");
    wanted("header duet-id is not UTF-8");
    wanted("no key");
    wanted("no value");
    wanted("972800 bytes of value, 921600 at the most");
    assert!(letters.iter().all(|letter| letter.group == "g" && letter.attempts == 1));
    let nameless = letters.iter().find(|letter| letter.reason.contains("no header duet-id")).unwrap();
    assert!(nameless.message.id.starts_with(&topic), "{}", nameless.message.id);
    assert!(bus.redrive("g", &nameless.message.id).await.unwrap());
    let (again, _consumer) = receiving.await.unwrap();
    assert_eq!((ids(&again), &again[0].message.body[..]), (vec![nameless.message.id.as_str()], &b"{}"[..]));
}

#[tokio::test]
async fn one_member_has_all_messages_of_a_key_whatever_the_stream() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let bus = bus_at(&url).await;
    let subscription = group("g", &[PLACED, REPLY]);
    let consumers =
        [bus.subscribe(&subscription).await.unwrap(), bus.subscribe(&subscription).await.unwrap()];
    let keys: Vec<String> = (0..100).map(|n| format!("key-{n}")).collect();
    let messages: Vec<Message> = keys
        .iter()
        .flat_map(|key| [message(&PLACED, key, format!("{key}/p")), message(&REPLY, key, format!("{key}/r"))])
        .collect();
    publish(&*bus, &messages).await.unwrap();
    let mut owners: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut shares: BTreeMap<(usize, String), usize> = BTreeMap::new();
    let mut came = 0;
    while came < messages.len() {
        let [a, b] = &consumers;
        let (owner, deliveries) = timeout(common::PATIENCE, async {
            tokio::select! {
                received = a.receive(10) => (0, received.unwrap()),
                received = b.receive(10) => (1, received.unwrap()),
            }
        })
        .await
        .unwrap();
        came += deliveries.len();
        for delivery in &deliveries {
            owners.entry(delivery.message.key.clone()).or_default().insert(owner);
            *shares.entry((owner, delivery.message.topic.to_string())).or_default() += 1;
        }
        settle(&consumers[owner], &deliveries, Outcome::Done).await;
    }
    assert!(owners.values().all(|owners| owners.len() == 1), "{owners:?}");
    assert_eq!(shares.len(), 4, "each member has a share of each stream: {shares:?}");
}

#[tokio::test]
async fn a_member_that_leaves_is_replaced_at_once_and_its_keys_tell_the_epoch() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let bus = bus_at(&url).await;
    let first = bus.subscribe(&group("g", &[PLACED])).await.unwrap();
    let second = bus.subscribe(&group("g", &[PLACED])).await.unwrap();
    let before = second.epoch();
    let messages: Vec<Message> = (0..100).map(|n| message(&PLACED, &n.to_string(), n)).collect();
    publish(&*bus, &messages).await.unwrap();
    let left = Instant::now();
    drop(first);
    let deliveries = receive(&second, 100).await;
    let took = left.elapsed();
    assert!(took < Duration::from_secs(4), "that took {took:?}: as if it had died, not left");
    assert!(second.epoch() > before, "it has keys that another had");
    assert_eq!(deliveries.iter().map(|delivery| &delivery.message.key).collect::<BTreeSet<_>>().len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_declared_by_several_at_once_miss_nothing() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let options = options(&url);
    let bus = cleaned(options.clone()).await;
    // An older stream: a new group begins at its end.
    publish(&*bus, &[message(&PLACED, "k", "old")]).await.unwrap();
    let mut starting = tokio::task::JoinSet::new();
    for starter in 0..4 {
        let options = options.clone();
        starting.spawn(async move {
            let bus = KafkaBus::connect(options).await.unwrap();
            bus.declare(&group("g", &[PLACED])).await.unwrap();
            // Declared: whatever is published from here on counts.
            let messages: Vec<Message> =
                (0..50).map(|n| message(&PLACED, &n.to_string(), format!("{starter}/{n}"))).collect();
            publish(&bus, &messages).await.unwrap();
        });
    }
    while let Some(started) = starting.join_next().await {
        started.unwrap();
    }
    let consumer = bus.subscribe(&group("g", &[PLACED])).await.unwrap();
    let mut came = BTreeSet::new();
    while came.len() < 200 {
        let deliveries = receive(&consumer, 1).await;
        came.extend(deliveries.iter().map(|delivery| delivery.message.id.clone()));
        settle(&consumer, &deliveries, Outcome::Done).await;
    }
    assert!(!came.contains("old"));
}

#[tokio::test]
async fn a_topic_that_was_deleted_is_made_anew() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let mut options = KafkaOptions::parse(&format!("{url}?delivery_timeout_ms=2000")).unwrap();
    options.namespace = namespace();
    let bus = cleaned(options.clone()).await;
    let publisher = bus.publisher(bus::Origin::Participant).await.unwrap();
    // Two seconds may be too short for a busy broker at any time, not only while it lacks the topic.
    let published = async |n| {
        let retried = async {
            while let Err(error) = publisher.publish(&[message(&PLACED, "k", n)]).await {
                assert!(error.is_retryable(), "{error}");
            }
        };
        timeout(common::PATIENCE, retried).await.unwrap();
    };
    published(1).await;
    published(2).await;
    KafkaBus::connect(options).await.unwrap().remove(&[]).await.unwrap();
    published(3).await;
}

#[tokio::test]
async fn depth_is_known_without_a_declaration_of_one_s_own() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let options = options(&url);
    let bus = cleaned(options.clone()).await;
    bus.declare(&group("g", &[PLACED])).await.unwrap();
    bus.declare(&group("other", &[REPLY])).await.unwrap();
    let messages: Vec<Message> = (0..10).map(|n| message(&PLACED, &n.to_string(), n)).collect();
    publish(&*bus, &messages).await.unwrap();
    let onlooker = KafkaBus::connect(options).await.unwrap();
    assert_eq!(onlooker.depth("g").await.unwrap().unwrap(), Depth { ready: 10, ..Depth::default() });
    assert_eq!(onlooker.depth("other").await.unwrap().unwrap(), Depth::default());
    assert_eq!(onlooker.depth("nobody").await.unwrap(), None);
}

#[tokio::test]
async fn overlapping_calls_keep_their_order() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let bus = bus_at(&url).await;
    let consumer = bus.subscribe(&group("g", &[PLACED])).await.unwrap();
    let publisher = bus.publisher(bus::Origin::Participant).await.unwrap();
    // The first calls also have to make another stream's topic, which takes them a while.
    let calls: Vec<Vec<Message>> = (0..100)
        .map(|n| {
            let own = message(&PLACED, "k", n);
            if n % 10 == 0 { vec![message(&REPLY, "k", n), own] } else { vec![own] }
        })
        .collect();
    futures::future::try_join_all(calls.iter().map(|call| publisher.publish(call))).await.unwrap();
    let expected: Vec<String> = (0..100).map(|n: u32| n.to_string()).collect();
    assert_eq!(ids(&receive(&consumer, 100).await), expected);
}

#[tokio::test]
async fn names_that_kafka_does_not_take_are_refused() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let bus = bus_at(&url).await;
    let refusal = publish(&*bus, &[message(&Topic::new("no good/placed"), "k", 1)]).await.unwrap_err();
    assert!(matches!(refusal, BusError::Protocol(_)), "{refusal}");
    let refusal = bus.declare(&group("no good", &[CLOSED])).await.unwrap_err();
    assert!(matches!(refusal, BusError::Protocol(_)), "{refusal}");
}

#[tokio::test]
async fn where_nobody_listens_the_bus_is_unavailable_soon() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let started = Instant::now();
    let error = KafkaBus::connect(options(&format!("kafka://127.0.0.1:{port}"))).await.unwrap_err();
    assert!(
        matches!(&error, BusError::Unavailable(why) if why.contains("no Kafka broker answers")),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[tokio::test]
async fn what_listens_and_is_no_kafka_is_given_up_in_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("kafka://127.0.0.1:{port}?connect_timeout_ms=1000");
    let started = Instant::now();
    let error = KafkaBus::connect(options(&url)).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    drop(listener);
}

/// A handle of the bus is all that its users share.
#[test]
fn the_bus_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<KafkaBus>();
    shared::<Arc<dyn Bus>>();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_redriven_by_two_at_once_and_refused_again_are_no_more_than_before() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let options = options(&url);
    let bus = cleaned(options.clone()).await;
    let consumer = bus.subscribe(&group("g", &[PLACED])).await.unwrap();
    let messages: Vec<Message> = (0..10).map(|n| message(&PLACED, &n.to_string(), n)).collect();
    publish(&*bus, &messages).await.unwrap();
    let refusing = tokio::spawn(async move {
        loop {
            let deliveries = consumer.receive(100).await.unwrap();
            settle(&consumer, &deliveries, Outcome::DeadLetter { reason: "no".into() }).await;
        }
    });
    let all_dead = Some(Depth { dead: 10, ..Depth::default() });
    until("dead letters", || async { bus.depth("g").await.unwrap() == all_dead }).await;
    // Each has its own lock, as two processes have.
    let others =
        [KafkaBus::connect(options.clone()).await.unwrap(), KafkaBus::connect(options).await.unwrap()];
    for _ in 0..3 {
        let all = others.iter().map(|bus| async move {
            for n in 0..10 {
                bus.redrive("g", &n.to_string()).await.unwrap();
            }
        });
        futures::future::join_all(all).await;
    }
    until("dead letters again", || async { bus.depth("g").await.unwrap() == all_dead }).await;
    let letters = bus.dead_letters("g", 100).await.unwrap();
    let about: BTreeSet<&str> = letters.iter().map(|letter| letter.message.id.as_str()).collect();
    assert_eq!((letters.len(), about.len()), (10, 10));
    refusing.abort();
}
