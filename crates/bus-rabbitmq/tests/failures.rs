//! A broker that goes away, comes back, closes what it likes or takes no messages. Each test has a broker of its own.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Depth, Message, Outcome, RemoteBus, RemoteOptions};
use common::{
    Broker, Log, connect, ids, message, options, publish, publish_at_last, publisher, receive, settle,
    subscription, until,
};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// Two brokers at a time: they are large, and most of a test's time they start or stop.
static BROKERS: Semaphore = Semaphore::const_new(2);

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// A broker, and the work that goes on at it: one task publishes numbered messages one small batch after the other,
/// and repeats what was not confirmed; two members of a group receive.
struct Scene {
    broker: Arc<Broker>,
    log: Log,
    published: Arc<std::sync::atomic::AtomicUsize>,
    tasks: Vec<JoinHandle<()>>,
    bus: bus_rabbitmq::RabbitBus,
}

impl Scene {
    async fn start(broker: Broker) -> Self {
        let bus = connect(&options(&broker.url())).await;
        let log = Log::default();
        let mut tasks = Vec::new();
        for number in 0..2 {
            let consumer = bus.subscribe(&subscription("g")).await.unwrap();
            tasks.push(log.collect(number, consumer));
        }
        let published = Arc::default();
        let scene = Self { broker: Arc::new(broker), log, published, tasks, bus };
        scene.published_more(200).await;
        scene
    }

    /// Publishes `count` messages more; how many calls failed.
    async fn published_more(&self, count: usize) -> usize {
        let publisher = publisher(&self.bus).await;
        let first = self.published.load(std::sync::atomic::Ordering::Relaxed);
        let messages: Vec<Message> = (first..first + count).map(|n| message(n, 17)).collect();
        let mut failures = 0;
        for batch in messages.chunks(10) {
            failures += publish_at_last(&publisher, batch).await;
        }
        self.published.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
        failures
    }

    /// Publishes while `disturb` runs; how many calls to publish failed.
    async fn while_disturbed(&self, disturb: impl FnOnce(&Broker) + Send + 'static) -> usize {
        let broker = Arc::clone(&self.broker);
        let mut disturbing = tokio::task::spawn_blocking(move || disturb(&broker));
        let mut failures = 0;
        loop {
            failures += self.published_more(50).await;
            if timeout(Duration::from_millis(1), &mut disturbing).await.is_ok_and(|ended| ended.is_ok()) {
                break;
            }
        }
        failures + self.published_more(50).await
    }

    async fn everything_arrived_in_order(&self) {
        let count = self.published.load(std::sync::atomic::Ordering::Relaxed);
        until("everything arrived", async || self.log.different() == count).await;
        self.log.assert_in_order();
    }

    fn end(self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_confirmed_is_lost_when_the_broker_restarts_or_is_killed() {
    let _broker = BROKERS.acquire().await.unwrap();
    let Some(broker) = blocking(Broker::start).await else { return };
    let scene = Scene::start(broker).await;
    let failures = scene.while_disturbed(|broker| broker.script("restart")).await;
    assert!(failures > 0, "publishing failed while there was no broker");
    scene.everything_arrived_in_order().await;
    let disturb = |broker: &Broker| {
        broker.script("kill");
        broker.script("up");
    };
    assert!(scene.while_disturbed(disturb).await > 0);
    scene.everything_arrived_in_order().await;
    scene.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_and_queues_that_are_taken_away_come_again() {
    let _broker = BROKERS.acquire().await.unwrap();
    let Some(broker) = blocking(Broker::start).await else { return };
    let scene = Scene::start(broker).await;
    for _ in 0..3 {
        scene.while_disturbed(Broker::close_connections).await;
        scene.everything_arrived_in_order().await;
    }
    // All its queues are deleted behind its back.
    scene.bus.remove(&["g"]).await.unwrap();
    until("the group takes messages again", async || {
        scene.published_more(1).await;
        sleep(Duration::from_millis(50)).await;
        let newest = scene.published.load(std::sync::atomic::Ordering::Relaxed) - 1;
        scene.log.has(newest)
    })
    .await;
    scene.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_broker_every_call_fails_soon_and_works_again_afterwards() {
    let _broker = BROKERS.acquire().await.unwrap();
    let Some(broker) = blocking(Broker::start).await else { return };
    let bus = connect(&options(&broker.url())).await;
    let publisher = publisher(&bus).await;
    let consumer = bus.subscribe(&subscription("g")).await.unwrap();
    publish(&publisher, &[message(0, 1), message(1, 1)]).await;
    let deliveries = receive(&consumer, 2).await;
    let broker = blocking(move || {
        broker.script("kill");
        broker
    })
    .await;

    let asked = Instant::now();
    let unavailable = |result: Result<(), BusError>| matches!(result, Err(BusError::Unavailable(_)));
    assert!(unavailable(publisher.publish(&[message(2, 1)]).await));
    assert!(unavailable(bus.declare(&subscription("g")).await));
    assert!(unavailable(bus.depth("g").await.map(drop)));
    assert!(unavailable(bus.dead_letters("g", 1).await.map(drop)));
    assert!(unavailable(bus.remove(&["g"]).await));
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(timeout(Duration::from_millis(100), consumer.receive(1)).await.is_err(), "receiving waits");

    let _broker = blocking(move || {
        broker.script("up");
        broker
    })
    .await;
    // They come again, and what is said of those that came before means nothing any more.
    let again = receive(&consumer, 2).await;
    assert_eq!(ids(&again), ["0", "1"]);
    assert_eq!(again[0].attempt, 2);
    settle(&consumer, &deliveries, Outcome::DeadLetter { reason: "too late".into() }).await.unwrap();
    settle(&consumer, &again, Outcome::Done).await.unwrap();
    publish_at_last(&publisher, &[message(2, 1)]).await;
    let last = receive(&consumer, 1).await;
    assert_eq!(ids(&last), ["2"]);
    settle(&consumer, &last, Outcome::Done).await.unwrap();
    until("nothing is left", async || {
        bus.depth("g").await.is_ok_and(|depth| depth == Some(Depth::default()))
    })
    .await;
}

/// Seen through a bus that is served to another process, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_short_of_memory_is_said_to_take_nothing_until_it_recovers() {
    let _broker = BROKERS.acquire().await.unwrap();
    let Some(broker) = blocking(Broker::start).await else { return };
    let bus = connect(&options(&broker.url())).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (served, ended) = (Arc::new(bus.clone()), std::future::pending());
    let serving = tokio::spawn(bus::remote::serve(listener, served, ended));
    let remote = RemoteBus::connect(address, RemoteOptions::default()).await.unwrap();
    let log = Log::default();
    // Nobody publishes: that a member says hello is enough to find out.
    let collecting = log.collect(0, bus.subscribe(&subscription("g")).await.unwrap());
    until("the bus takes messages", async || remote.takes_messages().await.is_ok()).await;
    let broker = blocking(move || {
        broker.limit_memory("1MB");
        broker
    })
    .await;
    until("it is said why none are taken", async || {
        let told = [bus.takes_messages().await, remote.takes_messages().await];
        told.iter().all(|told| matches!(told, Err(BusError::Unavailable(why)) if why.contains("memory")))
    })
    .await;
    assert!(bus.depth("g").await.is_ok(), "it answers all the while");
    let _broker = blocking(move || {
        broker.limit_memory("2GB");
        broker
    })
    .await;
    until("it takes messages again", async || remote.takes_messages().await.is_ok()).await;
    publish(&publisher(&bus).await, &[message(0, 1)]).await;
    until("they arrive", async || log.has(0)).await;
    collecting.abort();
    serving.abort();
}

/// What reaches no queue is confirmed by the broker all the same, so the topology has to be there. The group `idle` has no
/// consumer that could notice that it is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_forgot_is_declared_again_before_anything_is_published_there() {
    let _broker = BROKERS.acquire().await.unwrap();
    let Some(broker) = blocking(Broker::start).await else { return };
    let mut options = options(&broker.url());
    // Without it, what nobody consumes stays.
    options.expires = None;
    let bus = connect(&options).await;
    let log = Log::default();
    let collecting = log.collect(0, bus.subscribe(&subscription("g")).await.unwrap());
    bus.declare(&subscription("idle")).await.unwrap();
    let publisher = publisher(&bus).await;
    let waiting = async || bus.depth("idle").await.ok().flatten().map(|depth| depth.ready);
    publish(&publisher, &[message(0, 17)]).await;

    // The exchange is deleted, and with it every binding: all that is published from now on reaches both groups.
    let uri = broker.url();
    let stranger = lapin::Connection::connect(&uri, lapin::ConnectionProperties::default()).await.unwrap();
    let channel = stranger.create_channel().await.unwrap();
    let exchange = format!("{}.messages", options.namespace);
    channel.exchange_delete(exchange.as_str().into(), Default::default()).await.unwrap();
    let mut count = 1;
    while count < 100 {
        publish_at_last(&publisher, &[message(count, 17)]).await;
        count += 1;
    }
    until("both groups have everything", async || {
        log.different() == count && waiting().await == Some(count as u64)
    })
    .await;

    // Bindings and queues of the group that nobody consumes: there again after a while, without any sign.
    let queue = format!("{}.idle.0", options.namespace);
    channel.queue_delete(queue.as_str().into(), Default::default()).await.unwrap();
    until("the queue is there again", async || waiting().await.is_some()).await;

    // The broker comes back without its data.
    let broker = blocking(move || {
        broker.script("kill");
        broker.wipe();
        broker
    })
    .await;
    until("it is said that nothing is taken", async || bus.takes_messages().await.is_err()).await;
    let _broker = blocking(move || {
        broker.script("up");
        broker
    })
    .await;
    let after_wipe = count;
    while count < after_wipe + 100 {
        publish_at_last(&publisher, &[message(count, 17)]).await;
        count += 1;
    }
    until("both groups have everything since", async || {
        (after_wipe..count).all(|n| log.has(n)) && waiting().await == Some(100)
    })
    .await;
    until("it takes messages again", async || bus.takes_messages().await.is_ok()).await;
    collecting.abort();
}
