//! What the tests of this crate share.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a test may say what it finds")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::{
    Bus, BusError, Consumer, Delivery, Headers, Message, Origin, Outcome, Publisher, Settlement,
    Subscription, Topic,
};
use bus_rabbitmq::{RabbitBus, RabbitOptions};
use testbed::PortOffset;
use tokio::time::{sleep, timeout};

/// How long anything that must happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const TOPIC: Topic = Topic::new("orders/placed");

/// Options for a namespace of the test's own, whose queues the broker deletes when nobody uses them.
pub(crate) fn options(url: &str) -> RabbitOptions {
    use std::hash::{BuildHasher, Hasher};
    let random = std::hash::RandomState::new().build_hasher().finish();
    let mut options = RabbitOptions::parse(url).expect("a URL of RabbitMQ");
    options.namespace = format!("test-{random:016x}");
    options.expires = Some(Duration::from_secs(60));
    options
}

pub(crate) async fn connect(options: &RabbitOptions) -> RabbitBus {
    RabbitBus::connect(options.clone()).await.expect("connected")
}

pub(crate) fn subscription(group: &str) -> Subscription {
    Subscription { group: group.to_owned(), topics: vec![TOPIC], unsettled_max: 1000 }
}

/// The message `n`, with one of `keys` keys.
pub(crate) fn message(n: usize, keys: usize) -> Message {
    Message {
        id: n.to_string(),
        topic: TOPIC,
        key: format!("key-{}", n % keys),
        headers: Headers::default(),
        body: format!("body of {n}").into(),
    }
}

pub(crate) async fn publish(publisher: &Arc<dyn Publisher>, messages: &[Message]) {
    timeout(PATIENCE, publisher.publish(messages)).await.expect("in time").expect("published");
}

/// Publishes until it is confirmed; how often it was not.
pub(crate) async fn publish_at_last(publisher: &Arc<dyn Publisher>, messages: &[Message]) -> usize {
    let mut failures = 0;
    loop {
        match timeout(PATIENCE, publisher.publish(messages)).await.expect("in time") {
            Ok(()) => return failures,
            Err(BusError::Unavailable(_)) => failures += 1,
            Err(error) => panic!("not published: {error}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) async fn publisher(bus: &RabbitBus) -> Arc<dyn Publisher> {
    bus.publisher(Origin::Participant).await.expect("a publisher")
}

/// Receives until there are `count` deliveries.
pub(crate) async fn receive(consumer: &Arc<dyn Consumer>, count: usize) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    while deliveries.len() < count {
        let received = timeout(PATIENCE, consumer.receive(count - deliveries.len())).await;
        deliveries.extend(received.expect("deliveries in time").expect("received"));
    }
    deliveries
}

pub(crate) async fn settle(
    consumer: &Arc<dyn Consumer>,
    deliveries: &[Delivery],
    outcome: Outcome,
) -> Result<(), BusError> {
    let settlement = |delivery: &Delivery| Settlement { token: delivery.token, outcome: outcome.clone() };
    consumer.settle(deliveries.iter().map(settlement).collect()).await
}

pub(crate) fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.message.id.as_str()).collect()
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let held = timeout(PATIENCE, async {
        while !holds().await {
            sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(held.await.is_ok(), "{what}: not within {PATIENCE:?}");
}

/// What a group's members received, in the order in which they did.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<(usize, String, usize)>>>);

impl Log {
    /// Receives and settles as member `number` until the task is aborted.
    pub(crate) fn collect(&self, number: usize, consumer: Arc<dyn Consumer>) -> tokio::task::JoinHandle<()> {
        let log = self.clone();
        tokio::spawn(async move {
            loop {
                let deliveries = consumer.receive(50).await.expect("received");
                for delivery in &deliveries {
                    let n = delivery.message.id.parse().expect("a numbered message");
                    log.0.lock().unwrap().push((number, delivery.message.key.clone(), n));
                }
                // What could not be settled comes again.
                let _ = settle(&consumer, &deliveries, Outcome::Done).await;
            }
        })
    }

    pub(crate) fn different(&self) -> usize {
        self.0.lock().unwrap().iter().map(|(_, _, n)| n).collect::<BTreeSet<_>>().len()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Whether message `n` came.
    pub(crate) fn has(&self, wanted: usize) -> bool {
        self.0.lock().unwrap().iter().any(|(_, _, n)| *n == wanted)
    }

    /// How many deliveries each member had.
    pub(crate) fn by_member(&self) -> BTreeMap<usize, usize> {
        let mut counts = BTreeMap::new();
        for (member, _, _) in self.0.lock().unwrap().iter() {
            *counts.entry(*member).or_default() += 1;
        }
        counts
    }

    /// Each key's messages must have come for the first time in the order of their numbers.
    pub(crate) fn assert_in_order(&self) {
        let mut last: BTreeMap<String, usize> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (member, key, n) in self.0.lock().unwrap().iter() {
            if seen.insert(*n) {
                let before = last.insert(key.clone(), *n);
                assert!(
                    before.is_none_or(|before| before < *n),
                    "{n} came to {member} after {before:?} of {key}"
                );
            }
        }
    }
}

/// A RabbitMQ of the test's own, to be stopped and killed.
pub(crate) struct Broker {
    folder: tempfile::TempDir,
    offset: PortOffset,
}

impl Broker {
    /// Starts one; says that the test did not run where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        if !Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server").exists() {
            let required =
                std::env::var(testbed::REQUIRE).is_ok_and(|value| !value.is_empty() && value != "0");
            assert!(!required, "rabbitmq-server is not installed, and {} is set", testbed::REQUIRE);
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            eprintln!("NOT RUN: {test}: rabbitmq-server is not installed");
            return None;
        }
        let broker = Self { folder: tempfile::tempdir().expect("a folder"), offset: PortOffset::claim() };
        broker.script("up");
        Some(broker)
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", 5682 + self.offset.get())
    }

    /// `up`, `down`, `kill` or `restart`.
    pub(crate) fn script(&self, command: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/brokers");
        let mut script = Command::new(script);
        script.args([command, "rabbitmq"]);
        script.env("DUET_BROKERS_DIR", self.folder.path());
        script.env("DUET_BROKERS_PORT_OFFSET", self.offset.get().to_string());
        succeed(command, script);
    }

    /// Takes away everything that it keeps; to be called while it does not run.
    pub(crate) fn wipe(&self) {
        std::fs::remove_dir_all(self.folder.path().join("rabbitmq/data")).expect("it had data");
    }

    /// Closes all connections, as an operator does.
    pub(crate) fn close_connections(&self) {
        self.evaluate("rabbit_networking:close_connections(rabbit_networking:connections(), \"an outage\")");
    }

    /// From so much memory on it takes no messages, as `1MB`.
    pub(crate) fn limit_memory(&self, bytes: &str) {
        self.evaluate(&format!("vm_memory_monitor:set_vm_memory_high_watermark({{absolute, \"{bytes}\"}})"));
    }

    /// Has the broker evaluate that, as `rabbitmqctl` does, which starts an Erlang of its own for it each time: a hundred times as long.
    fn evaluate(&self, expression: &str) {
        let mut call = Command::new("erl_call");
        call.args(["-sname", &format!("duet-{}@localhost", 5682 + self.offset.get()), "-e"]);
        call.env("HOME", self.folder.path().join("rabbitmq"));
        call.env("ERL_EPMD_PORT", (4379 + self.offset.get()).to_string());
        let started = call.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut called = started.expect("erl_call comes with RabbitMQ's Erlang");
        writeln!(called.stdin.take().expect("piped"), "{expression}.").expect("it reads");
        let Output { status, stdout, stderr } = called.wait_with_output().expect("it ends");
        let said = [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        assert!(status.success() && said[0].starts_with("{ok,"), "{expression}: {said:?}");
    }
}

fn succeed(what: &str, mut command: Command) {
    let Output { status, stdout, stderr } = command.output().expect("started");
    let said = [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(status.success(), "{what}: {said:?}");
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.script("kill");
    }
}
