//! A participant that keeps a diary, with everything around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use async_trait::async_trait;
use bus::memory::{MemoryBus, MemoryOptions};
use bus::{Bus, Consumer, Headers, Message, Origin, Publisher, Settlement, Subscription, Topic};
use bytes::Bytes;
use participant::{
    AskError, CallId, Caller, Clock, Effects, Handler, Input, Millis, Options, Participant, ParticipantError,
    Rejected, Requests, inspect, requests,
};
use store::memory::MemoryStore;
use store::{Read, Store};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) const IN: Topic = Topic::new("test/in");
pub(crate) const OUT: Topic = Topic::new("test/out");

/// Keeps the texts it was sent, in order, and echoes each; some texts mean something.
pub(crate) struct Diary;

pub(crate) type Texts = Vec<String>;

impl Handler for Diary {
    type State = Texts;
    type Call = String;
    type Outcome = String;
    type Request = String;
    type Answer = Texts;

    fn handle(
        &self,
        state: Option<Texts>,
        input: Input<'_, String, String>,
        effects: &mut Effects<String, Texts>,
    ) -> Result<Option<Texts>, Rejected> {
        let text = match input {
            Input::Message(message) => String::from_utf8_lossy(&message.body).into_owned(),
            Input::Timer("doubt")
                if state.as_ref().is_none_or(|texts| !texts.contains(&"sure".to_owned())) =>
            {
                return Err(Rejected("not sure".to_owned()));
            }
            Input::Timer(name) => format!("timer {name}"),
            Input::Outcome(outcome) => format!("outcome {outcome}"),
            Input::Request(request) => request.clone(),
        };
        let mut texts = state.unwrap_or_default();
        if let Some(("ask", _)) = text.split_once(' ') {
            effects.answer(texts.clone());
            return Ok(Some(texts));
        }
        match text.split_once(' ') {
            Some(("reject", reason)) => {
                effects.publish(OUT, Headers::default(), Bytes::from_static(b"must never be seen"));
                return Err(Rejected(reason.to_owned()));
            }
            Some(("wake", seconds)) => {
                let seconds: Millis = seconds.parse().map_err(|_| Rejected("no number".into()))?;
                effects.set_timer("wake", effects.now() + 1000 * seconds);
            }
            Some(("doubt", _)) => effects.set_timer("doubt", effects.now() + 1000),
            Some(("forget", last_words)) => {
                effects.unlink("diary", "all");
                effects.publish(OUT, Headers::default(), Bytes::from(last_words.to_owned()));
                effects.answer(texts);
                effects.forget();
                return Ok(None);
            }
            Some(("begin", count)) => {
                effects.count_from(count.parse().map_err(|_| Rejected("no number".into()))?);
                effects.link("diary", "all");
                effects.journal(text.clone());
            }
            Some(("sleep", _)) => effects.cancel_timer("wake"),
            Some(("call", what)) => effects.call(what.to_owned()),
            Some(("shout", bytes)) => {
                let body = vec![b'!'; bytes.parse().map_err(|_| Rejected("no number".into()))?];
                effects.publish(OUT, Headers::default(), Bytes::from(body));
            }
            _ => effects.publish(OUT, Headers::default(), Bytes::from(text.clone())),
        }
        texts.push(text);
        effects.answer(texts.clone());
        Ok(Some(texts))
    }
}

/// Answers in capitals, once it is allowed to; counts how often it was asked.
#[derive(Clone)]
pub(crate) struct Oracle {
    pub(crate) open: Arc<Semaphore>,
    pub(crate) asked: Arc<AtomicU32>,
}

#[async_trait]
impl Caller<String, String> for Oracle {
    async fn call(&self, _: &CallId, call: &String) -> String {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let _permit = self.open.acquire().await;
        call.to_uppercase()
    }
}

/// Follows tokio's time, which the tests pause, and can be set.
pub(crate) struct TestClock {
    pub(crate) began: Instant,
    pub(crate) set_by: AtomicI64,
}

impl TestClock {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), set_by: AtomicI64::new(0) }
    }

    /// Sets the clock to so many milliseconds away from what it would show if it had never been set.
    pub(crate) fn set(&self, by: Millis) {
        self.set_by.store(by, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Millis {
        let elapsed = Instant::now().duration_since(self.began).as_millis() as Millis;
        10_000_000 + elapsed + self.set_by.load(Ordering::Relaxed)
    }
}

/// One participant with everything around it; it may be stopped, crashed and started again.
pub(crate) struct World {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) store: MemoryStore,
    pub(crate) oracle: Oracle,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) publisher: Arc<dyn Publisher>,
    pub(crate) out: Arc<dyn Consumer>,
}

pub(crate) struct Running {
    pub(crate) requests: Requests<String, Texts>,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) task: JoinHandle<Result<(), ParticipantError>>,
}

impl Running {
    pub(crate) async fn ask(&self, key: &str, text: &str) -> Result<Texts, AskError> {
        self.requests.ask(key, text.to_owned()).await
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }

    pub(crate) async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new(MemoryOptions::default()));
        let group = |group: &str, topic| Subscription {
            group: group.into(),
            topics: vec![topic],
            unsettled_max: 1000,
        };
        bus.declare(&group("diary", IN)).await.unwrap();
        Self {
            store: MemoryStore::new(),
            oracle: Oracle { open: Arc::new(Semaphore::new(100)), asked: Arc::default() },
            clock: Arc::new(TestClock::new()),
            publisher: bus.publisher(Origin::Edge).await.unwrap(),
            out: bus.subscribe(&group("out", OUT)).await.unwrap(),
            bus,
        }
    }

    pub(crate) fn participant(&self) -> Participant<Diary> {
        self.participant_on(Arc::new(self.store.clone()))
    }

    pub(crate) fn participant_on(&self, store: Arc<dyn Store>) -> Participant<Diary> {
        Participant::new(
            "diary",
            vec![IN],
            Diary,
            Arc::new(self.oracle.clone()),
            store,
            Arc::clone(&self.bus),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
        )
        .with_options(Options { batch_max: 8, ..Options::default() })
    }

    pub(crate) fn start(&self) -> Running {
        self.start_on(Arc::new(self.store.clone()))
    }

    pub(crate) fn start_on(&self, store: Arc<dyn Store>) -> Running {
        let (stop, stopped) = oneshot::channel();
        let (requests, asked) = requests();
        let participant = self.participant_on(store).with_requests(asked);
        let task = tokio::spawn(participant.run(async { drop(stopped.await) }));
        Running { requests, stop, task }
    }

    pub(crate) async fn send(&self, id: &str, key: &str, text: &str) {
        let message = Message {
            id: id.into(),
            topic: IN,
            key: key.into(),
            headers: Headers::default(),
            body: Bytes::from(text.to_owned()),
        };
        self.publisher.publish(&[message]).await.unwrap();
    }

    /// The next message sent by the participant: id and text.
    pub(crate) async fn heard(&self) -> (String, String) {
        let delivery = self.out.receive(1).await.unwrap().remove(0);
        let done = Settlement { token: delivery.token, outcome: bus::Outcome::Done };
        self.out.settle(vec![done]).await.unwrap();
        (delivery.message.id.clone(), String::from_utf8_lossy(&delivery.message.body).into_owned())
    }

    pub(crate) async fn hears(&self, text: &str) {
        assert_eq!(self.heard().await.1, text);
    }

    pub(crate) async fn texts(&self, key: &str) -> Texts {
        let entity = self.store.get(key).await.unwrap();
        entity.and_then(|entity| inspect::state(&entity).unwrap()).unwrap_or_default()
    }

    /// Nothing left anywhere: no message, no outbox row, no timer.
    pub(crate) async fn is_at_rest(&self) -> bool {
        let depth = self.bus.depth("diary").await.unwrap().unwrap();
        let stats = self.store.stats().await.unwrap();
        (depth.ready, depth.unsettled, stats.outbox_rows, stats.timers) == (0, 0, 0, 0)
    }
}
