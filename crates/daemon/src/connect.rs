//! From an address to a bus or a store: the only place that names concrete ones.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bus::remote::{RemoteBus, RemoteOptions};
use bus::{Bus, BusError, Limit, Load, MemoryBus, MemoryOptions, Message, Subscription};
use bus_kafka::{KafkaBus, KafkaOptions};
use bus_rabbitmq::{RabbitBus, RabbitOptions, Route};
use participant::Backoff;
use store::memory::MemoryStore;
use store::postgres::{PostgresReader, PostgresStore};
use store::sqlite::{SqliteOptions, SqliteReader, SqliteStore};
use store::{Read, Store, StoreError};
use tokio::time::{Instant, sleep, timeout};

use traces::{Destination, FindDestination, KeyValue, Messaging};

use crate::{BusAddress, DaemonError, StoreAddress, WaitingBus};

/// Short, so that a bus that is down is soon told of; it is tried again and again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const BACKOFF_BASE: Duration = Duration::from_millis(50);
const BACKOFF_CAP: Duration = Duration::from_secs(1);

/// The bus at that address. One that cannot be reached yet is waited for behind the scenes: until it answers, its
/// calls fail with [`bus::BusError::Unavailable`]. Needs a runtime.
#[must_use]
pub fn bus(address: &BusAddress) -> Arc<dyn Bus> {
    if matches!(address, BusAddress::Memory) {
        return Arc::new(MemoryBus::new(MemoryOptions::default()));
    }
    waiting(address, &[])
}

/// Like [`bus()`], with every group of the system declared before anything else is done with it: whoever publishes first,
/// nothing is published past a group whose service has never run yet.
#[must_use]
pub fn system_bus(address: &BusAddress) -> Arc<dyn Bus> {
    waiting(address, &contract::groups::all())
}

/// A bus that is connected to behind the scenes, and of use once these groups are declared.
fn waiting(address: &BusAddress, groups: &[Subscription]) -> Arc<dyn Bus> {
    let target = Arc::new((address.clone(), groups.to_vec()));
    let connect = Box::new(move || {
        let target = Arc::clone(&target);
        Box::pin(async move {
            let (address, groups) = &*target;
            let bus = attempt(address).await?;
            for group in groups {
                bus.declare(group).await?;
            }
            Ok(bus)
        }) as _
    });
    Arc::new(WaitingBus::new(address.to_string(), connect))
}

/// The bus at that address, connected; tries for at most about `patience`.
///
/// # Errors
/// The last attempt's error.
pub async fn bus_now(address: &BusAddress, patience: Duration) -> Result<Arc<dyn Bus>, BusError> {
    let deadline = Instant::now() + patience;
    let mut backoff = Backoff::new(BACKOFF_BASE, BACKOFF_CAP, u64::from(std::process::id()));
    loop {
        let error = match attempt(address).await {
            Ok(bus) => return Ok(bus),
            Err(error) => error,
        };
        let delay = backoff.next_delay();
        if !error.is_retryable() || Instant::now() + delay >= deadline {
            return Err(error);
        }
        sleep(delay).await;
    }
}

async fn attempt(address: &BusAddress) -> Result<Arc<dyn Bus>, BusError> {
    Ok(match address {
        BusAddress::Memory => Arc::new(MemoryBus::new(MemoryOptions::default())),
        BusAddress::Tcp { host, port } => {
            let options = RemoteOptions { connect_timeout: CONNECT_TIMEOUT, ..RemoteOptions::default() };
            Arc::new(RemoteBus::connect(format!("{host}:{port}"), options).await?)
        }
        BusAddress::Rabbitmq(options) => Arc::new(RabbitBus::connect((**options).clone()).await?),
        BusAddress::Kafka(options) => Arc::new(KafkaBus::connect((**options).clone()).await?),
    })
}

/// What traces say about the bus at that address, in the words of OpenTelemetry's semantic conventions.
#[must_use]
pub fn messaging(address: &BusAddress) -> Messaging {
    let (system, server, destination): (_, _, Arc<FindDestination>) = match address {
        BusAddress::Memory => ("duet_memory", None, Arc::new(topic_alone)),
        BusAddress::Tcp { host, port } => ("duet_memory", Some((host.clone(), *port)), Arc::new(topic_alone)),
        BusAddress::Rabbitmq(options) => {
            let (host, port) = options.server();
            let (server, options) = ((host.to_owned(), port), options.clone());
            ("rabbitmq", Some(server), Arc::new(move |message, group| on_rabbitmq(&options, message, group)))
        }
        BusAddress::Kafka(options) => {
            let server = options.server().map(|(host, port)| (host.to_owned(), port));
            let options = options.clone();
            ("kafka", server, Arc::new(move |message, _| on_kafka(&options, message)))
        }
    };
    Messaging { system, server, destination }
}

fn topic_alone(message: &Message, _: Option<&str>) -> Destination {
    Destination { name: message.topic.to_string(), attributes: Vec::new() }
}

fn on_rabbitmq(options: &RabbitOptions, message: &Message, group: Option<&str>) -> Destination {
    let Route { exchange, routing_key, queue } = options.route(&message.topic, &message.key, group);
    let name = match queue {
        Some(queue) => format!("{exchange}:{routing_key}:{queue}"),
        None => format!("{exchange}:{routing_key}"),
    };
    let attributes = vec![KeyValue::new("messaging.rabbitmq.destination.routing_key", routing_key)];
    Destination { name, attributes }
}

fn on_kafka(options: &KafkaOptions, message: &Message) -> Destination {
    let attributes = vec![KeyValue::new("messaging.kafka.message.key", message.key.clone())];
    Destination { name: options.topic(&message.topic), attributes }
}

/// What the broker at that address gives at best to a bare producer and consumer; `None` for a bus that is no broker.
/// Counts the messages in `counted` meanwhile.
///
/// # Errors
/// The broker cannot be reached or used.
pub async fn limit(
    address: &BusAddress,
    load: &Load,
    counted: Arc<AtomicU64>,
) -> Result<Option<Limit>, BusError> {
    match address {
        BusAddress::Memory | BusAddress::Tcp { .. } => Ok(None),
        BusAddress::Rabbitmq(options) => bus_rabbitmq::limit(options, load, &counted).await.map(Some),
        BusAddress::Kafka(options) => bus_kafka::limit(options, load, counted).await.map(Some),
    }
}

/// Opens the store at that address. A database that cannot be reached yet is connected to behind the scenes: until
/// it answers, the store's calls fail with a retryable error. Needs a runtime.
///
/// # Errors
/// [`DaemonError::Store`] says what stands against it and, where that is known, what to do.
pub fn store(address: &StoreAddress) -> Result<Arc<dyn Store>, DaemonError> {
    match address {
        StoreAddress::Memory => Ok(Arc::new(MemoryStore::new())),
        StoreAddress::Sqlite { path, durability } => {
            let options = SqliteOptions { durability: *durability, ..SqliteOptions::default() };
            match SqliteStore::open(path, options) {
                Ok(store) => Ok(Arc::new(store)),
                Err(source) => Err(cannot_open(address, source)),
            }
        }
        StoreAddress::Postgres(options) => Ok(Arc::new(PostgresStore::open((**options).clone()))),
    }
}

/// Opens the store at that address and waits until it answers, at most about `patience`.
///
/// # Errors
/// [`DaemonError::Store`]: what stood against it last.
pub async fn store_now(address: &StoreAddress, patience: Duration) -> Result<Arc<dyn Store>, DaemonError> {
    let StoreAddress::Postgres(options) = address else { return store(address) };
    let store = PostgresStore::open((**options).clone());
    let deadline = Instant::now() + patience;
    let mut backoff = Backoff::new(BACKOFF_BASE, BACKOFF_CAP, u64::from(std::process::id()));
    loop {
        let ready = timeout(patience, store.ready()).await;
        let error = match ready {
            Ok(Ok(())) => return Ok(Arc::new(store)),
            Ok(Err(error)) => error,
            Err(_) => StoreError::Unavailable {
                reason: format!("no answer for {} s", patience.as_secs()),
                source: None,
            },
        };
        let delay = backoff.next_delay();
        if !error.is_retryable() || Instant::now() + delay >= deadline {
            return Err(cannot_open(address, error));
        }
        sleep(delay).await;
    }
}

/// Opens what a service stored, for reading alone, whether the service runs or not. Needs a runtime.
///
/// # Errors
/// [`DaemonError::Store`]: there is nothing to read, or it cannot be read.
pub fn reader(address: &StoreAddress) -> Result<Arc<dyn Read>, DaemonError> {
    match address {
        StoreAddress::Memory => Ok(Arc::new(MemoryStore::new())),
        StoreAddress::Sqlite { path, .. } => match SqliteReader::open_read_only(path) {
            Ok(reader) => Ok(Arc::new(reader)),
            Err(source) => Err(cannot_open(address, source)),
        },
        StoreAddress::Postgres(options) => Ok(Arc::new(PostgresReader::open((**options).clone()))),
    }
}

/// Deletes the store's schema, with everything in it: the end of a run that had one of its own. Only for PostgreSQL;
/// other stores are files or nothing.
///
/// # Errors
/// [`DaemonError::Store`]: it could not be deleted.
pub async fn drop_schema(address: &StoreAddress) -> Result<(), DaemonError> {
    let StoreAddress::Postgres(options) = address else { return Ok(()) };
    store::postgres::drop_schema(options).await.map_err(|source| cannot_open(address, source))
}

fn cannot_open(address: &StoreAddress, source: StoreError) -> DaemonError {
    DaemonError::Store { address: address.to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_cannot_be_opened_names_the_flag_and_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let address = StoreAddress::sqlite(folder.path().join("missing").join("orders.db"));
        let Err(error) = store(&address) else { panic!("opened a store in a folder that does not exist") };
        let told = telemetry::chain(&error);
        assert!(told.starts_with(&format!("the store {address} cannot be opened: caused by ")), "{told}");
        assert!(told.contains("does not exist"), "{told}");
    }
}
