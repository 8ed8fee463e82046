//! Publishing: one producer for the whole bus, and a latch for each call that counts confirmations.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::BusError;
use rdkafka::ClientContext;
use rdkafka::client::Client;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::statistics::Statistics;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use crate::context::{Report, level_of};
use crate::error::bus_error;
use crate::figures::{Role, Told};
use crate::progress::Progress;

/// How often a full local queue is looked at again.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(2);
/// librdkafka itself ends every delivery in time; beyond this long after that, it is not waited for any longer.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// A record to be published.
pub(crate) struct Outgoing<'a> {
    pub(crate) topic: &'a str,
    /// `None`: the one that the key belongs to.
    pub(crate) partition: Option<i32>,
    pub(crate) key: &'a [u8],
    /// `None` is a tombstone.
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: OwnedHeaders,
}

/// Where records go out.
pub(crate) struct Outlet {
    config: ClientConfig,
    report: Arc<Report>,
    delivery_timeout: Duration,
    producer: Mutex<Arc<Handle>>,
    pub(crate) progress: Progress,
}

type Raw = ThreadedProducer<Confirming>;

/// A producer that is closed in the background: that takes a while, and may wait for brokers that are gone.
struct Handle(Option<Raw>);

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(producer) = self.0.take() {
            drop_elsewhere(producer);
        }
    }
}

/// Drops what blocks while it is dropped on a thread of its own.
pub(crate) fn drop_elsewhere<T: Send + 'static>(value: T) {
    // Where no thread can be started, the value is dropped here after all.
    let _ = std::thread::Builder::new().name("kafka-closing".to_owned()).spawn(move || drop(value));
}

/// Counts the confirmations of one call.
pub(crate) struct Latch {
    open: AtomicUsize,
    failure: Mutex<Option<KafkaError>>,
    closed: Notify,
}

impl Latch {
    fn new(open: usize) -> Self {
        Self { open: AtomicUsize::new(open), failure: Mutex::default(), closed: Notify::new() }
    }

    fn fail(&self, error: KafkaError) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    fn count_down(&self, by: usize) {
        if self.open.fetch_sub(by, Ordering::AcqRel) == by {
            self.closed.notify_one();
        }
    }

    async fn wait(&self) {
        while self.open.load(Ordering::Acquire) > 0 {
            self.closed.notified().await;
        }
    }

    fn failure(&self) -> Option<KafkaError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Records that were handed to the producer, and are not known to be confirmed. Whoever drops it waits no longer; what
/// becomes of them is seen to nevertheless, so that a producer that is broken is replaced.
pub(crate) struct Sending {
    outlet: Arc<Outlet>,
    latch: Arc<Latch>,
    handle: Arc<Handle>,
    deadline: Instant,
    /// Not handed to the producer yet.
    left: usize,
    is_concluded: bool,
}

impl Sending {
    /// Waits until every record is confirmed or failed, or until it is late.
    async fn conclude(&mut self) -> Result<(), KafkaError> {
        if timeout_at(self.deadline, self.latch.wait()).await.is_err() {
            self.latch.fail(KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut));
        }
        self.is_concluded = true;
        let failure = self.latch.failure();
        match &failure {
            Some(error) if is_silence(error) => self.outlet.progress.given_up(Instant::now()),
            _ => self.outlet.progress.answered(Instant::now()),
        }
        let Some(error) = failure else { return Ok(()) };
        self.outlet.replace_if_broken(&self.handle, &error);
        Err(error)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if self.is_concluded {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return self.outlet.progress.given_up(Instant::now());
        };
        if self.left > 0 {
            self.latch.count_down(self.left);
        }
        let mut rest = Self {
            outlet: Arc::clone(&self.outlet),
            latch: Arc::clone(&self.latch),
            handle: Arc::clone(&self.handle),
            deadline: self.deadline,
            left: 0,
            // Where the runtime ends first, there is nobody to see to it for.
            is_concluded: true,
        };
        // Its error is told by whoever publishes next.
        runtime.spawn(async move { rest.conclude().await });
    }
}

/// The context of the producer: hands each delivery report to its call's latch.
pub(crate) struct Confirming {
    report: Arc<Report>,
    told: Told,
}

impl ClientContext for Confirming {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.report.line(level_of(level), facility, text);
    }

    fn stats(&self, statistics: Statistics) {
        self.report.figures.add(Role::Producer, &self.told, &statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.report.error(&error, reason);
    }
}

impl ProducerContext for Confirming {
    type DeliveryOpaque = Arc<Latch>;

    fn delivery(&self, result: &DeliveryResult<'_>, latch: Arc<Latch>) {
        if let Err((error, _)) = result {
            latch.fail(error.clone());
        }
        latch.count_down(1);
    }
}

impl Outlet {
    pub(crate) fn new(
        config: ClientConfig,
        report: Arc<Report>,
        delivery_timeout: Duration,
    ) -> Result<Self, BusError> {
        let producer = Mutex::new(Arc::new(open(&config, &report)?));
        Ok(Self { config, report, delivery_timeout, producer, progress: Progress::default() })
    }

    fn handle(&self) -> Arc<Handle> {
        Arc::clone(&self.producer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `ask` with the producer's client, which can ask brokers for metadata. Blocks as long as `ask` does.
    pub(crate) fn with_client<T>(&self, ask: impl FnOnce(&Client<Confirming>) -> T) -> Option<T> {
        self.handle().0.as_ref().map(|producer| ask(producer.client()))
    }

    /// Publishes records in order; `Ok` once the brokers have confirmed every one. After an error some may have
    /// been written, and none will be any more.
    pub(crate) async fn send(
        self: &Arc<Self>,
        records: impl ExactSizeIterator<Item = Outgoing<'_>>,
    ) -> Result<(), KafkaError> {
        let sending = self.enqueue(records).await;
        self.confirmed(sending).await
    }

    /// Hands records to the producer, in order; waits only while its queue is full. What is handed over by one call
    /// goes out before what is handed over by a later one.
    pub(crate) async fn enqueue(
        self: &Arc<Self>,
        records: impl ExactSizeIterator<Item = Outgoing<'_>>,
    ) -> Sending {
        self.progress.begun(Instant::now());
        let mut sending = Sending {
            outlet: Arc::clone(self),
            latch: Arc::new(Latch::new(records.len())),
            handle: self.handle(),
            deadline: Instant::now() + self.delivery_timeout + GRACE,
            left: records.len(),
            is_concluded: false,
        };
        for record in records {
            let enqueued = match &sending.handle.0 {
                Some(producer) => enqueue(producer, record, &sending.latch, sending.deadline).await,
                None => Err(KafkaError::Canceled),
            };
            if let Err(error) = enqueued {
                sending.latch.fail(error);
                sending.latch.count_down(sending.left);
                sending.left = 0;
                break;
            }
            sending.left -= 1;
        }
        sending
    }

    /// Waits until the brokers have confirmed every record that was handed over.
    pub(crate) async fn confirmed(&self, mut sending: Sending) -> Result<(), KafkaError> {
        sending.conclude().await
    }

    /// Until when what fails is tried again, from now on.
    pub(crate) fn patience(&self) -> Duration {
        self.delivery_timeout
    }

    /// After a fatal error a producer refuses everything: another takes its place. So it does when records
    /// were not delivered in time, although that mostly means that the brokers are away: librdkafka may have forgotten
    /// them for good (see [`crate::member`]), and nothing tells the one from the other.
    fn replace_if_broken(&self, handle: &Arc<Handle>, error: &KafkaError) {
        let fatal = handle.0.as_ref().and_then(|producer| producer.client().fatal_error());
        let is_late = error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageTimedOut);
        let reason = match fatal {
            Some((_, reason)) => reason,
            None if is_late => "its records are not delivered in time".to_owned(),
            None => return,
        };
        let mut producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&producer, handle) {
            self.report.line(tracing::Level::WARN, "producer", &format!("a new producer is made: {reason}"));
            match open(&self.config, &self.report) {
                Ok(new) => *producer = Arc::new(new),
                Err(error) => self.report.line(tracing::Level::WARN, "producer", &error.to_string()),
            }
        }
    }
}

/// Whether the error means that nobody has answered.
fn is_silence(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::MessageTimedOut
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::QueueFull
        )
    )
}

fn open(config: &ClientConfig, report: &Arc<Report>) -> Result<Handle, BusError> {
    let producer =
        config.create_with_context(Confirming { report: Arc::clone(report), told: Told::default() });
    producer.map(|producer| Handle(Some(producer))).map_err(|error| bus_error("opening a producer", &error))
}

/// Hands a record to librdkafka; waits while its queue is full.
async fn enqueue(
    producer: &Raw,
    outgoing: Outgoing<'_>,
    latch: &Arc<Latch>,
    deadline: Instant,
) -> Result<(), KafkaError> {
    let mut record = BaseRecord::with_opaque_to(outgoing.topic, Arc::clone(latch))
        .key(outgoing.key)
        .headers(outgoing.headers);
    (record.payload, record.partition) = (outgoing.value, outgoing.partition);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again))
                if Instant::now() < deadline =>
            {
                record = again;
                sleep(QUEUE_FULL_PAUSE).await;
            }
            Err((error, _)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_producer_that_delivers_nothing_is_replaced_though_nobody_waits() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", listener.local_addr().unwrap().to_string());
        config.set("message.timeout.ms", "300");
        let outlet = Outlet::new(config, Arc::default(), Duration::from_millis(300)).unwrap();
        let before = outlet.handle();
        let outlet = Arc::new(outlet);
        let headers = OwnedHeaders::new();
        let record = Outgoing { topic: "t", partition: None, key: b"k", value: Some(b"v"), headers };
        let sent =
            tokio::time::timeout(Duration::from_millis(50), outlet.send(std::iter::once(record))).await;
        assert!(sent.is_err(), "nobody answers");
        let replaced = async {
            while Arc::ptr_eq(&before, &outlet.handle()) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        assert!(tokio::time::timeout(GRACE + Duration::from_secs(5), replaced).await.is_ok());
    }

    #[tokio::test]
    async fn a_producer_that_delivers_nothing_is_told_of_while_it_tries() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", listener.local_addr().unwrap().to_string());
        let outlet = Arc::new(Outlet::new(config, Arc::default(), Duration::from_secs(60)).unwrap());
        let headers = OwnedHeaders::new();
        let record = Outgoing { topic: "t", partition: None, key: b"k", value: Some(b"v"), headers };
        let sending = outlet.enqueue(std::iter::once(record)).await;
        assert!(outlet.progress.check(Instant::now()).is_ok(), "it has only just begun");
        let later = Instant::now() + crate::progress::SILENCE_MAX;
        assert!(outlet.progress.check(later).is_err(), "nobody answers");
        drop(sending);
    }
}
