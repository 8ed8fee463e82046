//! Members of a group that come, go and die.

mod common;

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Message, Outcome};
use common::{
    Log, PATIENCE, connect, ids, message, options, publish, publisher, receive, settle, subscription, until,
};
use tokio::time::{Instant, timeout};

/// While others come and go in order, each message is received once, and each key's in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_come_and_go_in_order_double_nothing() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let options = options(&url);
    let bus = connect(&options).await;
    let log = Log::default();
    let staying = log.collect(0, bus.subscribe(&subscription("g")).await.unwrap());
    let publisher = publisher(&bus).await;
    let mut published = 0;
    for number in 1..=3 {
        // Each member is a program of its own, as far as the broker can see.
        let other = connect(&options).await;
        let guest = log.collect(number, other.subscribe(&subscription("g")).await.unwrap());
        until("the guest has its share", async || {
            let messages: Vec<Message> = (published..published + 20).map(|n| message(n, 101)).collect();
            publish(&publisher, &messages).await;
            published += 20;
            log.by_member().get(&number).is_some_and(|count| *count > 50)
        })
        .await;
        until("all have come", async || log.different() == published).await;
        guest.abort();
        let _ = guest.await;
    }
    until("all have come", async || log.different() == published).await;
    log.assert_in_order();
    assert_eq!(log.len(), published, "nothing came twice");
    staying.abort();
    bus.remove(&["g"]).await.unwrap();
}

/// A member whose process dies is replaced by whoever stands in line behind it, not only once it is missed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_member_is_replaced_at_once() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let options = options(&url);
    let bus = connect(&options).await;
    let survivor = bus.subscribe(&subscription("g")).await.unwrap();
    let publisher = publisher(&bus).await;
    let log = Log::default();
    let staying = log.collect(0, Arc::clone(&survivor));

    // A runtime of its own stands for a process: its connections end with it.
    let victim = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (log_of_victim, options_of_victim) = (log.clone(), options.clone());
    victim.spawn(async move {
        let bus = connect(&options_of_victim).await;
        let consumer = bus.subscribe(&subscription("g")).await.unwrap();
        let _ = log_of_victim.collect(1, consumer).await;
    });
    let mut published = 0;
    until("both have work", async || {
        let messages: Vec<Message> = (published..published + 20).map(|n| message(n, 101)).collect();
        publish(&publisher, &messages).await;
        published += 20;
        log.by_member().get(&1).is_some_and(|count| *count > 50)
    })
    .await;
    until("all have come", async || log.different() == published).await;
    let epoch = survivor.epoch();

    tokio::task::spawn_blocking(move || victim.shutdown_timeout(Duration::ZERO)).await.unwrap();
    let died = Instant::now();
    let messages: Vec<Message> = (published..published + 200).map(|n| message(n, 101)).collect();
    publish(&publisher, &messages).await;
    until("the survivor has everything", async || log.different() == published + 200).await;
    assert!(died.elapsed() < Duration::from_secs(5), "{:?}: only once it was missed", died.elapsed());
    assert!(survivor.epoch() > epoch, "the survivor was given keys that another had");
    log.assert_in_order();
    staying.abort();
    bus.remove(&["g"]).await.unwrap();
}

/// A member that only subscribed takes nothing away from the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_does_not_receive_holds_nothing_up() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let bus = connect(&options(&url)).await;
    let publisher = publisher(&bus).await;
    let working = bus.subscribe(&subscription("g")).await.unwrap();
    let _idle = bus.subscribe(&subscription("g")).await.unwrap();
    let messages: Vec<Message> = (0..100).map(|n| message(n, 100)).collect();
    publish(&publisher, &messages).await;
    let deliveries = receive(&working, 100).await;
    settle(&working, &deliveries, Outcome::Done).await.unwrap();
    bus.remove(&["g"]).await.unwrap();
}

/// What a member that joins later must get is kept from it until the former owner has settled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_is_handed_over_when_what_was_handed_out_is_settled() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let bus = connect(&options(&url)).await;
    let publisher = publisher(&bus).await;
    let first = bus.subscribe(&subscription("g")).await.unwrap();
    let messages: Vec<Message> = (0..100).map(|n| message(n, 100)).collect();
    publish(&publisher, &messages).await;
    let held = receive(&first, 100).await;
    let second = bus.subscribe(&subscription("g")).await.unwrap();
    let messages: Vec<Message> = (100..200).map(|n| message(n, 100)).collect();
    // Makes it a member.
    assert!(timeout(Duration::from_millis(300), second.receive(1)).await.is_err());
    publish(&publisher, &messages).await;
    assert!(
        timeout(Duration::from_millis(300), second.receive(1)).await.is_err(),
        "the first one holds all keys"
    );
    settle(&first, &held, Outcome::Done).await.unwrap();
    let taken_over = timeout(PATIENCE, second.receive(100)).await.unwrap().unwrap();
    assert!(taken_over.iter().all(|delivery| delivery.message.id.parse::<usize>().unwrap() >= 100));
    assert!(second.epoch() > 0);
    bus.remove(&["g"]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_within_a_shard_survives_a_member_that_dies_with_many_deliveries() {
    let Some(url) = testbed::RABBITMQ.for_test() else { return };
    let options = options(&url);
    let bus = connect(&options).await;
    let publisher = publisher(&bus).await;
    let messages: Vec<Message> = (0..300).map(|n| message(n, 1)).collect();
    bus.declare(&subscription("g")).await.unwrap();
    publish(&publisher, &messages).await;
    let other = connect(&options).await;
    let dying = other.subscribe(&subscription("g")).await.unwrap();
    let held = receive(&dying, 200).await;
    settle(&dying, &held[..50], Outcome::Done).await.unwrap();
    settle(&dying, &held[60..61], Outcome::Done).await.unwrap();
    drop((dying, other));
    let heir = bus.subscribe(&subscription("g")).await.unwrap();
    let rest = receive(&heir, 249).await;
    let expected: Vec<String> = (50..300).filter(|n| *n != 60).map(|n: usize| n.to_string()).collect();
    assert_eq!(ids(&rest), expected);
    bus.remove(&["g"]).await.unwrap();
}
