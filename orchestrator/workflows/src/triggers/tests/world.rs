//! A server without HTTP: a participant of executions behind a feed, on any bus and any store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actions::Scope;
use bus::{Bus, Headers, MemoryBus, MemoryOptions, Message, Origin, Topic};
use executions::{Catalogue, Errands, Executor, Unconnected, no_foreign};
use participant::{Options, Participant, ParticipantError, SystemClock, Weakness};
use registry::machines::{self, Change, Machine};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Store, StoreError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::triggers::{Book, Draft, Feed, Intake, Standing};

pub(super) const GROUP: &str = "workflows";
/// Far longer than anything here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn machine_arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:stateMachine:{name}")
}

/// A machine that ends at once.
pub(super) async fn machine(store: &dyn Store, name: &str, express: bool) {
    let text = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}).to_string();
    let definition = asl::parse(&text).unwrap();
    machines::keep_definition(store, definition.fingerprint(), &text).await.unwrap();
    let current = json!({"fingerprint": definition.fingerprint(), "role_arn": "role", "since_ms": 1});
    let machine = json!({"generation": 1, "express": express, "created_ms": 1, "current": current});
    let machine: Box<Machine> = serde_json::from_value(machine).unwrap();
    let put = |_| Ok::<_, StoreError>(Change::Put(machine.clone(), ()));
    machines::change(store, "us-east-1", &format!("us-east-1/{name}"), put).await.unwrap();
}

pub(super) async fn rule(store: &dyn Store, rule: Value) -> u64 {
    let draft = Draft::read(None, &rule, &Scope::default()).unwrap();
    draft.put(store, 1).await.unwrap().unwrap().revision
}

/// A rule of that name on `s/placed`, for a machine.
pub(super) async fn plain_rule(store: &dyn Store, name: &str, machine: &str) -> u64 {
    rule(store, json!({"name": name, "topic": "s/placed", "machine": machine})).await
}

pub(super) fn message(id: &str, topic: &'static str, body: &Value) -> Message {
    let (headers, body) = (Headers::default(), body.to_string().into());
    Message { id: id.to_owned(), topic: Topic::new(topic), key: format!("k{id}"), headers, body }
}

/// Messages of `s/placed` with these ids.
pub(super) fn placed(ids: impl IntoIterator<Item = usize>) -> Vec<Message> {
    ids.into_iter().map(|id| message(&format!("m{id}"), "s/placed", &json!({"n": id}))).collect()
}

pub(super) async fn publish(bus: &dyn Bus, messages: &[Message]) {
    bus.publisher(Origin::Participant).await.unwrap().publish(messages).await.unwrap();
}

/// A server that lives until it is stopped or crashes.
pub(super) struct Server {
    pub(super) standing: Arc<Standing>,
    pub(super) intake: Arc<Intake>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ParticipantError>>,
}

impl Server {
    pub(super) fn start(bus: &Arc<dyn Bus>, store: &Arc<dyn Store>) -> Self {
        Self::with(bus, store, Vec::new(), None)
    }

    pub(super) fn with(
        bus: &Arc<dyn Bus>,
        store: &Arc<dyn Store>,
        rules: Vec<Draft>,
        weakness: Option<Weakness>,
    ) -> Self {
        let (requests, asked) = participant::requests();
        let (catalogue, clock) = (Catalogue::default(), Arc::new(SystemClock));
        let errands = Errands::new(&requests, Arc::clone(store), catalogue.clone(), no_foreign());
        let book = Book::new(Arc::clone(store), Scope::default());
        let intake = Arc::new(Intake::new(book, catalogue.clone(), clock.clone()));
        let standing = Arc::<Standing>::default();
        let feed =
            Feed::new(Arc::clone(bus), Arc::clone(&intake), Arc::clone(&standing)).with_rules(rules, 1);
        let executor = Executor::new(catalogue, Unconnected);
        let (store, feed) = (Arc::clone(store), Arc::new(feed));
        let participant =
            Participant::new(GROUP, Vec::new(), executor, Arc::new(errands), store, feed, clock);
        let (stop, stopped) = oneshot::channel();
        let participant = participant.with_options(Options { weakness, ..Options::default() });
        let task = tokio::spawn(participant.with_requests(asked).run(async { drop(stopped.await) }));
        Self { standing, intake, stop, task }
    }

    /// Has it follow the rules as of that revision, and waits for that.
    pub(super) async fn follows(&self, revision: u64) {
        self.standing.rules_changed();
        self.standing.until(revision, PATIENCE).await.unwrap();
    }

    pub(super) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }

    pub(super) async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// A memory bus that gives a delivery back as often as it takes, and an empty store.
pub(super) fn in_memory() -> (Arc<dyn Bus>, Arc<dyn Store>) {
    let options = MemoryOptions { delivery_limit: 1_000, ..MemoryOptions::default() };
    (Arc::new(MemoryBus::new(options)), Arc::new(MemoryStore::new()))
}

/// The executions of a machine by name, with the commits that each row has seen.
pub(super) async fn executions(store: &dyn Store, machine: &str) -> BTreeMap<String, u64> {
    let (mut found, mut after) = (BTreeMap::new(), 0);
    let prefix = format!("execution/us-east-1/{machine}:");
    loop {
        let page = store.reader().scan(after, 1_000).await.unwrap();
        let Some((cursor, ..)) = page.last() else { return found };
        after = *cursor;
        for (_, key, entity) in page {
            if let Some(name) = key.strip_prefix(&prefix) {
                found.insert(name.to_owned(), entity.version);
            }
        }
    }
}

/// Waits until the bus has nothing more for the group.
pub(super) async fn at_rest(bus: &dyn Bus) {
    let rest = async {
        loop {
            let depth = bus.depth(GROUP).await.unwrap().unwrap_or_default();
            if depth.ready + depth.unsettled == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, rest).await.expect("the bus comes to rest");
}
