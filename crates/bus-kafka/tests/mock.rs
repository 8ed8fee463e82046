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
    // Of those that rebalance all the time each would take a minute here: every rebalance waits for three seconds.
    ($($property:ident)*; rebalancing: $($left_out:ident)*) => {{
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

/// All properties but those that are nothing but rebalances.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_adapter_conforms_on_a_mock_cluster() {
    let mut running = bus::bus_properties! { [properties] };
    let mut failed = Vec::new();
    while let Some(ended) = running.join_next().await {
        let (property, held) = ended.unwrap();
        if held.is_err() {
            failed.push(property);
        }
    }
    assert!(failed.is_empty(), "these do not hold: {failed:?}");
}
