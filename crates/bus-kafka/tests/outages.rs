//! Outages of a broker leave nothing behind in the process: no thread, no file descriptor, no client that cannot end.
//!
//! These tests count what the whole process has, so they run one after the other, in a program of their own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Consumer, Depth, Origin, Outcome, Topic};
use bus_kafka::KafkaBus;
use common::private::Private;
use common::{group, message, namespace, publish, receive, settle};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

const PLACED: Topic = Topic::new("orders/placed");
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

const OUTAGES: usize = 20;
/// Most outages are over before anybody is given up.
const SHORT: Duration = Duration::from_millis(500);
/// Beyond a session (6 s), and what a member then has to find back into its group (10 s): its client is replaced.
const LONG: Duration = Duration::from_secs(20);
/// How long a client that is given up may take to be gone: ten seconds until it leaves its group no longer, and what its
/// last request may take.
const GONE_WITHIN: Duration = Duration::from_secs(30);

/// Threads by their name.
fn threads() -> BTreeMap<String, usize> {
    let mut threads = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        // One that has just ended has no name any more.
        if let Ok(name) = std::fs::read_to_string(task.unwrap().path().join("comm")) {
            *threads.entry(name.trim().to_owned()).or_default() += 1;
        }
    }
    threads
}

/// How many threads the clients have.
fn client_threads() -> usize {
    // librdkafka's begin with "rdk:", this crate's with "kafka-".
    let of_clients = |name: &str| name.starts_with("rdk:") || name.starts_with("kafka-");
    threads().iter().filter(|(name, _)| of_clients(name)).map(|(_, count)| count).sum()
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Waits until there are no more threads and descriptors than these.
async fn no_more_than(threads_max: usize, descriptors_max: usize) {
    let waiting = async {
        while client_threads() > threads_max || descriptors() > descriptors_max {
            sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(
        timeout(GONE_WITHIN, waiting).await.is_ok(),
        "{} threads of clients, at most {threads_max} before, and {} descriptors, at most {descriptors_max}: {:?}",
        client_threads(),
        descriptors(),
        threads()
    );
}

fn consume(consumer: Arc<dyn Consumer>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let deliveries = consumer.receive(100).await.unwrap();
            settle(&consumer, &deliveries, Outcome::Done).await;
        }
    })
}

/// Publishes until it is confirmed, and until all groups have it and are done with it.
async fn works(bus: &KafkaBus, id: usize, groups: &[String]) {
    let publisher = bus.publisher(Origin::Participant).await.unwrap();
    let done = async {
        while publisher.publish(&[message(&PLACED, &id.to_string(), id)]).await.is_err() {}
        for group in groups {
            while !bus.depth(group).await.is_ok_and(|depth| depth == Some(Depth::default())) {
                sleep(Duration::from_millis(20)).await;
            }
        }
    };
    assert!(timeout(2 * common::PATIENCE, done).await.is_ok(), "message {id} did not get through");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_outages_leave_no_thread_and_no_descriptor_behind() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let Some(private) = Private::start() else { return };
    let bus = KafkaBus::connect(private.options(&namespace())).await.unwrap();
    let groups: Vec<String> = (0..4).map(|n| format!("g{n}")).collect();
    let mut consuming = Vec::new();
    for name in &groups {
        consuming.push(consume(bus.subscribe(&group(name, &[PLACED])).await.unwrap()));
    }
    works(&bus, 0, &groups).await;
    let (threads_before, descriptors_before) = (client_threads(), descriptors());
    for outage in 1..=OUTAGES {
        private.signal("STOP");
        let over_at = Instant::now() + if outage == OUTAGES / 2 { LONG } else { SHORT };
        // What is asked and published meanwhile waits, and is given up.
        let _ = timeout(SHORT, publish(&bus, &[message(&PLACED, "k", "meanwhile")])).await;
        while Instant::now() < over_at {
            for group in &groups {
                let _ = tokio::time::timeout_at(over_at, bus.depth(group)).await;
            }
        }
        private.signal("CONT");
        works(&bus, outage, &groups).await;
    }
    no_more_than(threads_before, descriptors_before).await;
    consuming.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whose_group_cannot_be_left_any_more_ends_nevertheless() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let Some(private) = Private::start() else { return };
    let (threads_before, descriptors_before) = (client_threads(), descriptors());
    let bus = KafkaBus::connect(private.options(&namespace())).await.unwrap();
    let consumer = bus.subscribe(&group("g", &[PLACED])).await.unwrap();
    publish(&bus, &[message(&PLACED, "k", 1)]).await.unwrap();
    let deliveries = receive(&consumer, 1).await;
    private.signal("STOP");
    // Its offset is on its way to a broker that never answers, and librdkafka sends it again for ever.
    settle(&consumer, &deliveries, Outcome::Done).await;
    sleep(Duration::from_millis(500)).await;
    drop((consumer, bus));
    no_more_than(threads_before, descriptors_before).await;
}
