//! A broker that is killed and started again, under load: nothing that was confirmed is lost, and while it is down
//! everybody is told so in time.
//!
//! The broker is this test's own, so that nobody else misses it.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::{Bus, BusError, Consumer, Depth, Message, Origin, Outcome, Topic};
use bus_kafka::KafkaBus;
use common::private::Private;
use common::{PATIENCE, group, message, namespace, publish, receive, settle, until};
use tokio::time::{Instant, sleep, timeout};

const PLACED: Topic = Topic::new("orders/placed");
const KEYS: u64 = 20;

/// Publishes on and on, each batch until it is confirmed.
struct Load {
    stop: Arc<AtomicUsize>,
    confirmed: Arc<AtomicU64>,
    running: tokio::task::JoinHandle<u64>,
}

impl Load {
    async fn start(bus: &Arc<KafkaBus>) -> Self {
        let (stop, confirmed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
        let publisher = bus.publisher(Origin::Participant).await.unwrap();
        let (stopping, counting) = (Arc::clone(&stop), Arc::clone(&confirmed));
        let running = tokio::spawn(async move {
            let mut next = 0;
            while stopping.load(Ordering::Relaxed) == 0 {
                let numbers = next..next + 20;
                let batch: Vec<Message> =
                    numbers.map(|n| message(&PLACED, &format!("key-{}", n % KEYS), n)).collect();
                while let Err(error) = publisher.publish(&batch).await {
                    assert!(error.is_retryable(), "{error}");
                    sleep(Duration::from_millis(50)).await;
                }
                next += 20;
                counting.store(next, Ordering::Relaxed);
                sleep(Duration::from_millis(2)).await;
            }
            next
        });
        Self { stop, confirmed, running }
    }

    async fn confirms(&self, more: u64) {
        let wanted = self.confirmed.load(Ordering::Relaxed) + more;
        until("confirmations", || async { self.confirmed.load(Ordering::Relaxed) >= wanted }).await;
    }

    async fn stop(self) -> u64 {
        self.stop.store(1, Ordering::Relaxed);
        timeout(PATIENCE, self.running).await.unwrap().unwrap()
    }
}

/// The numbers that came, in the order of their first coming.
type Came = Arc<Mutex<Vec<u64>>>;

fn collect(consumer: Arc<dyn Consumer>) -> (Came, tokio::task::JoinHandle<()>) {
    let came = Came::default();
    let seen = Arc::clone(&came);
    let running = tokio::spawn(async move {
        let mut known = BTreeSet::new();
        loop {
            let deliveries = consumer.receive(100).await.unwrap();
            for delivery in &deliveries {
                let number: u64 = delivery.message.id.parse().unwrap();
                if known.insert(number) {
                    seen.lock().unwrap().push(number);
                }
            }
            settle(&consumer, &deliveries, Outcome::Done).await;
        }
    });
    (came, running)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_or_restarted_under_load_loses_nothing() {
    let Some(private) = Private::start().map(Arc::new) else { return };
    let bus = Arc::new(KafkaBus::connect(private.options(&namespace())).await.unwrap());
    let (came, collecting) = collect(bus.subscribe(&group("g", &[PLACED])).await.unwrap());
    let load = Load::start(&bus).await;
    for end in ["kill", "down"] {
        load.confirms(500).await;
        private.run_beside(end).await;
        private.run_beside("up").await;
        load.confirms(500).await;
    }
    let published = load.stop().await;
    until("all to come", || async { came.lock().unwrap().len() as u64 == published }).await;
    until("all to be settled", || async {
        bus.depth("g").await.is_ok_and(|depth| depth == Some(Depth::default()))
    })
    .await;
    collecting.abort();
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    for &number in came.lock().unwrap().iter() {
        let before = last.insert(number % KEYS, number);
        assert!(before.is_none_or(|before| before < number), "{number} came after {before:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_broker_is_down_everybody_is_told_in_time_and_goes_on_after() {
    let Some(private) = Private::start().map(Arc::new) else { return };
    let namespace = namespace();
    let bus = KafkaBus::connect(private.options(&namespace)).await.unwrap();
    let consumer = bus.subscribe(&group("g", &[PLACED])).await.unwrap();
    publish(&bus, &[message(&PLACED, "k", 1), message(&PLACED, "k", 2)]).await.unwrap();
    let held = receive(&consumer, 2).await;
    private.run_beside("kill").await;

    let dead = Outcome::DeadLetter { reason: "no".into() };
    let settlements = vec![bus::Settlement { token: held[1].token, outcome: dead }];
    let publisher = bus.publisher(Origin::Participant).await.unwrap();
    let three = [message(&PLACED, "k", 3)];
    let is_unavailable = |error: &BusError| assert!(matches!(error, BusError::Unavailable(_)), "{error}");
    let started = Instant::now();
    is_unavailable(&publisher.publish(&three).await.unwrap_err());
    assert!(started.elapsed() < Duration::from_secs(6), "publish: {:?}", started.elapsed());
    let started = Instant::now();
    is_unavailable(&bus.depth("g").await.unwrap_err());
    assert!(started.elapsed() < Duration::from_secs(3), "depth: {:?}", started.elapsed());
    is_unavailable(&consumer.settle(settlements.clone()).await.unwrap_err());
    is_unavailable(&KafkaBus::connect(private.options(&namespace)).await.unwrap_err());

    private.run_beside("up").await;
    while publisher.publish(&three).await.is_err() {}
    // An outage longer than the session ends the membership: what was not settled may come again, and then a settlement
    // of the first time counts no more.
    while consumer.settle(settlements.clone()).await.is_err() {}
    settle(&consumer, &held[..1], Outcome::Done).await;
    let settled = Depth { dead: 1, ..Depth::default() };
    let mut came = BTreeSet::new();
    let finishing = async {
        while !came.contains("3") || bus.depth("g").await.unwrap().unwrap() != settled {
            let Ok(deliveries) = timeout(Duration::from_millis(100), consumer.receive(1)).await else {
                continue;
            };
            let deliveries = deliveries.unwrap();
            came.insert(deliveries[0].message.id.clone());
            let reason = "no".to_owned();
            let is_dead = deliveries[0].message.id == "2";
            settle(
                &consumer,
                &deliveries,
                if is_dead { Outcome::DeadLetter { reason } } else { Outcome::Done },
            )
            .await;
        }
    };
    timeout(PATIENCE, finishing).await.unwrap();
    let letters = bus.dead_letters("g", 10).await.unwrap();
    assert_eq!((letters.len(), letters[0].message.id.as_str()), (1, "2"));
}
