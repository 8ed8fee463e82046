//! A member whose process is killed: another takes over what it had, once its session is over.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a test may say what it finds")]
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bus::{Bus, Message, Topic};
use bus_kafka::{KafkaBus, KafkaOptions};
use common::{cleaned, group, message, namespace, publish, receive, settle};
use tokio::time::Instant;

const PLACED: Topic = Topic::new("orders/placed");
/// Tells the process that is started by the test what to do.
const URL: &str = "DUET_TEST_MEMBER_URL";
const NAMESPACE: &str = "DUET_TEST_MEMBER_NAMESPACE";
/// What that process says when it holds deliveries.
const HOLDING: &str = "holding what it received";

fn options(url: &str, namespace: &str) -> KafkaOptions {
    let mut options = KafkaOptions::parse(url).unwrap();
    namespace.clone_into(&mut options.namespace);
    options
}

/// Not a test: the process to be killed. It settles one delivery, holds another and sleeps.
#[tokio::test]
#[ignore = "a_killed_member_is_replaced starts it"]
async fn member() {
    let (Ok(url), Ok(namespace)) = (std::env::var(URL), std::env::var(NAMESPACE)) else { return };
    let bus = KafkaBus::connect(options(&url, &namespace)).await.unwrap();
    let consumer = bus.subscribe(&group("g", &[PLACED])).await.unwrap();
    let deliveries = receive(&consumer, 2).await;
    settle(&consumer, &deliveries[..1], bus::Outcome::Done).await;
    println!("{HOLDING}");
    std::future::pending::<()>().await;
}

/// Kills the process, should the test fail before it does.
struct Member(Child);

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Member {
    fn start(url: &str, namespace: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "member", "--ignored", "--nocapture"])
            .env(URL, url)
            .env(NAMESPACE, namespace)
            .stdout(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }

    fn wait_until_it_holds(&mut self) {
        let lines = BufReader::new(self.0.stdout.as_mut().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.contains(HOLDING)), "it ended early");
    }
}

#[tokio::test]
async fn a_killed_member_is_replaced() {
    let Some(url) = testbed::KAFKA.for_test() else { return };
    let namespace = namespace();
    let bus = cleaned(options(&url, &namespace)).await;
    let subscription = group("g", &[PLACED]);
    bus.declare(&subscription).await.unwrap();
    let messages: Vec<Message> = (0..50).map(|n| message(&PLACED, &n.to_string(), n)).collect();
    publish(&*bus, &messages).await.unwrap();
    let mut member = Member::start(&url, &namespace);
    member.wait_until_it_holds();
    drop(member);
    let killed = Instant::now();
    let consumer = bus.subscribe(&subscription).await.unwrap();
    let epoch = consumer.epoch();
    // One was settled, perhaps too shortly before the end to be committed.
    let mut came = BTreeSet::new();
    while came.len() < 49 {
        let deliveries = receive(&consumer, 1).await;
        came.extend(deliveries.iter().map(|delivery| delivery.message.id.clone()));
        settle(&consumer, &deliveries, bus::Outcome::Done).await;
    }
    let took = killed.elapsed();
    assert!(took < Duration::from_secs(12), "taking over took {took:?}");
    assert!(epoch > 0, "it was told that it has keys that another had");
}
