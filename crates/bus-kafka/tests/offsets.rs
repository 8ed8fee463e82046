//! A group whose offsets are lost, or whose topics change under it: nothing is passed over.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use bus::{Bus, Consumer, Depth, Message, Outcome, Subscription, Topic};
use bus_kafka::KafkaOptions;
use common::{PATIENCE, cleaned, group, message, namespace, publish, receive, settle, until};
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const PLACED: Topic = Topic::new("orders/placed");

/// A namespace on the shared Kafka, with an administrator and somebody who writes into partitions of their choosing.
struct Scene {
    bus: Arc<dyn Bus>,
    topic: String,
    group_id: String,
    admin: AdminClient<DefaultClientContext>,
    writer: FutureProducer,
}

impl Scene {
    async fn open() -> Option<Self> {
        let url = testbed::KAFKA.for_test()?;
        let mut options = KafkaOptions::parse(&url).unwrap();
        options.namespace = namespace();
        let (topic, group_id) = (format!("{}.orders", options.namespace), format!("{}.g", options.namespace));
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", url.strip_prefix("kafka://").unwrap());
        config.set("topic.metadata.refresh.interval.ms", "200");
        let (admin, writer) = (config.create().unwrap(), config.create().unwrap());
        Some(Self { bus: cleaned(options).await, topic, group_id, admin, writer })
    }

    async fn add_partitions(&self, count: usize) {
        let new = NewPartitions::new(&self.topic, count);
        let made = self.admin.create_partitions([&new], &AdminOptions::new()).await.unwrap();
        assert!(made.iter().all(Result::is_ok), "{made:?}");
    }

    async fn write(&self, partition: i32, id: &str) {
        self.write_body(partition, id, b"{}").await;
    }

    async fn write_body(&self, partition: i32, id: &str, body: &[u8]) {
        let header = |key, value| Header { key, value: Some(value) };
        let headers = || {
            OwnedHeaders::new().insert(header("duet-id", id)).insert(header("duet-topic", "orders/placed"))
        };
        let written = async {
            loop {
                let record = FutureRecord::to(&self.topic).partition(partition).key("k").payload(body);
                if self.writer.send(record.headers(headers()), PATIENCE).await.is_ok() {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, written).await.unwrap();
    }

    async fn forget_offsets(&self) {
        until("the group to be deleted", || async {
            let deleted = self.admin.delete_groups(&[&self.group_id], &AdminOptions::new()).await.unwrap();
            deleted.iter().all(Result::is_ok)
        })
        .await;
    }

    /// Removes the records of a partition that come before `before`.
    async fn remove_records(&self, partition: i32, before: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, partition, Offset::Offset(before)).unwrap();
        self.admin.delete_records(&list, &AdminOptions::new()).await.unwrap();
    }

    fn removed_unread(&self) -> f64 {
        let figures = self.bus.figures();
        figures.iter().find(|figure| figure.name == "duet_kafka_removed_unread_total").unwrap().value
    }

    /// Deletes the topic, and waits until the broker takes no more records for it: what it took meanwhile would go, too.
    async fn delete_topic(&self) {
        self.admin.delete_topics(&[&self.topic], &AdminOptions::new()).await.unwrap();
        until("the topic to be gone", || async {
            let found = self.admin.inner().fetch_metadata(Some(&self.topic), PATIENCE).unwrap();
            found.topics().iter().all(|topic| topic.error().is_some())
        })
        .await;
    }

    async fn has_ready(&self, ready: u64) {
        let wanted = Some(Depth { ready, ..Depth::default() });
        until("the depth to be told", || async {
            self.bus.depth("g").await.is_ok_and(|depth| depth == wanted)
        })
        .await;
    }
}

async fn comes(consumer: &Arc<dyn Consumer>, ids: &[&str]) {
    let (wanted, mut came) = (ids.iter().map(|id| (*id).to_owned()).collect(), BTreeSet::new());
    while !BTreeSet::is_superset(&came, &wanted) {
        let deliveries = receive(consumer, 1).await;
        came.extend(deliveries.iter().map(|delivery| delivery.message.id.clone()));
        settle(consumer, &deliveries, Outcome::Done).await;
    }
}

#[tokio::test]
async fn partitions_added_while_nobody_is_there_are_read_from_their_beginning() {
    let Some(scene) = Scene::open().await else { return };
    let subscription = group("g", &[PLACED]);
    scene.bus.declare(&subscription).await.unwrap();
    scene.add_partitions(8).await;
    scene.write(7, "added").await;
    scene.has_ready(1).await;
    let consumer = scene.bus.subscribe(&subscription).await.unwrap();
    comes(&consumer, &["added"]).await;
}

#[tokio::test]
async fn a_member_takes_partitions_that_are_added_while_it_is_there() {
    let Some(scene) = Scene::open().await else { return };
    let consumer = scene.bus.subscribe(&group("g", &[PLACED])).await.unwrap();
    publish(&*scene.bus, &[message(&PLACED, "k", "before")]).await.unwrap();
    comes(&consumer, &["before"]).await;
    scene.add_partitions(8).await;
    scene.write(7, "added").await;
    comes(&consumer, &["added"]).await;
    scene.has_ready(0).await;
}

#[tokio::test]
async fn a_group_whose_offsets_expired_goes_on_with_the_first_record_there_is() {
    let Some(scene) = Scene::open().await else { return };
    let subscription = group("g", &[PLACED]);
    scene.bus.declare(&subscription).await.unwrap();
    let messages: Vec<Message> = (0..20).map(|n| message(&PLACED, &n.to_string(), n)).collect();
    publish(&*scene.bus, &messages).await.unwrap();
    scene.forget_offsets().await;
    scene.has_ready(20).await;
    let consumer = scene.bus.subscribe(&subscription).await.unwrap();
    let ids: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    comes(&consumer, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    scene.has_ready(0).await;
}

#[tokio::test]
async fn a_topic_made_anew_is_read_from_its_beginning() {
    let Some(scene) = Scene::open().await else { return };
    let subscription = group("g", &[PLACED]);
    let consumer = scene.bus.subscribe(&subscription).await.unwrap();
    publish(&*scene.bus, &[message(&PLACED, "k", 1), message(&PLACED, "k", 2)]).await.unwrap();
    comes(&consumer, &["1", "2"]).await;
    scene.has_ready(0).await;
    drop(consumer);
    scene.delete_topic().await;
    let published = async {
        while let Err(error) = publish(&*scene.bus, &[message(&PLACED, "k", 3)]).await {
            assert!(error.is_retryable(), "{error}");
        }
    };
    tokio::time::timeout(PATIENCE, published).await.unwrap();
    let consumer = scene.bus.subscribe(&subscription).await.unwrap();
    comes(&consumer, &["3"]).await;
}

#[tokio::test]
async fn records_removed_while_the_group_is_away_are_told_and_the_rest_comes() {
    let Some(scene) = Scene::open().await else { return };
    let subscription = group("g", &[PLACED]);
    scene.bus.declare(&subscription).await.unwrap();
    for id in 0..10 {
        scene.write(0, &id.to_string()).await;
    }
    scene.remove_records(0, 7).await;
    scene.has_ready(3).await;
    let consumer = scene.bus.subscribe(&subscription).await.unwrap();
    comes(&consumer, &["7", "8", "9"]).await;
    scene.has_ready(0).await;
    assert_eq!(scene.removed_unread(), 7.0);
}

#[tokio::test]
async fn records_removed_before_a_member_read_them_are_told_and_the_rest_comes() {
    let Some(scene) = Scene::open().await else { return };
    let subscription = Subscription { unsettled_max: 1, ..group("g", &[PLACED]) };
    let consumer = scene.bus.subscribe(&subscription).await.unwrap();
    scene.write(0, "first").await;
    let held = receive(&consumer, 1).await;
    // More than is fetched ahead.
    let fetched_max = 4 << 20;
    let body = vec![b' '; 800 << 10];
    let count = i64::try_from(fetched_max / body.len() + 3).unwrap();
    for _ in 0..count {
        scene.write_body(0, "filling", &body).await;
    }
    scene.write(0, "last").await;
    scene.remove_records(0, count + 1).await;
    settle(&consumer, &held, Outcome::Done).await;
    comes(&consumer, &["last"]).await;
    until("it is told", || async { scene.removed_unread() > 0.0 }).await;
    assert!(scene.removed_unread() <= count as f64, "{}", scene.removed_unread());
    scene.has_ready(0).await;
}

#[tokio::test]
async fn a_topic_that_lost_its_tail_is_read_from_its_beginning() {
    let Some(scene) = Scene::open().await else { return };
    let subscription = group("g", &[PLACED]);
    let consumer = scene.bus.subscribe(&subscription).await.unwrap();
    for id in 0..5 {
        scene.write(0, &id.to_string()).await;
    }
    comes(&consumer, &["0", "1", "2", "3", "4"]).await;
    scene.has_ready(0).await;
    drop(consumer);
    scene.delete_topic().await;
    // The first call finds that it is gone.
    until("the topic to be made anew", || async { scene.bus.declare(&subscription).await.is_ok() }).await;
    scene.write(0, "again").await;
    scene.has_ready(1).await;
    let consumer = scene.bus.subscribe(&subscription).await.unwrap();
    comes(&consumer, &["again"]).await;
    assert_eq!(scene.removed_unread(), 0.0, "nothing was removed that it had not read");
}
