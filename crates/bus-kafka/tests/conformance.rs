//! The conformance suite on a real Kafka, where one answers.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

mod common;

use std::sync::Arc;

use bus::Bus;

async fn bus() -> Option<Arc<dyn Bus>> {
    Some(common::bus_at(&testbed::KAFKA.for_test()?).await)
}

bus::bus_conformance!(bus);
