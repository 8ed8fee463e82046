//! The pipeline through its front door: a participant on the memory bus and store.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bus::memory::{MemoryBus, MemoryOptions};
use bus::{Bus, Consumer, Headers, Message, Origin, Publisher, Settlement, Subscription, Topic};
use bytes::Bytes;
use participant::{
    AskError, CallId, Caller, Clock, Effects, Handler, HealthState, Input, Millis, Options, Participant,
    ParticipantError, REQUESTS_WAITING_MAX, Rejected, Requests, inspect, requests,
};
use store::memory::MemoryStore;
use store::{Commit, Entity, OutboxId, OutboxRow, Read, Store, StoreError};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

const IN: Topic = Topic::new("test/in");
const OUT: Topic = Topic::new("test/out");

/// Keeps the texts it was sent, in order, and echoes each; some texts mean something.
struct Diary;

type Texts = Vec<String>;

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
struct Oracle {
    open: Arc<Semaphore>,
    asked: Arc<AtomicU32>,
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
struct TestClock {
    began: Instant,
    set_by: AtomicI64,
}

impl TestClock {
    fn new() -> Self {
        Self { began: Instant::now(), set_by: AtomicI64::new(0) }
    }

    /// Sets the clock to so many milliseconds away from what it would show if it had never been set.
    fn set(&self, by: Millis) {
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
struct World {
    bus: Arc<dyn Bus>,
    store: MemoryStore,
    oracle: Oracle,
    clock: Arc<TestClock>,
    publisher: Arc<dyn Publisher>,
    out: Arc<dyn Consumer>,
}

struct Running {
    requests: Requests<String, Texts>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ParticipantError>>,
}

impl Running {
    async fn ask(&self, key: &str, text: &str) -> Result<Texts, AskError> {
        self.requests.ask(key, text.to_owned()).await
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }

    async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

impl World {
    async fn new() -> Self {
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

    fn participant(&self) -> Participant<Diary> {
        self.participant_on(Arc::new(self.store.clone()))
    }

    fn participant_on(&self, store: Arc<dyn Store>) -> Participant<Diary> {
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

    fn start(&self) -> Running {
        self.start_on(Arc::new(self.store.clone()))
    }

    fn start_on(&self, store: Arc<dyn Store>) -> Running {
        let (stop, stopped) = oneshot::channel();
        let (requests, asked) = requests();
        let participant = self.participant_on(store).with_requests(asked);
        let task = tokio::spawn(participant.run(async { drop(stopped.await) }));
        Running { requests, stop, task }
    }

    async fn send(&self, id: &str, key: &str, text: &str) {
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
    async fn heard(&self) -> (String, String) {
        let delivery = self.out.receive(1).await.unwrap().remove(0);
        let done = Settlement { token: delivery.token, outcome: bus::Outcome::Done };
        self.out.settle(vec![done]).await.unwrap();
        (delivery.message.id.clone(), String::from_utf8_lossy(&delivery.message.body).into_owned())
    }

    async fn hears(&self, text: &str) {
        assert_eq!(self.heard().await.1, text);
    }

    async fn texts(&self, key: &str) -> Texts {
        let entity = self.store.get(key).await.unwrap();
        entity.and_then(|entity| inspect::state(&entity).unwrap()).unwrap_or_default()
    }

    /// Nothing left anywhere: no message, no outbox row, no timer.
    async fn is_at_rest(&self) -> bool {
        let depth = self.bus.depth("diary").await.unwrap().unwrap();
        let stats = self.store.stats().await.unwrap();
        (depth.ready, depth.unsettled, stats.outbox_rows, stats.timers) == (0, 0, 0, 0)
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_one_key_are_handled_in_order_and_each_once() {
    let world = World::new().await;
    for n in 0..20 {
        for _ in 0..2 {
            world.send(&format!("m{n}"), &format!("k{}", n % 2), &format!("text{n}")).await;
        }
    }
    let running = world.start();
    let mut heard = BTreeMap::new();
    for _ in 0..20 {
        let (id, text) = world.heard().await;
        assert_eq!(heard.insert(id, text), None, "ids are unique");
    }
    running.stop().await;
    let even: Vec<_> = (0..20).step_by(2).map(|n| format!("text{n}")).collect();
    assert_eq!(world.texts("k0").await, even);
    assert_eq!(heard["diary/k0/1"], "text0");
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn what_is_rejected_leaves_no_trace_and_blocks_nobody() {
    let world = World::new().await;
    world.send("m1", "k", "before").await;
    world.send("m2", "k", "reject because of this").await;
    world.send("m3", "k", "after").await;
    let running = world.start();
    world.hears("before").await;
    world.hears("after").await;
    running.stop().await;
    assert_eq!(world.texts("k").await, ["before", "after"]);
    let dead = world.bus.dead_letters("diary", 10).await.unwrap();
    assert_eq!(
        (dead.len(), dead[0].message.id.as_str(), dead[0].reason.as_str()),
        (1, "m2", "because of this")
    );
}

#[tokio::test(start_paused = true)]
async fn a_redriven_dead_letter_is_handled_like_a_new_message() {
    let world = World::new().await;
    world.send("m1", "k", "reject once").await;
    let running = world.start();
    world.send("m2", "k", "marker").await;
    world.hears("marker").await;
    assert!(world.bus.redrive("diary", "m1").await.unwrap());
    world.send("m3", "k", "marker 2").await;
    world.hears("marker 2").await;
    assert_eq!(world.bus.dead_letters("diary", 10).await.unwrap().len(), 1, "rejected again, not dropped");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_too_large_for_the_bus_rejects_what_would_send_it() {
    let world = World::new().await;
    let limit = world.bus.capabilities().message_bytes_max;
    world.send("m1", "k", &format!("shout {}", limit + 1)).await;
    world.send("m2", "k", &format!("shout {limit}")).await;
    let running = world.start();
    assert_eq!(world.heard().await.1.len(), limit);
    running.stop().await;
    assert_eq!(world.bus.dead_letters("diary", 10).await.unwrap()[0].message.id, "m1");
}

#[tokio::test(start_paused = true)]
async fn timers_fire_once_at_their_time_and_not_when_cancelled() {
    let world = World::new().await;
    let running = world.start();
    world.send("m1", "k1", "wake 5").await;
    world.send("m2", "k2", "wake 3").await;
    world.send("m3", "k2", "sleep now").await;
    let begin = Instant::now();
    world.hears("timer wake").await;
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_secs(5) && waited < Duration::from_millis(5_100), "{waited:?}");
    running.stop().await;
    assert_eq!(world.texts("k1").await, ["wake 5", "timer wake"]);
    assert_eq!(world.texts("k2").await, ["wake 3", "sleep now"]);
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_for_a_while_holds_up_no_timer_after_it() {
    let world = World::new().await;
    let running = world.start();
    world.clock.set(-3_600_000);
    world.send("m1", "k", "marker").await;
    world.hears("marker").await;
    world.clock.set(0);
    world.send("m2", "k", "wake 9").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    // Between these two the participant waits for its timer again, and would wait for an hour.
    world.clock.set(-3_600_000);
    world.send("m3", "other", "marker").await;
    world.hears("marker").await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    world.clock.set(0);
    let begin = Instant::now();
    world.hears("timer wake").await;
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_secs(1) && waited <= Duration::from_millis(2_510), "{waited:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_forward_makes_timers_due_within_a_second() {
    let world = World::new().await;
    let running = world.start();
    world.send("m1", "k", "wake 3600").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.clock.set(3_600_000);
    let begin = Instant::now();
    world.hears("timer wake").await;
    assert!(begin.elapsed() <= Duration::from_secs(1), "{:?}", begin.elapsed());
    running.stop().await;
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn a_timer_outlives_its_participant() {
    let world = World::new().await;
    let running = world.start();
    world.send("m1", "k", "wake 5").await;
    world.send("m2", "k", "marker").await;
    world.hears("marker").await;
    running.crash().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let running = world.start();
    // The marker may come again, with its old id: the crash was faster than forgetting it.
    while world.heard().await.1 == "marker" {}
    running.stop().await;
    assert_eq!(world.texts("k").await, ["wake 5", "marker", "timer wake"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_cut_off_by_a_crash_is_made_again_and_counts_once() {
    let mut world = World::new().await;
    world.oracle.open = Arc::new(Semaphore::new(0));
    let running = world.start();
    world.send("m1", "k", "call home").await;
    let asked = |times| {
        let world = &world;
        async move {
            while world.oracle.asked.load(Ordering::Relaxed) < times {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    asked(1).await;
    running.crash().await;
    let running = world.start();
    asked(2).await;
    world.oracle.open.add_permits(100);
    world.hears("outcome HOME").await;
    running.stop().await;
    assert_eq!(world.texts("k").await, ["call home", "outcome HOME"]);
    assert!(world.is_at_rest().await, "{:?}", world.store.stats().await);
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_commit_and_publish_loses_no_message() {
    let world = World::new().await;
    // What such a crash leaves: the state and the outbox row are committed, the message was never published.
    let other = World::new().await;
    let running = other.start();
    other.send("m1", "k", "text").await;
    let (id, _) = other.heard().await;
    running.crash().await;
    let row = other.store.outbox(0, 10).await.unwrap().remove(0);
    let commit = Commit { outbox_add: vec![row.blob], ..Commit::default() };
    world.store.commit(&commit).await.unwrap();

    let running = world.start();
    assert_eq!(world.heard().await, (id, "text".to_owned()));
    running.stop().await;
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn two_instances_on_one_store_never_both_apply_a_message() {
    let world = World::new().await;
    let (one, two) = (world.start(), world.start());
    let count = 200;
    for n in 0..count {
        world.send(&format!("m{n}"), "k", &format!("text{n}")).await;
    }
    for _ in 0..count {
        world.heard().await;
    }
    one.stop().await;
    two.stop().await;
    let expected: Vec<_> = (0..count).map(|n| format!("text{n}")).collect();
    assert_eq!(world.texts("k").await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_corrupt_entity_sends_its_messages_to_the_dead_letters_and_blocks_nobody() {
    let world = World::new().await;
    let broken = store::EntityWrite {
        key: "k1".into(),
        state: Bytes::from_static(b"{"),
        meta: Bytes::from_static(b"?"),
        next_due: Some(0),
        ..store::EntityWrite::default()
    };
    let commit = Commit { entities: vec![broken], ..Commit::default() };
    world.store.commit(&commit).await.unwrap();
    let running = world.start();
    world.send("m1", "k1", "text").await;
    world.send("m2", "k2", "text").await;
    world.hears("text").await;
    running.stop().await;
    let dead = world.bus.dead_letters("diary", 10).await.unwrap();
    assert!(dead[0].reason.contains("the stored state"), "{}", dead[0].reason);
    assert_eq!(world.store.next_due().await.unwrap(), None, "its timer must not come again and again");
}

#[tokio::test(start_paused = true)]
async fn health_tells_how_it_ended() {
    let world = World::new().await;
    let participant = world.participant();
    let health = participant.health();
    assert_eq!(health.state(), HealthState::Starting);
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(participant.run(async { drop(stopped.await) }));
    world.send("m1", "k", "text").await;
    world.hears("text").await;
    assert!(health.is_ready());
    let _ = stop.send(());
    task.await.unwrap().unwrap();
    assert_eq!(health.state(), HealthState::Stopped(None));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_once_everything_that_follows_is_committed() {
    let world = World::new().await;
    let running = world.start();
    world.send("m1", "k", "before").await;
    world.hears("before").await;
    assert_eq!(running.ask("k", "text").await.unwrap(), ["before", "text"]);
    assert_eq!(world.texts("k").await, ["before", "text"], "an answer is a committed fact");
    assert_eq!(world.heard().await, ("diary/k/2".to_owned(), "text".to_owned()));
    assert_eq!(running.ask("other", "wake 5").await.unwrap(), ["wake 5"]);
    world.hears("timer wake").await;
    running.stop().await;
    assert!(world.is_at_rest().await);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_changes_nothing_writes_nothing() {
    let world = World::new().await;
    let running = world.start();
    assert_eq!(running.ask("nobody", "ask whether it is there").await.unwrap(), Texts::new());
    running.ask("k", "text").await.unwrap();
    world.hears("text").await;
    let version = || async { world.store.get("k").await.unwrap().unwrap().version };
    let before = version().await;
    assert_eq!(running.ask("k", "ask what there is").await.unwrap(), ["text"]);
    assert_eq!(version().await, before);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_request_gets_the_reason_and_leaves_no_trace() {
    let world = World::new().await;
    let running = world.start();
    let asked = ["one", "reject because of this", "two"].map(|text| running.ask("k", text));
    let [one, rejected, two] = futures::future::join_all(asked).await.try_into().unwrap();
    assert_eq!(one.unwrap(), ["one"]);
    assert_eq!(rejected, Err(AskError::Rejected("because of this".into())));
    assert!(!AskError::Rejected(String::new()).is_retryable());
    assert_eq!(two.unwrap(), ["one", "two"]);
    let long = "k".repeat(store::KEY_BYTES_MAX + 1);
    assert!(matches!(running.ask(&long, "text").await, Err(AskError::Rejected(_))));
    running.stop().await;
    assert_eq!(world.texts("k").await, ["one", "two"]);
    assert!(world.bus.dead_letters("diary", 10).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_a_conflict_what_is_answered_is_what_was_then_decided() {
    let world = World::new().await;
    let (one, two) = (world.start(), world.start());
    let asked = (0..50).map(|n| {
        let running = if n % 2 == 0 { &one } else { &two };
        let text = format!("text{n}");
        async move { (running.ask("k", &text).await.unwrap(), text) }
    });
    let mut answers = futures::future::join_all(asked).await;
    let texts = world.texts("k").await;
    assert_eq!(texts.len(), 50);
    answers.sort_by_key(|(answer, _)| answer.len());
    for (n, (answer, text)) in answers.iter().enumerate() {
        assert_eq!((&answer[..], answer.last()), (&texts[..=n], Some(text)), "each saw all before it");
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test(start_paused = true)]
async fn requests_and_deliveries_do_not_hold_up_each_other() {
    let world = World::new().await;
    for n in 0..100 {
        world.send(&format!("m{n}"), "k", "message").await;
    }
    let running = world.start();
    let asked = (0..100).map(|_| running.ask("k", "request"));
    let answers = futures::future::join_all(asked).await;
    let first = answers[0].as_ref().unwrap();
    assert!(first.len() <= 8, "asked when a hundred messages waited, answered in the first batch");
    running.stop().await;
    let texts = world.texts("k").await;
    let half = texts.iter().take(80).filter(|text| *text == "message").count();
    assert!((39..=41).contains(&half), "of the first ten batches each had its half: {half}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_changes_nothing() {
    let world = World::new().await;
    let running = world.start();
    running.ask("k", "first").await.unwrap();
    let ask = running.ask("k", "left alone");
    assert!(tokio::time::timeout(Duration::ZERO, ask).await.is_err());
    assert_eq!(running.ask("k", "last").await.unwrap().last().unwrap(), "last");
    running.stop().await;
    assert_eq!(world.texts("k").await.iter().filter(|text| *text != "left alone").count(), 2);
    while !world.is_at_rest().await {
        world.heard().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_answered_is_told_so() {
    let world = World::new().await;
    let (requests, asked) = requests::<String, Texts>();
    let ask = |text: &str| requests.ask("k", text.to_owned());
    // Nobody answers yet: they wait, up to a limit of their number and of time.
    let waiting = futures::future::join_all((0..=REQUESTS_WAITING_MAX).map(|_| ask("early"))).await;
    let (last, others) = waiting.split_last().unwrap();
    assert_eq!(*last, Err(AskError::Full));
    assert!(others.iter().all(|answer| *answer == Err(AskError::Late)), "{:?}", others[0]);

    // Those that nobody waits for any more are not carried out.
    let (stop, stopped) = oneshot::channel::<()>();
    let participant = world.participant().with_requests(asked);
    let task = tokio::spawn(participant.run(async { drop(stopped.await) }));
    while ask("now").await.is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(world.texts("k").await, ["now"]);
    let _ = stop.send(());
    task.await.unwrap().unwrap();
    assert_eq!(ask("too late").await, Err(AskError::Stopped));
    for error in [AskError::Full, AskError::Late, AskError::Stopped, AskError::Failed(String::new())] {
        assert!(error.is_retryable(), "{error}");
    }
}

/// Commits and says that it failed, for as long as it is away.
struct Flaky {
    store: MemoryStore,
    is_away: AtomicBool,
}

#[async_trait]
impl Store for Flaky {
    async fn load(&self, keys: &[&str]) -> Result<Vec<Option<Entity>>, StoreError> {
        self.store.load(keys).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Vec<OutboxId>, StoreError> {
        let ids = self.store.commit(commit).await?;
        if self.is_away.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable { reason: "the plug was pulled".into(), source: None });
        }
        Ok(ids)
    }

    async fn due(&self, now: Millis, limit: usize) -> Result<Vec<String>, StoreError> {
        self.store.due(now, limit).await
    }

    async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        self.store.next_due().await
    }

    async fn outbox(&self, after: OutboxId, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.store.outbox(after, limit).await
    }
}

#[async_trait]
impl Read for Flaky {
    fn durability(&self) -> store::Durability {
        self.store.durability()
    }

    async fn get(&self, key: &str) -> Result<Option<Entity>, StoreError> {
        self.store.get(key).await
    }

    async fn linked(
        &self,
        index: &str,
        value: &str,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<u64>), StoreError> {
        self.store.linked(index, value, before, limit).await
    }

    async fn scan(&self, after: u64, limit: usize) -> Result<Vec<(u64, String, Entity)>, StoreError> {
        self.store.scan(after, limit).await
    }

    async fn journal(&self, key: &str, from: u64, limit: usize) -> Result<Vec<Bytes>, StoreError> {
        self.store.journal(key, from, limit).await
    }

    async fn stats(&self) -> Result<store::Stats, StoreError> {
        self.store.stats().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_told_at_once_and_what_it_did_all_the_same_is_published() {
    let world = World::new().await;
    let store = Arc::new(Flaky { store: world.store.clone(), is_away: AtomicBool::new(true) });
    let running = world.start_on(Arc::clone(&store) as _);
    let begin = Instant::now();
    world.send("m1", "other", "a message waits for the store").await;
    let (answer, ()) = tokio::join!(running.ask("k", "text"), async {
        while world.texts("k").await.is_empty() {
            tokio::task::yield_now().await;
        }
    });
    assert!(matches!(&answer, Err(AskError::Failed(reason)) if reason.contains("the plug")), "{answer:?}");
    let answer = running.ask("k", "text").await;
    assert!(matches!(&answer, Err(AskError::NotReady(reason)) if reason.contains("the plug")), "{answer:?}");
    assert!(begin.elapsed() < Duration::from_secs(1), "nobody waits for it: {:?}", begin.elapsed());

    store.is_away.store(false, Ordering::Relaxed);
    let mut heard = [world.heard().await.1, world.heard().await.1];
    heard.sort();
    assert_eq!(heard, ["a message waits for the store", "text"]);
    assert_eq!(running.ask("k", "ask again").await.unwrap(), ["text"]);
    running.stop().await;
    assert!(world.is_at_rest().await);
}
