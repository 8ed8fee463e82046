//! Orders' executions, read as the API reads executions.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use std::sync::Arc;

use contract::command::{self, errors};
use contract::{Envelope, Order, Reply, Style};
use executions::{Catalogue, Histories, Wanted, describe, execution_key, input, list};
use order_flow::shown::Shown;
use order_flow::{Conductor, Durations, OrderExecution, Status};
use participant::{Effects, Handler as _, Input};
use registry::Definitions;
use store::memory::MemoryStore;
use store::{Commit, EntityWrite, Read as _, Store as _};

const HOME: &str = "us-east-1/order";
/// Ends at once.
const SHORT: &str = r#"{"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}"#;

/// The conductor's store, and the one that others' executions are in.
struct World {
    conductor: Conductor,
    orders: Arc<MemoryStore>,
    base: Arc<MemoryStore>,
}

impl World {
    async fn of(definition: &str) -> Self {
        let mut definitions = Definitions::load(definition).unwrap();
        let orders = Arc::new(MemoryStore::new());
        registry::stored::keep_definitions(&mut definitions, &*orders).await.unwrap();
        let conductor = Conductor::new(Arc::new(definitions), Durations::default());
        Self { conductor, orders, base: Arc::new(MemoryStore::new()) }
    }

    fn shown(&self) -> Shown {
        Shown::new(self.base.clone(), self.orders.clone(), HOME.to_owned())
    }

    /// Has the conductor hear of a message, and commits what it says; the task of the command that it sends.
    async fn hears(&self, order_id: &str, message: &bus::Message) -> Option<String> {
        let entity = self.orders.get(order_id).await.unwrap();
        let state =
            entity.as_ref().map(|entity| serde_json::from_slice::<OrderExecution>(&entity.state).unwrap());
        let mut effects = Effects::new(order_id, 1_700_000_000_000);
        let stored = self.conductor.handle(state, Input::Message(message), &mut effects).unwrap().unwrap();
        let task = effects
            .messages()
            .first()
            .and_then(|sent| sent.headers.get(command::TASK_HEADER))
            .map(str::to_owned);
        let write = EntityWrite {
            key: order_id.to_owned(),
            expected: entity.map_or(0, |entity| entity.version),
            state: serde_json::to_vec(&stored).unwrap().into(),
            journal: effects.journal_entries().to_vec(),
            ..EntityWrite::default()
        };
        self.orders.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
        task
    }

    async fn replies(&self, order_id: &str, task: &str, reply: &Reply) -> Option<String> {
        let envelope = Envelope { correlation: Some(task.to_owned()), ..Envelope::new(Style::Orchestration) };
        let contract::Encoded { topic, headers, body } = reply.encode(&envelope, "duet/test", 0);
        let message = bus::Message { id: "r".into(), topic, key: order_id.into(), headers, body };
        self.hears(order_id, &message).await
    }

    async fn place(&self, order_id: &str, customer: &str) -> Option<String> {
        let order = Order { customer_id: customer.into(), ..Order::sample(order_id) };
        let envelope = Envelope::new(Style::Orchestration);
        self.hears(order_id, &contract::envelope::placed(&order, &envelope, "duet/test", 0)).await
    }
}

/// All names of a list, page by page.
async fn names(shown: &Shown, status: Option<Status>, limit: usize) -> Vec<String> {
    let (mut names, mut before) = (Vec::new(), None);
    loop {
        let (page, next) = list(shown, HOME, status, before, limit).await.unwrap();
        assert!(page.len() <= limit && (next.is_none() || page.len() == limit), "{next:?} behind {page:?}");
        assert!(page.iter().all(|it| status.is_none_or(|status| it.stored.status() == status)));
        names.extend(page.into_iter().map(|it| it.name));
        match next {
            Some(_) => before = next,
            None => return names,
        }
    }
}

#[tokio::test]
async fn orders_are_listed_latest_first_page_by_page_and_by_status() {
    let world = World::of(order_flow::ORDER).await;
    for n in 0..7 {
        let task = world.place(&format!("o-{n}"), "c-1").await.unwrap();
        if n % 3 == 0 {
            world.replies(&format!("o-{n}"), &task, &Reply::failed(errors::DUPLICATE_ORDER, "taken")).await;
        }
    }
    let shown = world.shown();
    for limit in 1..9 {
        let all = ["o-6", "o-5", "o-4", "o-3", "o-2", "o-1", "o-0"];
        assert_eq!(names(&shown, None, limit).await, all, "{limit}");
        assert_eq!(names(&shown, Some(Status::Failed), limit).await, ["o-6", "o-3", "o-0"], "{limit}");
        assert_eq!(
            names(&shown, Some(Status::Running), limit).await,
            ["o-5", "o-4", "o-2", "o-1"],
            "{limit}"
        );
        assert_eq!(names(&shown, Some(Status::Succeeded), limit).await, [""; 0], "{limit}");
    }
    let (others, _) = list(&shown, "us-east-1/orders", None, None, 10).await.unwrap();
    assert_eq!(others, []);
}

#[tokio::test]
async fn an_order_is_described_with_its_input_its_history_and_its_definition() {
    let world = World::of(SHORT).await;
    world.place("o-1", "c-1").await;
    let (shown, key) = (world.shown(), execution_key(HOME, "o-1"));
    let stored = describe(&shown, &key).await.unwrap().unwrap();
    assert_eq!((stored.status(), stored.started_ms()), (Status::Succeeded, 1_700_000_000_000));
    let given: serde_json::Value =
        serde_json::from_str(&input(&shown, &key, &stored).await.unwrap().unwrap()).unwrap();
    assert_eq!(given["order"]["order_id"], "o-1");
    let wanted = Wanted { behind: None, limit: 2, reverse: false };
    let histories = Histories::default();
    let page = histories.page(&shown, &Catalogue::default(), &key, &stored, wanted).await.unwrap().unwrap();
    let types: Vec<_> = page.events().map(|event| event.to_json("us-east-1")["type"].clone()).collect();
    assert_eq!((types, page.next), (vec!["ExecutionStarted".into(), "SucceedStateEntered".into()], Some(2)));
    assert_eq!(describe(&shown, &execution_key(HOME, "o-2")).await.unwrap(), None);
    let text = registry::machines::definition_text(&shown, stored.definition()).await.unwrap();
    assert_eq!(text.as_deref(), Some(SHORT));
}

#[tokio::test]
async fn an_order_that_took_the_place_of_another_is_shown_from_its_own_beginning() {
    let world = World::of(order_flow::ORDER).await;
    let task = world.place("o-1", "c-1").await.unwrap();
    world.replies("o-1", &task, &Reply::failed(errors::DUPLICATE_ORDER, "taken")).await;
    world.place("o-1", "c-2").await.unwrap();
    let (shown, key) = (world.shown(), execution_key(HOME, "o-1"));
    let stored = describe(&shown, &key).await.unwrap().unwrap();
    assert_eq!(stored.status(), Status::Running);
    let input = input(&shown, &key, &stored).await.unwrap().unwrap();
    assert!(input.contains("\"c-2\"") && !input.contains("\"c-1\""), "{input}");
    assert_eq!(world.orders.journal("o-1", 0, 10).await.unwrap().len(), 3);
    assert_eq!(shown.journal(&key, 0, 10).await.unwrap().len(), 1);
    assert_eq!(shown.journal_tail(&key, 10).await.unwrap(), shown.journal(&key, 0, 10).await.unwrap());
    let wanted = Wanted { behind: None, limit: 100, reverse: true };
    let page = Histories::default().page(&shown, &Catalogue::default(), &key, &stored, wanted).await;
    let page = page.unwrap().unwrap();
    let first = page.events().last().unwrap().to_json("us-east-1");
    assert_eq!(first["type"], "ExecutionStarted");
}

#[tokio::test]
async fn what_is_not_of_orders_comes_from_below() {
    let world = World::of(SHORT).await;
    let key = execution_key("us-east-1/other", "e");
    let write = EntityWrite {
        key: key.clone(),
        state: "{}".into(),
        journal: vec!["j".into()],
        ..EntityWrite::default()
    };
    world.base.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
    world.place("o-1", "c-1").await;
    let shown = world.shown();
    let order = execution_key(HOME, "o-1");
    let found = shown.get_many(&[&key, &order, "none"]).await.unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(found[0], world.base.get(&key).await.unwrap());
    assert_eq!(shown.journal(&key, 0, 9).await.unwrap(), ["j"]);
    assert_eq!(shown.scan(0, 9).await.unwrap(), world.base.scan(0, 9).await.unwrap());
    assert_eq!(shown.stats().await.unwrap().entities, 1);
}
