//! What the brokers give at best: a bare producer and a bare consumer of librdkafka, without this crate's own code in the
//! way, at the guarantees that it gives.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use bus::{BusError, Limit, Load};
use rdkafka::Message as _;
use rdkafka::Offset;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio::time::Instant;

use crate::blocking::blocking;
use crate::config;
use crate::context::{Context, Report};
use crate::error::bus_error;
use crate::kafka_bus::KafkaBus;
use crate::names::Names;
use crate::options::{KafkaOptions, Topics};
use crate::outlet::drop_elsewhere;
use crate::topics::{Catalogue, Kind};

/// Partitions of the topic that is measured.
const PARTITIONS: i32 = 8;
/// How many keys the messages have between them.
const KEYS: u64 = 1000;
/// How often a full local queue is looked at again.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(1);
/// How long the last messages may take.
const REST: Duration = Duration::from_secs(30);
/// How long a saturating producer's records wait for others: here only the rate counts.
const LINGER_MS: &str = "5";
/// What bodies are filled with.
const TEXT: &[u8] = br#"{"order":"4711-abcdef","n":123}"#;
/// Bytes of a body that hold its number.
const NUMBER_BYTES: usize = 8;

/// Measures what the cluster gives at best, on a topic of its own that is deleted again. Counts those that came in `counted`
/// meanwhile.
///
/// # Errors
/// The cluster cannot be reached or used, or stopped answering meanwhile.
pub async fn limit(options: &KafkaOptions, load: &Load, counted: Arc<AtomicU64>) -> Result<Limit, BusError> {
    let options = KafkaOptions { partitions: PARTITIONS, topics: Topics::Create, ..options.clone() };
    // Says in words what stands against it.
    drop(KafkaBus::connect(options.clone()).await?);
    let report = Arc::new(Report::default());
    let topics = Catalogue::new(&options, Arc::clone(&report))?;
    // The standard library's random keys differ from call to call.
    let name = format!("limit-{:016x}", RandomState::new().build_hasher().finish());
    let topic = Names::new(&options.namespace)?.stream(&name)?;
    topics.ensure(&[(topic.clone(), Kind::Stream)]).await?;
    let body_bytes = load.body_bytes.max(NUMBER_BYTES);
    let bench = Bench { options, topic: topic.clone(), report, body_bytes, counted };
    let each = load.each;
    let measured = blocking(2 * each + 3 * REST, move || bench.measure(each)).await;
    let admin = topics.admin()?;
    // A failed measurement is the more telling error.
    let deleted = admin.delete_topics(&[topic.as_str()]).await;
    let _ = admin.delete_groups(&[topic.as_str()]).await;
    let measured = measured?;
    deleted.map(|()| measured)
}

struct Bench {
    options: KafkaOptions,
    topic: String,
    report: Arc<Report>,
    body_bytes: usize,
    counted: Arc<AtomicU64>,
}

/// Counts what was confirmed.
struct Counting {
    report: Arc<Report>,
    confirmed: AtomicU64,
    failed: AtomicU64,
    /// Told of each, where it is waited for.
    told: Option<Sender<()>>,
}

impl ClientContext for Counting {
    fn stats(&self, _: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        self.report.error(&error, reason);
    }
}

impl ProducerContext for Counting {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let count = if result.is_ok() { &self.confirmed } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
        if let Some(told) = &self.told {
            // Nobody listens only when the measurement has failed.
            let _ = told.send(());
        }
    }
}

type Bare = ThreadedProducer<Counting>;

/// A message that came: its number, and when.
type Arrival = (u64, Instant);

impl Bench {
    fn measure(&self, each: Duration) -> Result<Limit, BusError> {
        let consumer = self.consumer()?;
        let (arrived, arrivals) = channel();
        let ending = Arc::new(AtomicU64::new(0));
        let (end, counted) = (Arc::clone(&ending), Arc::clone(&self.counted));
        let consuming = std::thread::Builder::new().name("kafka-limit".to_owned());
        let consuming = consuming.spawn(move || consume(&consumer, &arrived, &counted, &end));
        let consuming =
            consuming.map_err(|error| BusError::Unavailable(format!("starting a thread: {error}")))?;
        let measured = self.saturate(&arrivals, each).and_then(|messages_per_s| {
            let (one_at_a_time_per_s, alone_ms_p50) = self.one_at_a_time(&arrivals, each)?;
            Ok(Limit { messages_per_s, one_at_a_time_per_s, alone_ms_p50 })
        });
        ending.store(1, Ordering::Relaxed);
        // It has nothing to say, and looks for the end every now and then.
        let _ = consuming.join();
        measured
    }

    fn producer(&self, linger_ms: &str, told: Option<Sender<()>>) -> Result<Bare, BusError> {
        let mut config = config::producer(&self.options)?;
        config.set("linger.ms", linger_ms);
        let report = Arc::clone(&self.report);
        let context = Counting { report, confirmed: AtomicU64::new(0), failed: AtomicU64::new(0), told };
        config.create_with_context(context).map_err(|error| bus_error("opening a producer", &error))
    }

    /// Offsets are stored as records are read, and committed in the background.
    fn consumer(&self) -> Result<BaseConsumer<Context>, BusError> {
        let mut config = config::member(&self.options, &self.topic)?;
        config
            .set("enable.auto.offset.store", "true")
            // All partitions share one queue here, and what it holds is what the adapter's queues hold together.
            .set("queued.min.messages", "100000")
            .set("queued.max.messages.kbytes", "16384");
        let context = Context(Arc::clone(&self.report));
        let consumer: BaseConsumer<Context> =
            config.create_with_context(context).map_err(|error| bus_error("opening a consumer", &error))?;
        let mut all = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            let added = all.add_partition_offset(&self.topic, partition, Offset::Beginning);
            added.map_err(|error| bus_error("naming an offset", &error))?;
        }
        consumer.assign(&all).map_err(|error| bus_error("subscribing", &error))?;
        Ok(consumer)
    }

    /// Sends message `number`; waits while the local queue is full.
    fn send(&self, producer: &Bare, number: u64, body: &mut [u8]) -> Result<(), BusError> {
        body[..NUMBER_BYTES].copy_from_slice(&number.to_be_bytes());
        let key = (number % KEYS).to_be_bytes();
        let mut record = BaseRecord::to(&self.topic).key(&key[..]).payload(&*body);
        loop {
            match producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    record = again;
                    std::thread::sleep(QUEUE_FULL_PAUSE);
                }
                Err((error, _)) => return Err(bus_error("publishing", &error)),
            }
        }
    }

    fn body(&self) -> Vec<u8> {
        // Neither all the same nor random: about what JSON is to a compressor.
        (0..self.body_bytes).map(|n| TEXT[(n + n / 97) % TEXT.len()]).collect()
    }

    /// Messages a second from the first send to the last arrival.
    fn saturate(&self, arrivals: &Receiver<Arrival>, each: Duration) -> Result<f64, BusError> {
        let producer = self.producer(LINGER_MS, None)?;
        let mut body = self.body();
        let started = Instant::now();
        let (mut sent, mut came) = (0, 0);
        let mut last = started;
        while started.elapsed() < each {
            for _ in 0..100 {
                self.send(&producer, sent, &mut body)?;
                sent += 1;
            }
            for (_, at) in arrivals.try_iter() {
                (came, last) = (came + 1, at);
            }
        }
        producer.flush(REST).map_err(|error| bus_error("publishing", &error))?;
        while came < sent {
            (came, last) = (came + 1, arrival(arrivals)?.1);
        }
        let rate = sent as f64 / (last - started).as_secs_f64();
        self.must_be_confirmed(producer, sent)?;
        Ok(rate)
    }

    /// Confirmations a second when each message waits for the one before it, and how long one takes to arrive.
    fn one_at_a_time(&self, arrivals: &Receiver<Arrival>, each: Duration) -> Result<(f64, f64), BusError> {
        let (told, confirmed) = channel();
        let producer = self.producer("0", Some(told))?;
        let mut body = self.body();
        // The first message waits for connections.
        self.send(&producer, 0, &mut body)?;
        wait(&confirmed)?;
        arrival(arrivals)?;
        let started = Instant::now();
        let mut sent_at = Vec::new();
        while started.elapsed() < each {
            sent_at.push(Instant::now());
            self.send(&producer, sent_at.len() as u64 - 1, &mut body)?;
            wait(&confirmed)?;
        }
        let rate = sent_at.len() as f64 / started.elapsed().as_secs_f64();
        let mut times_ms = Vec::with_capacity(sent_at.len());
        while times_ms.len() < sent_at.len() {
            let (number, at) = arrival(arrivals)?;
            let sent = usize::try_from(number).ok().and_then(|number| sent_at.get(number));
            let sent =
                sent.ok_or_else(|| BusError::Protocol("a message came that was not sent".to_owned()))?;
            times_ms.push(at.saturating_duration_since(*sent).as_secs_f64() * 1000.0);
        }
        self.must_be_confirmed(producer, sent_at.len() as u64 + 1)?;
        times_ms.sort_by(f64::total_cmp);
        Ok((rate, times_ms.get(times_ms.len() / 2).copied().unwrap_or_default()))
    }

    fn must_be_confirmed(&self, producer: Bare, sent: u64) -> Result<(), BusError> {
        let counts = producer.context();
        let (confirmed, failed) =
            (counts.confirmed.load(Ordering::Relaxed), counts.failed.load(Ordering::Relaxed));
        drop_elsewhere(producer);
        if (confirmed, failed) == (sent, 0) {
            return Ok(());
        }
        Err(BusError::Unavailable(format!(
            "of {sent} messages {confirmed} were confirmed and {failed} failed"
        )))
    }
}

fn wait(confirmed: &Receiver<()>) -> Result<(), BusError> {
    confirmed
        .recv_timeout(REST)
        .map_err(|_| BusError::Unavailable("publishing: no answer in time".to_owned()))
}

fn arrival(arrivals: &Receiver<Arrival>) -> Result<Arrival, BusError> {
    arrivals
        .recv_timeout(REST)
        .map_err(|_| BusError::Unavailable("messages did not arrive in time".to_owned()))
}

/// Tells of every message that comes, and counts it, until `end` is set.
fn consume(
    consumer: &BaseConsumer<Context>,
    arrived: &Sender<Arrival>,
    counted: &AtomicU64,
    end: &AtomicU64,
) {
    while end.load(Ordering::Relaxed) == 0 {
        let Some(Ok(record)) = consumer.poll(Duration::from_millis(100)) else { continue };
        let number =
            record.payload().and_then(|body| body.first_chunk()).map_or(0, |n| u64::from_be_bytes(*n));
        // Nobody listens only when the measurement is over.
        let _ = arrived.send((number, Instant::now()));
        counted.fetch_add(1, Ordering::Relaxed);
    }
}
