//! What starts, and how often.

use std::sync::Arc;
use std::time::Duration;

use engine::Fact;
use executions::{Retention, Step, describe, execution_key, first_fact, input};
use participant::{Clock, SystemClock, Weakness};
use registry::rules::{change, find};
use serde_json::{Value, json};
use store::{Millis, StoreError};

use super::world::{
    Server, at_rest, executions, in_memory, machine, machine_arn, message, placed, plain_rule, publish, rule,
};
use crate::triggers::Draft;
use crate::triggers::intake::execution_name;
use crate::triggers::spec::removed;

#[tokio::test]
async fn each_message_that_matches_starts_one_however_often_it_comes() {
    let (bus, store) = in_memory();
    machine(&*store, "m", false).await;
    let pattern = json!({"detail-type": ["placed"], "detail": {"n": [{"numeric": ["<", 50]}]}});
    rule(&*store, json!({"name": "r", "topic": "s/placed", "machine": "m", "pattern": pattern})).await;
    let server = Server::start(&bus, &store);
    server.follows(1).await;
    publish(&*bus, &placed(0..100)).await;
    // Again, in another order; what is of another topic is nobody's.
    publish(&*bus, &placed((0..100).rev())).await;
    publish(&*bus, &[message("m7", "s/other", &json!({"n": 1}))]).await;
    at_rest(&*bus).await;
    server.stop().await;
    // One that starts anew sees them all once more.
    let server = Server::start(&bus, &store);
    server.follows(1).await;
    publish(&*bus, &placed(0..100)).await;
    at_rest(&*bus).await;
    server.stop().await;

    let found = executions(&*store, "m").await;
    let expected: Vec<_> = (0..50).map(|n| execution_name("r", &format!("m{n}"))).collect();
    assert_eq!(found.len(), expected.len());
    assert!(expected.iter().all(|name| found.contains_key(name)), "{found:?}");
    assert_eq!(bus.depth("workflows").await.unwrap().unwrap().dead, 0);
}

#[tokio::test]
async fn an_execution_begins_with_what_its_rule_makes_of_the_message() {
    let (bus, store) = in_memory();
    machine(&*store, "m", false).await;
    let template = json!({"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": "{\"order\": <n>, \"rule\": <aws.events.rule-arn>}"});
    for (name, shape) in [
        ("event", json!({})),
        ("constant", json!({"input": {"a": 1.50}})),
        ("path", json!({"input_path": "$.detail"})),
        ("template", json!({"transformer": template})),
    ] {
        let mut written = json!({"name": name, "topic": "s/placed", "machine": machine_arn("m")});
        written.as_object_mut().unwrap().extend(shape.as_object().unwrap().clone());
        rule(&*store, written).await;
    }
    let server = Server::start(&bus, &store);
    server.follows(4).await;
    publish(&*bus, &placed([7])).await;
    at_rest(&*bus).await;
    for (rule, expected) in [
        ("constant", json!({"a": 1.50})),
        ("path", json!({"n": 7})),
        ("template", json!({"order": 7, "rule": "arn:aws:events:us-east-1:123456789012:rule/template"})),
    ] {
        assert_eq!(input_of(&*store, rule).await.to_string(), expected.to_string(), "{rule}");
    }
    let event = input_of(&*store, "event").await;
    assert_eq!(
        (&event["id"], &event["detail"], &event["source"]),
        (&json!("m7"), &json!({"n": 7}), &json!("s"))
    );
    server.stop().await;
}

/// What the execution that the rule started for `m7` began with.
async fn input_of(store: &dyn store::Store, rule: &str) -> Value {
    let key = execution_key("us-east-1/m", &execution_name(rule, "m7"));
    let stored = describe(store.reader(), &key).await.unwrap().unwrap();
    let text = input(store.reader(), &key, &stored).await.unwrap().unwrap();
    let Some(Fact::Started { input, .. }) = first_fact(store.reader(), &key).await.unwrap() else {
        panic!("{rule}")
    };
    assert_eq!(input.to_string(), text, "the execution has what it is said to have");
    input
}

struct Later;

impl Clock for Later {
    fn now(&self) -> Millis {
        SystemClock.now() + 600_000
    }
}

#[tokio::test]
async fn an_express_execution_that_leaves_nothing_behind_starts_once_too() {
    let (bus, store) = in_memory();
    machine(&*store, "x", true).await;
    plain_rule(&*store, "r", "x").await;
    for life in 0..3 {
        let server = Server::start(&bus, &store);
        server.follows(1).await;
        publish(&*bus, &placed(0..20)).await;
        at_rest(&*bus).await;
        if life == 1 { server.crash().await } else { server.stop().await }
    }
    let found = executions(&*store, "x").await;
    assert_eq!(found.len(), 20);
    assert!(found.values().all(|version| *version == 1), "each was written once: {found:?}");
    // What is left of them goes with all others that ended then.
    let keep = Duration::from_secs(60);
    for (clock, left) in [(Arc::new(SystemClock) as Arc<dyn Clock>, 20), (Arc::new(Later), 0)] {
        let retention = Retention::new(Arc::clone(&store), clock, keep);
        while retention.step().await.unwrap() != Step::Idle {}
        assert_eq!(executions(&*store, "x").await.len(), left);
    }
}

#[tokio::test]
async fn rules_come_and_go_while_messages_do() {
    let (bus, store) = in_memory();
    machine(&*store, "m", false).await;
    let server = Server::start(&bus, &store);
    server.follows(0).await;
    assert_eq!(bus.depth("workflows").await.unwrap(), None, "nobody wants anything");
    publish(&*bus, &placed([0])).await;
    server.follows(plain_rule(&*store, "r", "m").await).await;
    publish(&*bus, &placed([1])).await;
    // A further topic, in the middle of work.
    let other = json!({"name": "other", "topic": "t/else", "machine": "m"});
    let revision = rule(&*store, other.clone()).await;
    server.follows(revision).await;
    publish(&*bus, &[message("m2", "t/else", &json!({})), message("m3", "s/placed", &json!({}))]).await;
    at_rest(&*bus).await;
    // Switched off, and gone: what comes is nobody's.
    let mut off = other;
    off["enabled"] = json!(false);
    rule(&*store, off).await;
    let gone = find(store.reader(), "r").await.unwrap().unwrap();
    let put =
        |_, _| Ok::<_, StoreError>(registry::machines::Change::Put(Box::new(removed(gone.clone(), 2)), ()));
    let ((), revision) = change(&*store, "r", put).await.unwrap();
    server.follows(revision).await;
    publish(&*bus, &[message("m4", "t/else", &json!({})), message("m5", "s/placed", &json!({}))]).await;
    at_rest(&*bus).await;
    server.stop().await;
    let mut found: Vec<_> = executions(&*store, "m").await.into_keys().collect();
    let mut expected =
        vec![execution_name("r", "m1"), execution_name("other", "m2"), execution_name("r", "m3")];
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_rules_of_a_file_are_there_before_anything_is_received() {
    let (bus, store) = in_memory();
    machine(&*store, "m", false).await;
    let written = json!({"name": "r", "topic": "s/placed", "machine": "m"});
    let rules = vec![Draft::read(None, &written, &actions::Scope::default()).unwrap()];
    let server = Server::with(&bus, &store, rules, None);
    server.follows(1).await;
    publish(&*bus, &placed([1])).await;
    at_rest(&*bus).await;
    server.stop().await;
    assert_eq!(executions(&*store, "m").await.len(), 1);
}

#[tokio::test]
async fn without_an_inbox_these_tests_would_notice() {
    let (bus, store) = in_memory();
    machine(&*store, "x", true).await;
    plain_rule(&*store, "r", "x").await;
    let server = Server::with(&bus, &store, Vec::new(), Some(Weakness::NoInbox));
    server.follows(1).await;
    for _ in 0..2 {
        publish(&*bus, &placed([1])).await;
        at_rest(&*bus).await;
    }
    server.stop().await;
    let found = executions(&*store, "x").await;
    assert!(found.values().all(|version| *version == 2), "{found:?}");
}
