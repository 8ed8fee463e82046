//! Counts what passes through a bus, whichever it is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{BusError, Consumer, Delivery, Layer, Layered, Message, Origin, Outcome, Publisher, Settlement};

/// What passed through one stream (see [`Topic::stream`](crate::Topic::stream)) since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCounters {
    /// Messages whose publication was confirmed; one that is published again counts again.
    pub published: u64,
    /// Their size as carried ([`Message::bytes`]), in bytes.
    pub published_bytes: u64,
    /// Deliveries received: one for each group and each attempt.
    pub deliveries: u64,
    /// Their size as carried, in bytes.
    pub delivered_bytes: u64,
    /// Those of the deliveries whose attempt number was above one.
    pub redelivered: u64,
}

impl std::ops::AddAssign for StreamCounters {
    fn add_assign(&mut self, other: Self) {
        self.published += other.published;
        self.published_bytes += other.published_bytes;
        self.deliveries += other.deliveries;
        self.delivered_bytes += other.delivered_bytes;
        self.redelivered += other.redelivered;
    }
}

/// What passed through a bus since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// By stream.
    pub streams: BTreeMap<String, StreamCounters>,
    /// Deliveries settled as done.
    pub done: u64,
    /// Deliveries settled to be retried.
    pub retried: u64,
    /// Deliveries settled as dead letters (not those which the bus gave up by itself).
    pub dead_lettered: u64,
}

impl Counters {
    /// All streams together.
    #[must_use]
    pub fn total(&self) -> StreamCounters {
        let mut total = StreamCounters::default();
        self.streams.values().for_each(|stream| total += *stream);
        total
    }
}

#[derive(Default)]
struct StreamMeter {
    published: AtomicU64,
    published_bytes: AtomicU64,
    deliveries: AtomicU64,
    delivered_bytes: AtomicU64,
    redelivered: AtomicU64,
}

impl StreamMeter {
    fn add(&self, counts: StreamCounters) {
        self.published.fetch_add(counts.published, Ordering::Relaxed);
        self.published_bytes.fetch_add(counts.published_bytes, Ordering::Relaxed);
        self.deliveries.fetch_add(counts.deliveries, Ordering::Relaxed);
        self.delivered_bytes.fetch_add(counts.delivered_bytes, Ordering::Relaxed);
        self.redelivered.fetch_add(counts.redelivered, Ordering::Relaxed);
    }

    fn read(&self) -> StreamCounters {
        StreamCounters {
            published: self.published.load(Ordering::Relaxed),
            published_bytes: self.published_bytes.load(Ordering::Relaxed),
            deliveries: self.deliveries.load(Ordering::Relaxed),
            delivered_bytes: self.delivered_bytes.load(Ordering::Relaxed),
            redelivered: self.redelivered.load(Ordering::Relaxed),
        }
    }
}

/// Any bus, with counters: of what passes through this handle and its clones, and nothing that goes past them.
pub type MeteredBus = Layered<Meter>;

/// Counts. Clones share the same numbers.
#[derive(Clone, Default)]
pub struct Meter(Arc<Numbers>);

/// Topics are few and fixed by the program, so the table of streams stays small.
#[derive(Default)]
struct Numbers {
    streams: RwLock<BTreeMap<String, Arc<StreamMeter>>>,
    done: AtomicU64,
    retried: AtomicU64,
    dead_lettered: AtomicU64,
}

impl Meter {
    /// What has passed so far. Each number is exact; taken while messages move, they are not of one instant.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let streams = self.0.streams.read().unwrap_or_else(PoisonError::into_inner);
        Counters {
            streams: streams.iter().map(|(name, meter)| (name.clone(), meter.read())).collect(),
            done: self.0.done.load(Ordering::Relaxed),
            retried: self.0.retried.load(Ordering::Relaxed),
            dead_lettered: self.0.dead_lettered.load(Ordering::Relaxed),
        }
    }
}

impl Layer for Meter {
    fn publisher(&self, publisher: Arc<dyn Publisher>, _: Origin) -> Arc<dyn Publisher> {
        Arc::new(MeteredPublisher { publisher, meter: Arc::clone(&self.0) })
    }

    fn consumer(&self, consumer: Arc<dyn Consumer>, _: &str) -> Arc<dyn Consumer> {
        Arc::new(MeteredConsumer { consumer, meter: Arc::clone(&self.0) })
    }
}

impl Numbers {
    fn stream(&self, name: &str) -> Arc<StreamMeter> {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = streams.get(name) {
            return Arc::clone(meter);
        }
        drop(streams);
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(streams.entry(name.to_owned()).or_default())
    }

    /// Adds what `count` says of each message, stream by stream: neighbours mostly share one, so a batch costs few
    /// look-ups and atomic operations.
    fn add<'a, T: 'a>(
        &self,
        items: impl IntoIterator<Item = &'a T>,
        message_of: impl Fn(&T) -> &Message,
        count: impl Fn(&T) -> StreamCounters,
    ) {
        let mut run: Option<(&str, StreamCounters)> = None;
        for item in items {
            let stream = message_of(item).topic.stream();
            match &mut run {
                Some((name, counts)) if *name == stream => *counts += count(item),
                other => {
                    if let Some((name, counts)) = other.replace((stream, count(item))) {
                        self.stream(name).add(counts);
                    }
                }
            }
        }
        if let Some((name, counts)) = run {
            self.stream(name).add(counts);
        }
    }
}

struct MeteredPublisher {
    publisher: Arc<dyn Publisher>,
    meter: Arc<Numbers>,
}

#[async_trait]
impl Publisher for MeteredPublisher {
    async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
        self.publisher.publish(messages).await?;
        self.meter.add(
            messages,
            |message| message,
            |message| StreamCounters {
                published: 1,
                published_bytes: message.bytes() as u64,
                ..StreamCounters::default()
            },
        );
        Ok(())
    }
}

struct MeteredConsumer {
    consumer: Arc<dyn Consumer>,
    meter: Arc<Numbers>,
}

#[async_trait]
impl Consumer for MeteredConsumer {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        let deliveries = self.consumer.receive(max).await?;
        self.meter.add(
            &deliveries,
            |delivery| &delivery.message,
            |delivery| StreamCounters {
                deliveries: 1,
                delivered_bytes: delivery.message.bytes() as u64,
                redelivered: u64::from(delivery.attempt > 1),
                ..StreamCounters::default()
            },
        );
        Ok(deliveries)
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        let (mut done, mut retried, mut dead) = (0, 0, 0);
        for settlement in &settlements {
            match settlement.outcome {
                Outcome::Done => done += 1,
                Outcome::Retry => retried += 1,
                Outcome::DeadLetter { .. } => dead += 1,
            }
        }
        self.consumer.settle(settlements).await?;
        self.meter.done.fetch_add(done, Ordering::Relaxed);
        self.meter.retried.fetch_add(retried, Ordering::Relaxed);
        self.meter.dead_lettered.fetch_add(dead, Ordering::Relaxed);
        Ok(())
    }

    fn epoch(&self) -> u64 {
        self.consumer.epoch()
    }
}
