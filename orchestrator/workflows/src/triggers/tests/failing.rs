//! What cannot start anything, and what comes in between.

use bus::{Headers, Message, Topic};
use engine::quotas::PAYLOAD_BYTES_MAX;
use serde_json::json;

use super::world::{
    GROUP, Server, at_rest, executions, in_memory, machine, message, placed, plain_rule, publish, rule,
};

#[tokio::test]
async fn what_cannot_start_anything_is_a_dead_letter_that_says_why() {
    let (bus, store) = in_memory();
    machine(&*store, "m", false).await;
    plain_rule(&*store, "gone", "nowhere").await;
    rule(&*store, json!({"name": "long", "topic": "s/long", "machine": "m"})).await;
    rule(&*store, json!({"name": "path", "topic": "s/path", "machine": "m", "input_path": "$.detail.a"}))
        .await;
    rule(&*store, json!({"name": "deep", "topic": "s/deep", "machine": "m"})).await;
    rule(&*store, json!({"name": "alias", "topic": "s/alias", "machine": "m:live"})).await;
    let server = Server::start(&bus, &store);
    server.follows(5).await;
    // As a message it is short enough.
    let long = json!("x".repeat(PAYLOAD_BYTES_MAX - 100));
    let deep = format!("{}{}", "[".repeat(110), "]".repeat(110));
    let raw = |id: &str, topic: &'static str, body: &str| Message {
        id: id.to_owned(),
        topic: Topic::new(topic),
        key: "k".to_owned(),
        headers: Headers::default(),
        body: body.to_owned().into(),
    };
    publish(&*bus, &placed([1])).await;
    publish(&*bus, &[message("m2", "s/long", &long), message("m3", "s/path", &json!({}))]).await;
    publish(&*bus, &[raw("m4", "s/deep", &deep), raw("m5", "s/deep", "no JSON"), raw("m6", "s/alias", "{}")])
        .await;
    // A neighbour is none the worse for it.
    publish(&*bus, &[message("m7", "s/deep", &json!(1))]).await;
    at_rest(&*bus).await;
    let mut letters: Vec<_> =
        bus.dead_letters(GROUP, 10).await.unwrap().into_iter().map(|it| (it.message.id, it.reason)).collect();
    letters.sort();
    let [one, two, three, four, five, six] = &letters[..] else { panic!("{letters:?}") };
    let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:";
    assert_eq!(one.1, format!("rule gone: State Machine Does Not Exist: '{arn}nowhere'"));
    assert!(two.1.starts_with("rule long: the input has 262"), "{}", two.1);
    assert_eq!(three.1, "rule path: the event has nothing at $.detail.a");
    assert_eq!(four.1, "the input is nested more than 100 levels deep");
    assert!(five.1.starts_with("its body is no JSON"), "{}", five.1);
    assert_eq!(six.1, format!("rule alias: State Machine Does Not Exist: '{arn}m:live'"));
    assert_eq!(executions(&*store, "m").await.len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_message_of_two_rules_is_dead_until_both_can_start_and_starts_each_once() {
    let (bus, store) = in_memory();
    machine(&*store, "m", false).await;
    plain_rule(&*store, "one", "m").await;
    plain_rule(&*store, "two", "later").await;
    let server = Server::start(&bus, &store);
    server.follows(2).await;
    publish(&*bus, &placed(0..5)).await;
    at_rest(&*bus).await;
    let letters = bus.dead_letters(GROUP, 10).await.unwrap();
    assert_eq!(letters.len(), 5);
    assert!(letters.iter().all(|letter| letter.reason.starts_with("rule two: ")), "{letters:?}");
    assert_eq!(executions(&*store, "m").await.len(), 5);
    machine(&*store, "later", false).await;
    for letter in letters {
        assert!(bus.redrive(GROUP, &letter.message.id).await.unwrap());
    }
    at_rest(&*bus).await;
    server.stop().await;
    for machine in ["m", "later"] {
        let found = executions(&*store, machine).await;
        assert_eq!(found.len(), 5, "{machine}");
        // Told again, it is known: nothing is written for it.
        assert!(found.values().all(|version| *version == 1), "{machine}: {found:?}");
    }
    assert_eq!(bus.depth(GROUP).await.unwrap().unwrap().dead, 0);
}

#[tokio::test]
async fn whatever_crashes_in_between_each_message_starts_one() {
    let (bus, store) = in_memory();
    machine(&*store, "m", false).await;
    machine(&*store, "x", true).await;
    plain_rule(&*store, "standard", "m").await;
    plain_rule(&*store, "express", "x").await;
    for life in 0..12_usize {
        let server = Server::start(&bus, &store);
        server.follows(2).await;
        publish(&*bus, &placed(life * 20..(life + 1) * 20)).await;
        // At another point of its work each time: some messages are decided by then, some committed, some settled.
        for _ in 0..life * 3 {
            tokio::task::yield_now().await;
        }
        server.crash().await;
    }
    let server = Server::start(&bus, &store);
    at_rest(&*bus).await;
    server.stop().await;
    for machine in ["m", "x"] {
        let found = executions(&*store, machine).await;
        assert_eq!(found.len(), 240, "{machine}");
        assert!(found.values().all(|version| *version == 1), "{machine}: {found:?}");
    }
}
