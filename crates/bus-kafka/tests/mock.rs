//! The conformance suite on librdkafka's mock cluster, so that a machine without Kafka exercises the adapter too.
//!
//! The mock cluster knows no administrative requests: topics are made when they are first named, with four partitions,
//! and nothing is deleted. Whoever joins a group there waits three seconds, so the properties run side by side, in one
//! test.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

mod common;

use bus::suite;
use tokio::task::JoinSet;

macro_rules! properties {
    ($($property:ident)*) => {{
        let mut running = JoinSet::new();
        $(
            running.spawn(async {
                // A task of its own, so that a panic can be told by name.
                let held = tokio::spawn(async { suite::$property(bus().await).await }).await;
                (stringify!($property), held)
            });
        )*
        running
    }};
}

async fn bus() -> std::sync::Arc<dyn bus::Bus> {
    // A session must outlast the mock cluster's wait for members.
    common::bus_at(&format!("kafka://{}?topics=existing&session_timeout_ms=4000", common::mock())).await
}

/// All properties but one: `joining_and_leaving_under_load_loses_nothing` makes some twenty rebalances, each of which
/// waits for three seconds here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_adapter_conforms_on_a_mock_cluster() {
    let mut running = properties! {
        every_attribute_arrives_byte_for_byte
        unicode_keys_and_headers_arrive
        every_group_gets_every_message
        a_declared_group_keeps_messages_until_it_is_consumed
        only_subscribed_topics_are_delivered
        declaring_again_replaces_the_topics
        publishing_nothing_is_fine
        too_large_messages_are_refused_and_their_neighbours_are_not
        depth_follows_what_happens
        one_key_keeps_its_order
        consumers_of_a_group_share_its_messages
        order_is_kept_across_two_consumers
        unsettled_is_redelivered_when_its_consumer_leaves
        settled_does_not_come_again
        settling_twice_is_harmless
        retry_delivers_again
        retry_leaves_the_others_alone
        the_delivery_limit_ends_retries
        a_dead_letter_keeps_message_reason_and_origin
        a_redriven_dead_letter_is_delivered_again
        unsettled_max_is_respected
        receive_is_cancel_safe
        concurrent_publishers_lose_and_double_nothing
    };
    let mut failed = Vec::new();
    while let Some(ended) = running.join_next().await {
        let (property, held) = ended.unwrap();
        if held.is_err() {
            failed.push(property);
        }
    }
    assert!(failed.is_empty(), "these do not hold: {failed:?}");
}
