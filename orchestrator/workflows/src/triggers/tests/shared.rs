//! Two instances on one PostgreSQL and one bus share the messages; one of them dies.

use std::sync::Arc;

use store::Store;
use store::postgres::{PostgresOptions, PostgresStore, drop_schema};

use super::world::{Server, at_rest, executions, in_memory, machine, placed, plain_rule, publish, rule};

const MESSAGES: usize = 60;

async fn open(options: &PostgresOptions) -> Arc<dyn Store> {
    let store = PostgresStore::open(options.clone());
    store.ready().await.unwrap();
    Arc::new(store)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_start_one_for_each_message() {
    let Some(url) = testbed::POSTGRES.for_test() else { return };
    let mut options = PostgresOptions::parse(&url).unwrap();
    options.schema = Some(format!("t{}_triggers", std::process::id()));
    let shared = tokio::spawn(share(options.clone())).await;
    drop_schema(&options).await.unwrap();
    shared.unwrap();
}

async fn share(options: PostgresOptions) {
    let (bus, _) = in_memory();
    let (first, second) = (open(&options).await, open(&options).await);
    machine(&*first, "m", false).await;
    machine(&*first, "x", true).await;
    plain_rule(&*first, "standard", "m").await;
    plain_rule(&*first, "express", "x").await;
    let (one, other) = (Server::start(&bus, &first), Server::start(&bus, &second));
    one.follows(2).await;
    other.follows(2).await;
    publish(&*bus, &placed(0..MESSAGES)).await;
    publish(&*bus, &placed(0..MESSAGES)).await;
    one.crash().await;
    // A rule that one instance has made holds for the other, too.
    let topic = serde_json::json!({"name": "more", "topic": "t/more", "machine": "m"});
    let revision = rule(&*first, topic).await;
    other.standing.until(revision, super::world::PATIENCE).await.unwrap();
    publish(&*bus, &placed(MESSAGES..2 * MESSAGES)).await;
    at_rest(&*bus).await;
    for machine in ["m", "x"] {
        let found = executions(&*second, machine).await;
        assert_eq!(found.len(), 2 * MESSAGES, "{machine}");
        assert!(found.values().all(|version| *version == 1), "{machine} was begun again");
    }
    other.stop().await;
}
