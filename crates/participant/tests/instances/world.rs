//! A bus and a schema, on which instances of a participant that keeps a diary come and go.

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
use participant::{
    CallId, Caller, Effects, Handler, Health, HealthState, Input, Millis, Options, Participant,
    ParticipantError, Rejected, SystemClock, inspect,
};
use store::postgres::{PostgresOptions, PostgresStore};
use store::{Read, Store};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::common::Schemas;

pub(crate) const IN: Topic = Topic::new("test/in");
pub(crate) const OTHER: Topic = Topic::new("test/other");
pub(crate) const OUT: Topic = Topic::new("test/out");

/// Keeps the texts it was sent and echoes each; some make a call or set a timer instead.
pub(crate) struct Diary;

pub(crate) type Texts = Vec<String>;

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
pub(crate) struct Oracle(Arc<Semaphore>);

#[async_trait]
impl Caller<String, String> for Oracle {
    async fn call(&self, _: &CallId, call: &String) -> String {
        let _permit = self.0.acquire().await;
        call.to_uppercase()
    }
}

/// Publishers never get an answer, and consumers count how often they took over others' keys.
pub(crate) struct Mute {
    pub(crate) epoch: Arc<AtomicU64>,
    pub(crate) is_mute: bool,
}

pub(crate) struct NoAnswer;

#[async_trait]
impl Publisher for NoAnswer {
    async fn publish(&self, _: &[Message]) -> Result<(), BusError> {
        std::future::pending().await
    }
}

pub(crate) struct Counting(Arc<dyn Consumer>, Arc<AtomicU64>);

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
pub(crate) struct World {
    pub(crate) schemas: Schemas,
    pub(crate) schema: PostgresOptions,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) publisher: Arc<dyn Publisher>,
    pub(crate) out: Arc<dyn Consumer>,
    pub(crate) calls: Arc<Semaphore>,
    pub(crate) options: Options,
}

pub(crate) struct Instance {
    pub(crate) task: JoinHandle<Result<(), ParticipantError>>,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) health: Health,
    pub(crate) store: Arc<PostgresStore>,
    pub(crate) epoch: Arc<AtomicU64>,
}

impl Instance {
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }

    /// As if its process were killed: nothing of it goes on, its connections end.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
        drop(self.store);
    }
}

pub(crate) fn group(name: &str, topic: Topic) -> Subscription {
    Subscription { group: name.into(), topics: vec![topic], unsettled_max: 1000 }
}

impl World {
    /// `None` where there is no server.
    pub(crate) async fn new(name: &str) -> Option<Self> {
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

    pub(crate) fn start(&self) -> Instance {
        self.start_on("diary", IN, self.schema.clone(), false)
    }

    pub(crate) fn start_on(
        &self,
        name: &str,
        topic: Topic,
        schema: PostgresOptions,
        is_mute: bool,
    ) -> Instance {
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

    pub(crate) async fn send(&self, topic: Topic, id: String, key: String, text: &str) {
        let body = Bytes::from(text.to_owned());
        let message = Message { id, topic, key, headers: Headers::default(), body };
        self.publisher.publish(&[message]).await.unwrap();
    }

    /// Sends `count` messages over `keys` keys, each with a text of its own.
    pub(crate) async fn send_many(&self, count: usize, keys: usize) {
        for n in 0..count {
            self.send(IN, format!("m{n}"), format!("k{}", n % keys), &format!("t{n}")).await;
        }
    }

    /// The texts sent until there are `count` with different ids.
    pub(crate) async fn heard(&self, count: usize) -> BTreeMap<String, String> {
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

    pub(crate) async fn texts(&self, key: &str) -> Texts {
        let reader = self.schemas.open(&self.schema).await;
        let entity = reader.get(key).await.unwrap();
        entity.and_then(|entity| inspect::state(&entity).unwrap()).unwrap_or_default()
    }

    /// Waits until nothing is left to do anywhere.
    pub(crate) async fn until_at_rest(&self) {
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
    pub(crate) async fn check_each_once(&self, count: usize, keys: usize, heard: &BTreeMap<String, String>) {
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

pub(crate) async fn until<T>(mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it never came");
        sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn until_state(instance: &Instance, wanted: impl Fn(&HealthState) -> bool) -> HealthState {
    until(async || Some(instance.health.state()).filter(|state| wanted(state))).await
}
