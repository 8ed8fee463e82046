//! What a handler reads beside the states of its batch.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::memory::{MemoryBus, MemoryOptions};
use bus::{Bus, Headers, Message, Origin, Subscription};
use bytes::Bytes;
use participant::{
    Effects, Handler, Input, NoCalls, Participant, Rejected, Requests, SystemClock, inspect, requests,
};
use store::memory::MemoryStore;
use store::{Entity, Read, Store, StoreError};
use tokio::sync::oneshot;

use crate::world::IN;

/// Keeps texts in the journal, and in its state only how many there are. What it holds of them it uses up with each decision.
#[derive(Default)]
struct Chronicle {
    held: Mutex<BTreeMap<String, Vec<String>>>,
    prepared: Mutex<Prepared>,
}

#[derive(Default)]
struct Prepared {
    texts: BTreeMap<String, Vec<String>>,
    /// How often it was told to hold everything.
    again: usize,
}

fn text(entry: &Bytes) -> String {
    String::from_utf8_lossy(entry).into_owned()
}

impl Chronicle {
    fn texts(&self, key: &str, count: usize) -> Option<Vec<String>> {
        if count == 0 {
            return Some(Vec::new());
        }
        let held = self.held.lock().unwrap().remove(key).filter(|held| held.len() == count);
        let prepared = self.prepared.lock().unwrap();
        let read = prepared.texts.get(key).filter(|read| read.len() == count);
        read.cloned().or(held)
    }
}

/// Shared with the test, which looks at it.
struct Shared(Arc<Chronicle>);

#[async_trait]
impl Handler for Shared {
    type State = usize;
    type Call = NoCalls;
    type Outcome = NoCalls;
    type Request = ();
    type Answer = Vec<String>;

    fn handle(
        &self,
        state: Option<usize>,
        input: Input<'_, NoCalls, ()>,
        effects: &mut Effects<NoCalls, Vec<String>>,
    ) -> Result<Option<usize>, Rejected> {
        let count = state.unwrap_or_default();
        let key = effects.key().to_owned();
        let Some(mut texts) = self.0.texts(&key, count) else { return Err(effects.lack("the chronicle")) };
        if let Input::Message(message) = input {
            if message.body.starts_with(b"reject") {
                return Err(Rejected("as it says".to_owned()));
            }
            texts.push(text(&message.body));
            effects.journal(message.body.clone());
        }
        effects.answer(texts.clone());
        let count = texts.len();
        self.0.held.lock().unwrap().insert(key, texts);
        Ok(Some(count))
    }

    async fn prepare(
        &self,
        store: &dyn Read,
        entities: &[(&str, &Entity)],
        again: bool,
    ) -> Result<(), StoreError> {
        let mut texts = BTreeMap::new();
        for (key, entity) in entities {
            let count: usize = inspect::state(entity).unwrap().unwrap_or_default();
            let is_held = self.0.held.lock().unwrap().get(*key).is_some_and(|held| held.len() == count);
            if again || !is_held {
                let read = store.journal(key, 0, count).await?;
                texts.insert((*key).to_owned(), read.iter().map(text).collect());
            }
        }
        let mut prepared = self.0.prepared.lock().unwrap();
        prepared.texts = texts;
        prepared.again += usize::from(again);
        Ok(())
    }
}

struct World {
    chronicle: Arc<Chronicle>,
    requests: Requests<(), Vec<String>>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Result<(), participant::ParticipantError>>,
}

async fn start(store: &MemoryStore, bus: &Arc<dyn Bus>) -> World {
    let chronicle = Arc::<Chronicle>::default();
    let ((requests, asked), (stop, stopped)) = (requests(), oneshot::channel());
    let participant = Participant::new(
        "chronicle",
        vec![IN],
        Shared(Arc::clone(&chronicle)),
        NoCalls::caller(),
        Arc::new(store.clone()) as Arc<dyn Store>,
        Arc::clone(bus),
        Arc::new(SystemClock),
    );
    let task = tokio::spawn(participant.with_requests(asked).run(async { drop(stopped.await) }));
    World { chronicle, requests, stop, task }
}

async fn send(bus: &Arc<dyn Bus>, texts: &[&str]) {
    let message = |text: &&str| Message {
        id: format!("m/{text}"),
        topic: IN,
        key: "k".into(),
        headers: Headers::default(),
        body: Bytes::from((*text).to_owned()),
    };
    let messages: Vec<Message> = texts.iter().map(message).collect();
    bus.publisher(Origin::Edge).await.unwrap().publish(&messages).await.unwrap();
}

async fn bus() -> Arc<dyn Bus> {
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::new(MemoryOptions::default()));
    let group = Subscription { group: "chronicle".into(), topics: vec![IN], unsettled_max: 100 };
    bus.declare(&group).await.unwrap();
    bus
}

#[tokio::test(start_paused = true)]
async fn what_the_state_implies_is_read_before_it_is_needed() {
    let (store, bus) = (MemoryStore::new(), bus().await);
    send(&bus, &["one", "two"]).await;
    for life in 0..2 {
        let world = start(&store, &bus).await;
        while world.requests.ask("k", ()).await.unwrap().len() < 2 {}
        assert_eq!(world.requests.ask("k", ()).await.unwrap(), ["one", "two"], "life {life}");
        assert_eq!(world.chronicle.prepared.lock().unwrap().again, 0, "nothing was lacking");
        let _ = world.stop.send(());
        world.task.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_decision_used_up_is_prepared_again_when_it_is_made_again() {
    let (store, bus) = (MemoryStore::new(), bus().await);
    send(&bus, &["one"]).await;
    let world = start(&store, &bus).await;
    while world.requests.ask("k", ()).await.unwrap().is_empty() {}
    // In one batch: the second is rejected, so the first is decided anew, with what is held for it gone.
    send(&bus, &["two", "reject this", "three"]).await;
    while world.requests.ask("k", ()).await.unwrap().len() < 3 {}
    assert_eq!(world.requests.ask("k", ()).await.unwrap(), ["one", "two", "three"]);
    assert_eq!(world.chronicle.prepared.lock().unwrap().again, 1);
    let dead = bus.dead_letters("chronicle", 10).await.unwrap();
    assert_eq!(dead.iter().map(|dead| dead.reason.as_str()).collect::<Vec<_>>(), ["as it says"]);
    let _ = world.stop.send(());
    world.task.await.unwrap().unwrap();
}
