//! The conformance suite against a real RabbitMQ.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use bus_rabbitmq::{RabbitBus, RabbitOptions};

async fn rabbit_bus() -> Option<Arc<dyn Bus>> {
    let url = testbed::RABBITMQ.for_test()?;
    let mut options = RabbitOptions::parse(&url).expect("a URL of RabbitMQ");
    // The suite's groups and topics have names of their own, so its tests can share a namespace.
    options.namespace = "conformance".to_owned();
    options.expires = Some(Duration::from_secs(60));
    Some(Arc::new(RabbitBus::connect(options).await.expect("connected")))
}

bus::bus_conformance!(rabbit_bus);
