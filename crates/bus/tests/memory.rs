//! The memory bus's own limits and promises, beyond what every bus must do.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

#[allow(dead_code)]
mod common;

use std::sync::Arc;

use bus::{
    Bus, BusError, Depth, MemoryBus, MemoryOptions, Message, Meter, MeteredBus, Origin, Outcome, Topic,
};
use common::{group, ids, message, messages, publish, settle};
use futures::FutureExt;

#[tokio::test]
async fn the_edge_waits_at_a_quarter_while_participants_go_on_until_the_queue_is_full() {
    let bus = MemoryBus::new(MemoryOptions { capacity: 100, ..MemoryOptions::default() });
    bus.declare(&group("g")).await.unwrap();
    publish(&bus, Origin::Edge, &messages(26)).await.unwrap();

    let refused = publish(&bus, Origin::Edge, &messages(1)).await.unwrap_err();
    assert!(refused.is_retryable());
    assert_eq!(refused.to_string(), "the queue of group g is full (26 messages, 25 at the most)");

    publish(&bus, Origin::Participant, &messages(74)).await.unwrap();
    let refused = publish(&bus, Origin::Participant, &messages(1)).await.unwrap_err();
    assert!(matches!(refused, BusError::Full { ready: 100, limit: 100, .. }), "{refused:?}");

    let consumer = bus.subscribe(&group("g")).await.unwrap();
    let deliveries = consumer.receive(80).await.unwrap();
    publish(&bus, Origin::Edge, &messages(1)).await.unwrap();
    settle(&consumer, &deliveries, Outcome::Done).await.unwrap();
    assert_eq!(bus.depth("g").await.unwrap().unwrap(), Depth { ready: 21, ..Depth::default() });
}

#[tokio::test]
async fn a_call_is_taken_by_all_groups_or_by_none() {
    let bus = MemoryBus::new(MemoryOptions { capacity: 10, ..MemoryOptions::default() });
    bus.declare(&group("drained")).await.unwrap();
    bus.declare(&group("stuck")).await.unwrap();
    publish(&bus, Origin::Participant, &messages(8)).await.unwrap();
    let consumer = bus.subscribe(&group("drained")).await.unwrap();
    settle(&consumer, &consumer.receive(8).await.unwrap(), Outcome::Done).await.unwrap();

    let refused = publish(&bus, Origin::Participant, &messages(3)).await.unwrap_err();
    assert!(matches!(refused, BusError::Full { ref group, .. } if group == "stuck"), "{refused:?}");
    assert_eq!(bus.depth("drained").await.unwrap().unwrap().ready, 0);
    assert_eq!(bus.depth("stuck").await.unwrap().unwrap().ready, 8);
}

#[tokio::test]
async fn what_can_never_fit_is_refused_for_good() {
    let bus = MemoryBus::new(MemoryOptions { capacity: 10, groups_max: 1, ..MemoryOptions::default() });
    bus.declare(&group("g")).await.unwrap();
    let refused = publish(&bus, Origin::Participant, &messages(11)).await.unwrap_err();
    assert!(!refused.is_retryable());
    assert_eq!(refused.to_string(), "more than 10 messages for group g in one call are not allowed");
    let refused = bus.declare(&group("another")).await.unwrap_err();
    assert_eq!(refused.to_string(), "more than 1 groups are not allowed");
    let wordy = message(&"k".repeat(100_000), 1);
    let refused = publish(&bus, Origin::Participant, &[wordy]).await.unwrap_err();
    assert!(matches!(refused, BusError::TooLarge { limit: 65_536, .. }), "{refused:?}");
}

#[tokio::test]
async fn full_dead_letters_refuse_one_more_and_lose_nothing() {
    let bus = MemoryBus::new(MemoryOptions { dead_letters_max: 1, ..MemoryOptions::default() });
    let consumer = bus.subscribe(&group("g")).await.unwrap();
    publish(&bus, Origin::Edge, &messages(3)).await.unwrap();
    let deliveries = consumer.receive(3).await.unwrap();
    let dead = Outcome::DeadLetter { reason: "malformed".into() };
    settle(&consumer, &deliveries[..1], dead.clone()).await.unwrap();

    let outcomes = [dead.clone(), Outcome::Done];
    let settlements = deliveries[1..].iter().zip(outcomes);
    let settlements =
        settlements.map(|(delivery, outcome)| bus::Settlement { token: delivery.token, outcome });
    let refused = consumer.settle(settlements.collect()).await.unwrap_err();
    assert!(matches!(refused, BusError::DeadLettersFull { limit: 1, .. }) && refused.is_retryable());
    assert_eq!(bus.depth("g").await.unwrap().unwrap(), Depth { ready: 0, unsettled: 1, dead: 1 });

    assert!(bus.redrive("g", "0").await.unwrap());
    settle(&consumer, &deliveries[1..2], dead).await.unwrap();
    assert_eq!(bus.depth("g").await.unwrap().unwrap(), Depth { ready: 1, unsettled: 0, dead: 1 });
}

#[tokio::test]
async fn only_retries_run_into_the_delivery_limit() {
    let bus = MemoryBus::new(MemoryOptions { delivery_limit: 3, ..MemoryOptions::default() });
    bus.declare(&group("g")).await.unwrap();
    publish(&bus, Origin::Edge, &messages(1)).await.unwrap();
    for attempt in 1..=9 {
        let crashing = bus.subscribe(&group("g")).await.unwrap();
        assert_eq!(crashing.receive(1).await.unwrap()[0].attempt, attempt);
    }
    let consumer = bus.subscribe(&group("g")).await.unwrap();
    settle(&consumer, &consumer.receive(1).await.unwrap(), Outcome::Retry).await.unwrap();
    let letters = bus.dead_letters("g", 10).await.unwrap();
    assert_eq!((letters[0].reason.as_str(), letters[0].attempts), ("delivery limit", 10));
}

#[tokio::test]
async fn a_joining_consumer_takes_over_what_the_other_had_not_settled() {
    let bus = MemoryBus::default();
    let first = bus.subscribe(&group("g")).await.unwrap();
    publish(&bus, Origin::Edge, &messages(10)).await.unwrap();
    let deliveries = first.receive(10).await.unwrap();

    let second = bus.subscribe(&group("g")).await.unwrap();
    let moved = second.receive(10).await.unwrap();
    assert!(!moved.is_empty() && moved.len() < 10, "about half of the shards move: {:?}", ids(&moved));
    assert!(moved.iter().all(|delivery| delivery.attempt == 2));

    // The first consumer's settlements of what was moved come too late: they neither lose nor double it.
    settle(&first, &deliveries, Outcome::Done).await.unwrap();
    assert_eq!(
        bus.depth("g").await.unwrap().unwrap(),
        Depth { unsettled: moved.len() as u64, ..Depth::default() }
    );
    settle(&first, &deliveries, Outcome::Retry).await.unwrap();
    settle(&second, &moved, Outcome::Done).await.unwrap();
    assert_eq!(bus.depth("g").await.unwrap().unwrap(), Depth::default());
}

#[tokio::test]
async fn one_consumer_receives_in_the_order_of_publication_across_keys() {
    let bus = MemoryBus::default();
    let first = bus.subscribe(&group("g")).await.unwrap();
    let second = bus.subscribe(&group("g")).await.unwrap();
    publish(&bus, Origin::Edge, &messages(50)).await.unwrap();
    first.receive(10).await.unwrap();
    drop(first);
    let received = ids(&second.receive(50).await.unwrap());
    assert_eq!(received, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// Joins, takes, retries and leaves, and says what was delivered.
async fn story() -> Vec<String> {
    let bus = MemoryBus::default();
    let mut told = Vec::new();
    let mut consumers = Vec::new();
    for round in 0..20 {
        consumers.push(bus.subscribe(&group("g")).await.unwrap());
        publish(&bus, Origin::Edge, &messages(100)).await.unwrap();
        for (number, consumer) in consumers.iter().enumerate() {
            // There are ten keys, so some of the consumers have nothing to receive. One poll shows it, unless the
            // task's cooperative budget is used up just then: hence unconstrained.
            let deliveries = tokio::task::coop::unconstrained(consumer.receive(7))
                .now_or_never()
                .transpose()
                .unwrap()
                .unwrap_or_default();
            told.push(format!("{number}: {:?}", ids(&deliveries)));
            let (retried, others) = deliveries.split_at(deliveries.len() / 3);
            settle(consumer, retried, Outcome::Retry).await.unwrap();
            settle(consumer, &others[..others.len() / 2], Outcome::Done).await.unwrap();
        }
        if round % 3 == 2 {
            consumers.remove(round % consumers.len());
        }
    }
    told
}

#[tokio::test]
async fn the_same_calls_give_the_same_deliveries() {
    assert_eq!(story().await, story().await);
}

#[tokio::test]
async fn what_nobody_subscribes_to_is_confirmed_forgotten_and_counted() {
    let bus = MemoryBus::default();
    bus.declare(&group("g")).await.unwrap();
    let unwanted = Message { topic: Topic::new("orders/unheard-of"), ..message("k", 1) };
    publish(&bus, Origin::Edge, &[unwanted, message("k", 2)]).await.unwrap();
    assert_eq!(bus.unrouted(), 1);
    assert_eq!(bus.depth("g").await.unwrap().unwrap().ready, 1);
}

#[tokio::test]
async fn counters_count_messages_deliveries_and_bytes_by_stream() {
    let bus = MeteredBus::new(Arc::new(MemoryBus::default()), Meter::default());
    let consumer = bus.subscribe(&group("g")).await.unwrap();
    let other = Message { topic: Topic::new("payments/captured"), ..message("k", "other") };
    let published = [message("k", "1"), message("k", "2"), other.clone(), message("k", "3")];
    publish(&bus, Origin::Edge, &published).await.unwrap();
    let deliveries = consumer.receive(10).await.unwrap();
    settle(&consumer, &deliveries[..1], Outcome::Retry).await.unwrap();
    settle(&consumer, &deliveries[1..2], Outcome::DeadLetter { reason: "no".into() }).await.unwrap();
    settle(&consumer, &deliveries[2..], Outcome::Done).await.unwrap();
    consumer.receive(10).await.unwrap();

    let counters = bus.layer().counters();
    let orders = counters.streams["orders"];
    let bytes = message("k", "1").bytes() as u64;
    assert_eq!((orders.published, orders.published_bytes), (3, 3 * bytes));
    assert_eq!((orders.deliveries, orders.delivered_bytes, orders.redelivered), (4, 4 * bytes, 1));
    assert_eq!(counters.streams["payments"].published, 1);
    assert_eq!(counters.total().published_bytes, 3 * bytes + other.bytes() as u64);
    assert_eq!((counters.done, counters.retried, counters.dead_lettered), (1, 1, 1));
}
