//! Who publishes past this adapter, configures it wrongly, or looks at a broker that others use, too.

mod common;

use std::time::Duration;

use bus::{Bus, BusError, Depth, Outcome};
use bus_rabbitmq::{RabbitBus, RabbitOptions};
use common::{
    TOPIC, connect, ids, message, options, publish, publisher, receive, settle, subscription, until,
};
use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use tokio::time::timeout;

fn header(name: &str, value: impl Into<LongString>) -> FieldTable {
    let mut table = FieldTable::default();
    table.insert(name.into(), AMQPValue::LongString(value.into()));
    table
}

/// What each of them lacks is its dead letter's reason; those around them arrive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_cannot_be_read_become_dead_letters_and_hold_up_nobody() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let options = options(&url);
    let bus = connect(&options).await;
    let consumer = bus.subscribe(&subscription("g")).await.unwrap();
    let publisher = publisher(&bus).await;
    let stranger = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
    let channel = stranger.create_channel().await.unwrap();
    let complete = BasicProperties::default().with_message_id("id".into()).with_type(TOPIC.as_str().into());
    let large = vec![b'x'; 1024 * 1024 + 1];
    let strays: [(BasicProperties, &[u8], &str); 6] = [
        (BasicProperties::default(), b"junk", "no message-id; no type (the topic); no header duet-key"),
        (complete.clone(), b"1", "no header duet-key"),
        (complete.clone().with_headers(header("duet-key", vec![0xff])), b"2", "duet-key is no UTF-8"),
        (
            complete.clone().with_headers({
                let mut both = header("duet-key", "k");
                both.insert("note".into(), AMQPValue::LongString(vec![0xff, 0xfe].into()));
                both
            }),
            b"3",
            "the header note is no UTF-8 text",
        ),
        (complete.clone().with_headers(header("duet-key", "k")), &large, "1048576 at the most"),
        // The broker would delete this one from the dead letters, too.
        (complete.clone().with_expiration("60000".into()), b"4", "no header duet-key"),
    ];
    publish(&publisher, &[message(0, 1)]).await;
    for shard in 0..options.shards {
        for (properties, body, _) in &strays {
            let queue = format!("{}.g.{shard}", options.namespace);
            let sent = channel.basic_publish(
                "".into(),
                queue.into(),
                BasicPublishOptions::default(),
                body,
                properties.clone(),
            );
            sent.await.unwrap();
        }
    }
    publish(&publisher, &[message(1, 1)]).await;
    let deliveries = receive(&consumer, 2).await;
    assert_eq!(ids(&deliveries), ["0", "1"]);
    settle(&consumer, &deliveries, Outcome::Done).await.unwrap();
    let dead = u64::from(options.shards) * strays.len() as u64;
    until("all are dead letters", async || {
        // They are met by whoever receives.
        let received = timeout(Duration::from_millis(10), consumer.receive(10)).await;
        assert!(received.is_err(), "{received:?}");
        bus.depth("g").await.unwrap().unwrap() == Depth { dead, ..Depth::default() }
    })
    .await;

    let letters = bus.dead_letters("g", 1000).await.unwrap();
    for (_, body, reason) in &strays {
        let of: Vec<_> = letters.iter().filter(|letter| letter.reason.contains(reason)).collect();
        assert!(of.len() >= usize::from(options.shards), "{reason}: {} letters", of.len());
        assert!(of.iter().any(|letter| letter.message.body == *body), "the body is kept");
        assert!(of.iter().all(|letter| letter.group == "g" && letter.attempts == 1));
    }
    let unnamed = letters.iter().find(|letter| letter.message.body == "junk").unwrap();
    assert!(unnamed.message.id.starts_with("unnamed-"), "{}", unnamed.message.id);
    assert!(unnamed.message.topic.as_str().contains(".g."), "where it was found: {}", unnamed.message.topic);

    // Redriven it is no better, and comes back.
    assert!(bus.redrive("g", &unnamed.message.id).await.unwrap());
    until("it is a dead letter again", async || {
        assert!(timeout(Duration::from_millis(10), consumer.receive(10)).await.is_err());
        bus.depth("g").await.unwrap().unwrap().dead == dead
    })
    .await;
    bus.remove(&["g"]).await.unwrap();
}

/// Dead letters keep their order, however often somebody looks or takes one off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_keep_their_order() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let bus = connect(&options(&url)).await;
    let consumer = bus.subscribe(&subscription("g")).await.unwrap();
    let messages: Vec<_> = (0..60).map(|n| message(n, 7)).collect();
    let publisher = publisher(&bus).await;
    for message in &messages {
        publish(&publisher, std::slice::from_ref(message)).await;
        let deliveries = receive(&consumer, 1).await;
        settle(&consumer, &deliveries, Outcome::DeadLetter { reason: "no".into() }).await.unwrap();
    }
    let mut left: Vec<String> = messages.iter().map(|message| message.id.clone()).collect();
    for redriven in ["30", "0", "59", "1", "31"] {
        assert_eq!(bus.dead_letters("g", 5).await.unwrap().len(), 5);
        assert!(bus.redrive("g", redriven).await.unwrap());
        assert!(!bus.redrive("g", "nobody").await.unwrap());
        left.retain(|id| id != redriven);
        let letters = bus.dead_letters("g", 100).await.unwrap();
        let now: Vec<&str> = letters.iter().map(|letter| letter.message.id.as_str()).collect();
        assert_eq!(now, left);
        let again = receive(&consumer, 1).await;
        assert_eq!(ids(&again), [redriven]);
        settle(&consumer, &again, Outcome::Done).await.unwrap();
    }
    bus.remove(&["g"]).await.unwrap();
}

/// Two operators at once: none of them meets letters that the other holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_listed_and_redriven_side_by_side() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let options = options(&url);
    let bus = connect(&options).await;
    let consumer = bus.subscribe(&subscription("g")).await.unwrap();
    // Of one key, so that they become dead letters in this order.
    let messages: Vec<_> = (0..20).map(|n| message(n, 1)).collect();
    publish(&publisher(&bus).await, &messages).await;
    let deliveries = receive(&consumer, 20).await;
    settle(&consumer, &deliveries, Outcome::DeadLetter { reason: "no".into() }).await.unwrap();
    until("all are dead", async || bus.depth("g").await.unwrap().unwrap().dead == 20).await;
    let other = connect(&options).await;
    let redriving = tokio::spawn(async move {
        for n in 0..20 {
            assert!(other.redrive("g", &n.to_string()).await.unwrap(), "{n}");
        }
    });
    for _ in 0..10 {
        let letters = bus.dead_letters("g", 100).await.unwrap();
        let now: Vec<usize> = letters.iter().map(|letter| letter.message.id.parse().unwrap()).collect();
        let expected: Vec<usize> = (20 - now.len()..20).collect();
        assert_eq!(now, expected);
    }
    redriving.await.unwrap();
    assert_eq!(receive(&consumer, 20).await.len(), 20);
    bus.remove(&["g"]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_must_agree_on_the_number_of_shards() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let mut options = options(&url);
    let bus = connect(&options).await;
    let ours = options.shards;
    options.shards = ours + 3;
    let error = RabbitBus::connect(options.clone()).await.expect_err("refused");
    assert!(!error.is_retryable());
    let text = error.to_string();
    assert!(
        text.contains(&format!("{ours} shards")) && text.contains(&format!("{} shards", ours + 3)),
        "{text}"
    );
    bus.remove(&[]).await.unwrap();
    connect(&options).await.remove(&[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_never_work_is_said_and_what_may_is_retryable() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let place = url.rsplit_once('@').map_or(url.as_str(), |(_, place)| place);
    let place = place.split('/').next().unwrap_or(place);
    let attempt = async |url: String| {
        RabbitBus::connect(RabbitOptions::parse(&url).unwrap()).await.expect_err("refused")
    };
    let password = attempt(format!("amqp://guest:hunter2@{place}")).await;
    assert!(
        matches!(&password, BusError::Protocol(text) if text.contains("user name or password")),
        "{password}"
    );
    assert!(!password.to_string().contains("hunter2"));
    let vhost = attempt(format!("amqp://guest:guest@{place}/nowhere")).await;
    assert!(matches!(&vhost, BusError::Protocol(text) if text.contains("virtual host")), "{vhost}");
    let tls = attempt(format!("amqps://guest:guest@{place}")).await;
    assert!(matches!(&tls, BusError::Protocol(text) if text.contains("TLS")), "{tls}");
    let nobody = attempt("amqp://guest:guest@127.0.0.1:1".to_owned()).await;
    assert!(nobody.is_retryable(), "{nobody}");
    // Connects, and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let late = attempt(format!("amqp://guest:guest@127.0.0.1:{port}?connect_timeout_ms=200")).await;
    assert!(late.is_retryable() && late.to_string().contains("200 ms"), "{late}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_says_what_it_is() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let bus = connect(&options(&url)).await;
    let guarantees = bus.guarantees().await.unwrap();
    assert!(guarantees.product.starts_with("RabbitMQ "), "{}", guarantees.product);
    assert_eq!(guarantees.durability, bus::Durability::Power);
    bus.remove(&[]).await.unwrap();
}

/// What a trial leaves behind: nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_namespace_is_gone() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let options = options(&url);
    let bus = connect(&options).await;
    bus.declare(&subscription("g")).await.unwrap();
    publish(&publisher(&bus).await, &[message(0, 1)]).await;
    for _ in 0..2 {
        bus.remove(&["g"]).await.unwrap();
        assert_eq!(bus.depth("g").await.unwrap(), None);
        assert_eq!(bus.dead_letters("g", 10).await.unwrap(), []);
    }
    let stranger = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
    for name in ["messages", "members", "shards"] {
        let channel = stranger.create_channel().await.unwrap();
        let passive = lapin::options::ExchangeDeclareOptions { passive: true, ..Default::default() };
        let exchange = format!("{}.{name}", options.namespace);
        let looked = channel.exchange_declare(
            exchange.as_str().into(),
            lapin::ExchangeKind::Direct,
            passive,
            FieldTable::default(),
        );
        assert!(looked.await.is_err(), "{exchange} is still there");
    }
}
