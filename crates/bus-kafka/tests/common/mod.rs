//! What the tests of this crate share.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a test may say what it finds")]
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod private;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use bus::{
    Bus, BusError, Capabilities, Consumer, DeadLetter, Delivery, Depth, Figure, Guarantees, Headers, Message,
    Origin, Outcome, Publisher, Settlement, Subscription, Topic,
};
use bus_kafka::{KafkaBus, KafkaOptions};
use rdkafka::mocking::MockCluster;
use tokio::time::{sleep, timeout};

/// A namespace that nobody else has, on a cluster shared with others.
pub(crate) fn namespace() -> String {
    // The standard library's random keys differ from process to process, and from call to call.
    format!("test-{:016x}", RandomState::new().build_hasher().finish())
}

/// A bus of its own on the Kafka at that URL; gone with all it made when it is dropped.
pub(crate) async fn bus_at(url: &str) -> Arc<dyn Bus> {
    let mut options = KafkaOptions::parse(url).unwrap();
    options.namespace = namespace();
    cleaned(options).await
}

/// A bus with these options; its namespace is gone with all that is in it when the bus is dropped.
pub(crate) async fn cleaned(options: KafkaOptions) -> Arc<dyn Bus> {
    Arc::new(Cleaned(KafkaBus::connect(options).await.unwrap()))
}

/// The address of a cluster in this process that speaks enough of Kafka's protocol to be produced to and consumed from.
pub(crate) fn mock() -> &'static str {
    static BROKERS: OnceLock<String> = OnceLock::new();
    BROKERS.get_or_init(|| {
        let (sender, receiver) = mpsc::channel();
        // It can be neither sent nor shared: a thread of its own keeps it as long as the process lives.
        std::thread::spawn(move || {
            let cluster = MockCluster::new(1).unwrap();
            sender.send(cluster.bootstrap_servers()).unwrap();
            loop {
                std::thread::park();
            }
        });
        receiver.recv().unwrap()
    })
}

/// Removes what it made when it is dropped.
struct Cleaned(KafkaBus);

impl Drop for Cleaned {
    fn drop(&mut self) {
        let bus = &self.0;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                if let Err(error) = runtime.block_on(bus.remove(&[])) {
                    eprintln!("not removed: {error}");
                }
            });
        });
    }
}

#[async_trait]
impl Bus for Cleaned {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), BusError> {
        self.0.declare(subscription).await
    }

    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError> {
        self.0.subscribe(subscription).await
    }

    async fn publisher(&self, origin: Origin) -> Result<Arc<dyn Publisher>, BusError> {
        self.0.publisher(origin).await
    }

    async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError> {
        self.0.depth(group).await
    }

    async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        self.0.dead_letters(group, limit).await
    }

    async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError> {
        self.0.redrive(group, message_id).await
    }

    fn figures(&self) -> Vec<Figure> {
        self.0.figures()
    }

    async fn guarantees(&self) -> Result<Guarantees, BusError> {
        self.0.guarantees().await
    }

    async fn takes_messages(&self) -> Result<(), BusError> {
        self.0.takes_messages().await
    }

    async fn remove(&self, groups: &[&str]) -> Result<(), BusError> {
        self.0.remove(groups).await
    }
}

/// How long anything that must happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn message(topic: &Topic, key: &str, id: impl ToString) -> Message {
    let headers = Headers::default();
    Message { id: id.to_string(), topic: topic.clone(), key: key.to_owned(), headers, body: "{}".into() }
}

pub(crate) fn group(name: &str, topics: &[Topic]) -> Subscription {
    Subscription { group: name.to_owned(), topics: topics.to_vec(), unsettled_max: 1000 }
}

pub(crate) async fn publish(bus: &dyn Bus, messages: &[Message]) -> Result<(), BusError> {
    bus.publisher(Origin::Participant).await.unwrap().publish(messages).await
}

/// Receives until there are `count` deliveries.
pub(crate) async fn receive(consumer: &Arc<dyn Consumer>, count: usize) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    while deliveries.len() < count {
        let more = timeout(PATIENCE, consumer.receive(count - deliveries.len())).await;
        deliveries.extend(more.unwrap_or_else(|_| panic!("{} of {count} came", deliveries.len())).unwrap());
    }
    deliveries
}

pub(crate) async fn settle(consumer: &Arc<dyn Consumer>, deliveries: &[Delivery], outcome: Outcome) {
    let settlement = |delivery: &Delivery| Settlement { token: delivery.token, outcome: outcome.clone() };
    consumer.settle(deliveries.iter().map(settlement).collect()).await.unwrap();
}

pub(crate) fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.message.id.as_str()).collect()
}

/// Waits until `holds`, which is asked again and again.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let waiting = async {
        while !holds().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(PATIENCE, waiting).await.is_ok(), "{what} did not happen");
}
