//! From an address to a bus or a store: the only place that names concrete ones.

use std::sync::Arc;
use std::time::Duration;

use bus::remote::RemoteOptions;
use bus::{Bus, MemoryBus, MemoryOptions};
use store::Store;
use store::memory::MemoryStore;
use store::sqlite::{SqliteOptions, SqliteStore};

use crate::waiting::Connecting;
use crate::{BusAddress, HostError, StoreAddress, WaitingBus};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The bus at that address. One that cannot be reached yet is waited for behind the scenes: until it answers, its
/// calls fail with [`bus::BusError::Unavailable`]. Needs a runtime.
#[must_use]
pub fn bus(address: &BusAddress) -> Arc<dyn Bus> {
    match address {
        BusAddress::Memory => Arc::new(MemoryBus::new(MemoryOptions::default())),
        BusAddress::Tcp { host, port } => {
            let target = format!("{host}:{port}");
            // Short, so that a bus that is down is soon told of; it is tried again and again.
            let options = RemoteOptions { connect_timeout: CONNECT_TIMEOUT, ..RemoteOptions::default() };
            let connect: Connecting = Box::new(move || {
                let target = target.clone();
                Box::pin(async move {
                    let bus = bus::remote::RemoteBus::connect(target, options).await?;
                    Ok(Arc::new(bus) as Arc<dyn Bus>)
                })
            });
            Arc::new(WaitingBus::new(address.to_string(), connect))
        }
    }
}

/// Opens the store at that address.
///
/// # Errors
/// [`HostError::Store`] says what stands against it and, where that is known, what to do.
pub fn store(address: &StoreAddress) -> Result<Arc<dyn Store>, HostError> {
    match address {
        StoreAddress::Memory => Ok(Arc::new(MemoryStore::new())),
        StoreAddress::Sqlite(path) => match SqliteStore::open(path, SqliteOptions::default()) {
            Ok(store) => Ok(Arc::new(store)),
            Err(source) => Err(HostError::Store { path: path.clone(), source }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_cannot_be_opened_names_the_flag_and_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let address = StoreAddress::Sqlite(folder.path().join("missing").join("orders.db"));
        let Err(error) = store(&address) else { panic!("opened a store in a folder that does not exist") };
        let told = telemetry::chain(&error);
        assert!(
            told.starts_with(&format!("the store --store {address} cannot be opened: caused by ")),
            "{told}"
        );
        assert!(told.contains("does not exist"), "{told}");
    }
}
