//! Several instances of one participant on one PostgreSQL schema, and what becomes of one whose database goes away.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../store/tests/common/mod.rs"]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bus::memory::{MemoryBus, MemoryOptions};
use bus::{
    Bus, BusError, Consumer, Delivery, Headers, Layer, Layered, Message, Origin, Publisher, Settlement,
    Subscription, Topic,
};
use bytes::Bytes;
use common::Schemas;
use common::proxy::{Network, Proxy};
use participant::{
    CallId, Caller, Effects, Handler, Health, HealthState, Input, Millis, Options, Participant,
    ParticipantError, Rejected, SystemClock, inspect,
};
use store::postgres::{PostgresOptions, PostgresStore};
use store::{Read, Store};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

const IN: Topic = Topic::new("test/in");
const OTHER: Topic = Topic::new("test/other");
const OUT: Topic = Topic::new("test/out");

/// Keeps the texts it was sent and echoes each; some make a call or set a timer instead.
struct Diary;

type Texts = Vec<String>;

impl Handler for Diary {
    type State = Texts;
    type Call = String;
    type Outcome = String;
    type Request = Infallible;
    type Answer = Infallible;

    fn handle(
        &self,
        state: Option<Texts>,
        input: Input<'_, String>,
        effects: &mut Effects<String>,
    ) -> Result<Option<Texts>, Rejected> {
        let text = match input {
            Input::Message(message) => String::from_utf8_lossy(&message.body).into_owned(),
            Input::Timer(name) => format!("timer {name}"),
            Input::Outcome(outcome) => format!("outcome {outcome}"),
            Input::Request(never) => match *never {},
        };
        match text.split_once(' ') {
            Some(("wake", millis)) => {
                let millis: Millis = millis.parse().map_err(|_| Rejected("no number".into()))?;
                effects.set_timer("wake", effects.now() + millis);
            }
            Some(("call", what)) => effects.call(what.to_owned()),
            _ => effects.publish(OUT, Headers::default(), Bytes::from(text.clone())),
        }
        let mut texts = state.unwrap_or_default();
        texts.push(text);
        Ok(Some(texts))
    }
}

/// Answers in capitals, once it is allowed to.
struct Oracle(Arc<Semaphore>);

#[async_trait]
impl Caller<String, String> for Oracle {
    async fn call(&self, _: &CallId, call: &String) -> String {
        let _permit = self.0.acquire().await;
        call.to_uppercase()
    }
}

/// Publishers never get an answer, and consumers count how often they took over others' keys.
struct Mute {
    epoch: Arc<AtomicU64>,
    is_mute: bool,
}

struct NoAnswer;

#[async_trait]
impl Publisher for NoAnswer {
    async fn publish(&self, _: &[Message]) -> Result<(), BusError> {
        std::future::pending().await
    }
}

struct Counting(Arc<dyn Consumer>, Arc<AtomicU64>);

#[async_trait]
impl Consumer for Counting {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        self.0.receive(max).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        self.0.settle(settlements).await
    }

    fn epoch(&self) -> u64 {
        self.1.load(Ordering::Relaxed)
    }
}

impl Layer for Mute {
    fn publisher(&self, publisher: Arc<dyn Publisher>, _: Origin) -> Arc<dyn Publisher> {
        if self.is_mute { Arc::new(NoAnswer) } else { publisher }
    }

    fn consumer(&self, consumer: Arc<dyn Consumer>, _: &str) -> Arc<dyn Consumer> {
        Arc::new(Counting(consumer, Arc::clone(&self.epoch)))
    }
}

/// A bus and a schema, on which instances come and go.
struct World {
    schemas: Schemas,
    schema: PostgresOptions,
    bus: Arc<dyn Bus>,
    publisher: Arc<dyn Publisher>,
    out: Arc<dyn Consumer>,
    calls: Arc<Semaphore>,
    options: Options,
}

struct Instance {
    task: JoinHandle<Result<(), ParticipantError>>,
    stop: oneshot::Sender<()>,
    health: Health,
    store: Arc<PostgresStore>,
    epoch: Arc<AtomicU64>,
}

impl Instance {
    async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }

    /// As if its process were killed: nothing of it goes on, its connections end.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
        drop(self.store);
    }
}

fn group(name: &str, topic: Topic) -> Subscription {
    Subscription { group: name.into(), topics: vec![topic], unsettled_max: 1000 }
}

impl World {
    /// `None` where there is no server.
    async fn new(name: &str) -> Option<Self> {
        let schemas = Schemas::if_there()?;
        let schema = schemas.new_schema(name);
        let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new(MemoryOptions::default()));
        bus.declare(&group("diary", IN)).await.unwrap();
        Some(Self {
            schemas,
            schema,
            publisher: bus.publisher(Origin::Edge).await.unwrap(),
            out: bus.subscribe(&group("out", OUT)).await.unwrap(),
            bus,
            calls: Arc::new(Semaphore::new(100)),
            options: Options {
                batch_max: 16,
                unsettled_max: 32,
                look_around_every: Duration::from_millis(100),
                ..Options::default()
            },
        })
    }

    fn start(&self) -> Instance {
        self.start_on("diary", IN, self.schema.clone(), false)
    }

    fn start_on(&self, name: &str, topic: Topic, schema: PostgresOptions, is_mute: bool) -> Instance {
        let store = Arc::new(PostgresStore::open(schema));
        let epoch = Arc::<AtomicU64>::default();
        let participant = Participant::new(
            name,
            vec![topic],
            Diary,
            Arc::new(Oracle(Arc::clone(&self.calls))),
            Arc::clone(&store) as Arc<dyn Store>,
            Arc::new(Layered::new(Arc::clone(&self.bus), Mute { epoch: Arc::clone(&epoch), is_mute })),
            Arc::new(SystemClock),
        )
        .with_options(self.options.clone());
        let health = participant.health();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(participant.run(async { drop(stopped.await) }));
        Instance { task, stop, health, store, epoch }
    }

    async fn send(&self, topic: Topic, id: String, key: String, text: &str) {
        let body = Bytes::from(text.to_owned());
        let message = Message { id, topic, key, headers: Headers::default(), body };
        self.publisher.publish(&[message]).await.unwrap();
    }

    /// Sends `count` messages over `keys` keys, each with a text of its own.
    async fn send_many(&self, count: usize, keys: usize) {
        for n in 0..count {
            self.send(IN, format!("m{n}"), format!("k{}", n % keys), &format!("t{n}")).await;
        }
    }

    /// The texts sent until there are `count` with different ids.
    async fn heard(&self, count: usize) -> BTreeMap<String, String> {
        let mut heard = BTreeMap::new();
        let listening = async {
            while heard.len() < count {
                let deliveries = self.out.receive(100).await.unwrap();
                let done = deliveries
                    .iter()
                    .map(|delivery| Settlement { token: delivery.token, outcome: bus::Outcome::Done });
                self.out.settle(done.collect()).await.unwrap();
                for Delivery { message, .. } in deliveries {
                    let text = String::from_utf8_lossy(&message.body).into_owned();
                    let known = heard.insert(message.id.clone(), text.clone());
                    assert!(known.is_none_or(|known| known == text), "one id, one message");
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), listening).await.expect("all is heard");
        heard
    }

    async fn texts(&self, key: &str) -> Texts {
        let reader = self.schemas.open(&self.schema).await;
        let entity = reader.get(key).await.unwrap();
        entity.and_then(|entity| inspect::state(&entity).unwrap()).unwrap_or_default()
    }

    /// Waits until nothing is left to do anywhere.
    async fn until_at_rest(&self) {
        let reader = self.schemas.open(&self.schema).await;
        until(async || {
            let (depth, stats) =
                (self.bus.depth("diary").await.unwrap().unwrap(), reader.stats().await.unwrap());
            let left = depth.ready + depth.unsettled + stats.outbox_rows + stats.timers;
            (left == 0 && depth.dead == 0).then_some(())
        })
        .await;
    }

    /// Each text is in its key's state exactly once, and was sent under exactly one id.
    async fn check_each_once(&self, count: usize, keys: usize, heard: &BTreeMap<String, String>) {
        let mut kept = BTreeSet::new();
        for key in 0..keys {
            for text in self.texts(&format!("k{key}")).await {
                assert!(kept.insert(text.clone()), "{text} was applied twice");
            }
        }
        assert_eq!(kept.len(), count);
        let distinct: BTreeSet<&String> = heard.values().collect();
        assert_eq!((distinct.len(), heard.len()), (count, count), "each was sent once, under one id");
    }
}

async fn until<T>(mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it never came");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn until_state(instance: &Instance, wanted: impl Fn(&HealthState) -> bool) -> HealthState {
    until(async || Some(instance.health.state()).filter(|state| wanted(state))).await
}

/// What an instance takes over is its own from then on, even if it never hears so: it has to look among its own rows, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_over_without_an_answer_is_sent() {
    const KEYS: usize = 5;
    let Some(world) = World::new("unheard").await else { return };
    let doomed = world.start_on("diary", IN, world.schema.clone(), true);
    world.send_many(20, KEYS).await;
    let reader = world.schemas.open(&world.schema).await;
    // One batch that it gets no answer for, and one that waits for that.
    until(async || (reader.stats().await.unwrap().outbox_rows == 2).then_some(())).await;
    let mut committed = 0;
    for key in 0..KEYS {
        committed += world.texts(&format!("k{key}")).await.len();
    }
    let proxy = Proxy::start(Network::Works).await;
    let through_proxy = world.schemas.through(proxy.port, &world.schema, "&statement_timeout_ms=300");
    let heir = world.start_on("heir", OTHER, through_proxy, false);
    until_state(&heir, |state| *state == HealthState::Ready).await;

    // Keeps it from taking over anything before its network is deaf: the doomed one's sign of life lives on.
    let admin = common::admin().await;
    let owner = format!("SELECT min(owner) FROM \"{}\".outbox", world.schema.schema_name());
    let dead: i64 = admin.query_one(&owner, &[]).await.unwrap().get(0);
    let held = async { admin.query("SELECT pg_advisory_lock($1)", &[&dead]).await.unwrap() };
    tokio::join!(held, doomed.kill());
    proxy.set(Network::Deaf);
    admin.query("SELECT pg_advisory_unlock($1)", &[&dead]).await.unwrap();
    let deaf_until = Instant::now() + Duration::from_secs(2);
    while admin.query_one(&owner, &[]).await.unwrap().get::<_, i64>(0) == dead && Instant::now() < deaf_until
    {
        sleep(Duration::from_millis(5)).await;
    }
    proxy.set(Network::Down);
    until_state(&heir, |state| *state != HealthState::Ready).await;
    proxy.set(Network::Works);
    let heard = world.heard(committed).await;
    assert_eq!(heard.len(), committed);
    heir.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_killed_under_load_loses_and_doubles_nothing() {
    const COUNT: usize = 3000;
    const KEYS: usize = 40;
    let Some(world) = World::new("killed").await else { return };
    let (doomed, other) = (world.start(), world.start());
    world.send_many(COUNT, KEYS).await;
    let mut heard = world.heard(COUNT / 4).await;
    doomed.kill().await;
    let third = world.start();
    let more: Vec<_> = world.heard(COUNT - heard.len()).await.into_iter().collect();
    heard.extend(more);
    if heard.len() < COUNT {
        // What the killed one had sent and not settled was heard twice.
        heard.extend(world.heard(COUNT - heard.len()).await);
    }
    world.until_at_rest().await;
    world.check_each_once(COUNT, KEYS, &heard).await;
    other.stop().await;
    third.stop().await;
}

#[tokio::test]
async fn what_an_instance_committed_and_did_not_publish_another_publishes() {
    let Some(world) = World::new("orphans").await else { return };
    let mute = world.start_on("diary", IN, world.schema.clone(), true);
    world.send(IN, "m1".into(), "k".into(), "text").await;
    until(async || (world.texts("k").await == ["text"]).then_some(())).await;
    let other = world.start();
    until_state(&other, |state| *state == HealthState::Ready).await;
    mute.kill().await;
    // The delivery comes again and is dropped as a duplicate; the row is taken over.
    assert_eq!(world.heard(1).await, BTreeMap::from([("diary/k/1".to_owned(), "text".to_owned())]));
    world.until_at_rest().await;
    assert_eq!(world.texts("k").await, ["text"]);
    other.stop().await;
}

#[tokio::test]
async fn what_a_key_s_former_instance_left_goes_out_before_the_key_is_served_again() {
    let Some(mut world) = World::new("order").await else { return };
    let mute = world.start_on("diary", IN, world.schema.clone(), true);
    world.send(IN, "m1".into(), "k".into(), "first").await;
    until(async || (world.texts("k").await == ["first"]).then_some(())).await;
    // This one would look around only in an hour; it is the new epoch that makes it.
    world.options.look_around_every = Duration::from_secs(3600);
    let other = world.start();
    until_state(&other, |state| *state == HealthState::Ready).await;
    let schema = world.schema.clone();
    mute.kill().await;
    let probe = world.schemas.open(&schema).await;
    until(async || {
        // The server has noticed that the instance is gone: its rows would be anybody's.
        let admin = common::admin().await;
        let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid IN (
                       SELECT pid FROM pg_stat_activity WHERE application_name = $1)";
        let name = format!("duet {}", schema.schema_name());
        (admin.query_one(sql, &[&name]).await.unwrap().get::<_, i64>(0) == 1).then_some(())
    })
    .await;
    drop(probe);
    other.epoch.fetch_add(1, Ordering::Relaxed);
    world.send(IN, "m2".into(), "k".into(), "second").await;
    let mut order = Vec::new();
    while order.len() < 2 {
        let delivery = world.out.receive(1).await.unwrap().remove(0);
        order.push(String::from_utf8_lossy(&delivery.message.body).into_owned());
    }
    assert_eq!(order, ["first", "second"]);
    other.stop().await;
}

#[tokio::test]
async fn a_call_of_an_instance_that_is_gone_is_made_by_another() {
    let Some(mut world) = World::new("calls").await else { return };
    world.calls = Arc::new(Semaphore::new(0));
    let doomed = world.start();
    world.send(IN, "m1".into(), "k".into(), "call home").await;
    until(async || (world.texts("k").await == ["call home"]).then_some(())).await;
    doomed.kill().await;
    world.calls.add_permits(100);
    let other = world.start();
    assert_eq!(world.heard(1).await.into_values().collect::<Vec<_>>(), ["outcome HOME"]);
    world.until_at_rest().await;
    assert_eq!(world.texts("k").await, ["call home", "outcome HOME"]);
    other.stop().await;
}

#[tokio::test]
async fn a_timer_of_an_instance_that_is_gone_fires_at_another() {
    let Some(world) = World::new("timers").await else { return };
    let (doomed, other) = (world.start(), world.start());
    for n in 0..20 {
        world.send(IN, format!("m{n}"), format!("k{n}"), "wake 500").await;
    }
    let reader = world.schemas.open(&world.schema).await;
    until(async || (reader.stats().await.unwrap().timers == 20).then_some(())).await;
    doomed.kill().await;
    world.heard(20).await;
    for n in 0..20 {
        assert_eq!(world.texts(&format!("k{n}")).await, ["wake 500", "timer wake"]);
    }
    world.until_at_rest().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_two_instances_keep_writing_starves_nobody() {
    const COUNT: usize = 300;
    let Some(world) = World::new("hot").await else { return };
    world.bus.declare(&group("other", OTHER)).await.unwrap();
    let one = world.start();
    let two = world.start_on("other", OTHER, world.schema.clone(), false);
    for n in 0..COUNT {
        world.send(IN, format!("a{n}"), if n % 2 == 0 { "hot".into() } else { format!("k{n}") }, "in").await;
        world
            .send(OTHER, format!("b{n}"), if n % 2 == 0 { "hot".into() } else { format!("o{n}") }, "in")
            .await;
    }
    world.heard(2 * COUNT).await;
    assert_eq!(world.texts("hot").await.len(), COUNT);
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_ended_by_the_server_under_load_lose_and_double_nothing() {
    const COUNT: usize = 3000;
    const KEYS: usize = 40;
    let Some(world) = World::new("ended").await else { return };
    let (one, two) = (world.start(), world.start());
    let name = format!("duet {}", world.schema.schema_name());
    let ending = tokio::spawn(async move {
        let admin = common::admin().await;
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
        for _ in 0..10 {
            sleep(Duration::from_millis(60)).await;
            admin.query(sql, &[&name]).await.unwrap();
        }
    });
    world.send_many(COUNT, KEYS).await;
    let heard = world.heard(COUNT).await;
    ending.await.unwrap();
    world.until_at_rest().await;
    world.check_each_once(COUNT, KEYS, &heard).await;
    for instance in [&one, &two] {
        until_state(instance, |state| *state == HealthState::Ready).await;
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn health_tells_the_truth_while_the_database_is_away() {
    let Some(world) = World::new("away").await else { return };
    let proxy = Proxy::start(Network::Down).await;
    let schema = world.schemas.through(proxy.port, &world.schema, "&statement_timeout_ms=3000");
    let instance = world.start_on("diary", IN, schema, false);
    // Down at the start: it waits, and says so.
    let state = until_state(&instance, |state| matches!(state, HealthState::Waiting(_))).await;
    assert!(matches!(&state, HealthState::Waiting(reason) if reason.contains("PostgreSQL")), "{state:?}");
    world.send(IN, "m1".into(), "k".into(), "one").await;
    proxy.set(Network::Works);
    until_state(&instance, |state| *state == HealthState::Ready).await;
    world.heard(1).await;
    // Down while there is nothing to do, and back.
    proxy.set(Network::Down);
    until_state(&instance, |state| matches!(state, HealthState::Waiting(_))).await;
    proxy.set(Network::Works);
    until_state(&instance, |state| *state == HealthState::Ready).await;
    // Silent: nobody says that it is away, it just does not answer.
    proxy.set(Network::Silent);
    let state = until_state(&instance, |state| matches!(state, HealthState::Waiting(_))).await;
    assert!(matches!(&state, HealthState::Waiting(reason) if reason.contains("not answered")), "{state:?}");
    world.send(IN, "m2".into(), "k".into(), "two").await;
    proxy.set(Network::Works);
    until_state(&instance, |state| *state == HealthState::Ready).await;
    // Down with a batch at hand.
    proxy.set(Network::Down);
    world.send(IN, "m3".into(), "k".into(), "three").await;
    until_state(&instance, |state| matches!(state, HealthState::Waiting(_))).await;
    proxy.set(Network::Works);
    until_state(&instance, |state| *state == HealthState::Ready).await;
    world.heard(2).await;
    world.until_at_rest().await;
    assert_eq!(world.texts("k").await, ["one", "two", "three"]);
    instance.stop().await;
}
