//! The conformance suite on every bus of this crate.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

use std::sync::Arc;

use bus::{Bus, MemoryBus, Meter, MeteredBus, RemoteBus, RemoteOptions};

/// A server for a memory bus on a free port, as long as the test's runtime lives, and a client of it.
async fn remote_bus() -> Arc<dyn Bus> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(bus::remote::serve(listener, Arc::new(MemoryBus::default()), std::future::pending()));
    Arc::new(RemoteBus::connect(address, RemoteOptions::default()).await.unwrap())
}

mod memory {
    use super::*;

    async fn memory_bus() -> Arc<dyn Bus> {
        Arc::new(MemoryBus::default())
    }

    bus::bus_conformance!(memory_bus);
}

mod remote {
    use super::*;

    bus::bus_conformance!(remote_bus);
}

mod metered {
    use super::*;

    async fn metered_bus() -> Arc<dyn Bus> {
        Arc::new(MeteredBus::new(Arc::new(MemoryBus::default()), Meter::default()))
    }

    bus::bus_conformance!(metered_bus);
}
