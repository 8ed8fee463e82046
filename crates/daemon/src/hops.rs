//! What passes through the bus, hop by hop: how many messages of which kind and style, how long each was on its way, and how
//! long it took to handle it. Around any bus, so that neither buses nor participants know of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use bus::{BusError, Consumer, Delivery, Layer, Message, Origin, Outcome, Publisher, Settlement, Token};
use contract::trace::TRACEPARENT;
use contract::{Style, time};
use participant::{Clock, Millis};
use prometheus::{HistogramOpts, IntCounter, IntCounterVec, Opts};
use telemetry::{DetailedHistogram, DetailedHistogramVec, Registry, registered};
use tokio::time::Instant;
use traces::Tracer;

/// Bounds of the histograms' buckets, in seconds.
const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
    10.0, 60.0,
];
/// Kinds of messages that are told apart, at the most: what strangers send must not fill the registry.
const KINDS_MAX: usize = 64;
/// What stands for all others.
const OTHER: &str = "other";

/// The counts of one kind of message: a topic in a style.
struct Kind {
    published: IntCounter,
    published_bytes: IntCounter,
    deliveries: IntCounter,
    transit: DetailedHistogram,
    handling: DetailedHistogram,
}

/// Counts and times messages. Clones share the same numbers.
#[derive(Clone)]
pub(crate) struct Hops(Arc<Shared>);

struct Shared {
    published: IntCounterVec,
    published_bytes: IntCounterVec,
    deliveries: IntCounterVec,
    transit: DetailedHistogramVec,
    handling: DetailedHistogramVec,
    kinds: RwLock<HashMap<String, Arc<Kind>>>,
    other: Arc<Kind>,
    clock: Arc<dyn Clock>,
    tracer: Tracer,
}

impl Hops {
    /// With its metrics in that registry.
    ///
    /// # Errors
    /// The registry has metrics of these names already.
    pub(crate) fn register(
        registry: &Registry,
        clock: Arc<dyn Clock>,
        tracer: Tracer,
    ) -> prometheus::Result<Self> {
        const LABELS: &[&str] = &["style", "topic"];
        let counter =
            |name: &str, help: &str| registered(registry, IntCounterVec::new(Opts::new(name, help), LABELS));
        let histogram = |name: &str, help: &str| {
            let opts = HistogramOpts::new(name, help).buckets(SECONDS.to_vec());
            DetailedHistogramVec::register(registry, opts, LABELS)
        };
        let published = counter("duet_bus_messages_published_total", "Messages published and confirmed.")?;
        let published_bytes =
            counter("duet_bus_published_bytes_total", "Size of the messages published, as carried.")?;
        let deliveries = counter("duet_bus_deliveries_total", "Messages received from the bus, each time.")?;
        let transit = histogram(
            "duet_message_transit_seconds",
            "From the decision to send a message until it was received: commit, outbox, bus and queue.",
        )?;
        let handling = histogram(
            "duet_message_handling_seconds",
            "From receiving a message until it was settled: decision, commit, and publishing what follows.",
        )?;
        let labels = [OTHER, OTHER];
        let other = Arc::new(Kind {
            published: published.with_label_values(&labels),
            published_bytes: published_bytes.with_label_values(&labels),
            deliveries: deliveries.with_label_values(&labels),
            transit: transit.with_label_values(&labels),
            handling: handling.with_label_values(&labels),
        });
        let kinds = RwLock::default();
        Ok(Self(Arc::new(Shared {
            published,
            published_bytes,
            deliveries,
            transit,
            handling,
            kinds,
            other,
            clock,
            tracer,
        })))
    }

    fn kind(&self, message: &Message) -> Arc<Kind> {
        // A topic belongs to one style, or to the services, whose commands and replies are the orchestration's: so the topic
        // names the kind, but for what strangers send.
        let topic = message.topic.as_str();
        let kinds = self.0.kinds.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = kinds.get(topic) {
            return Arc::clone(kind);
        }
        drop(kinds);
        let style = message.headers.get("style").and_then(|style| style.parse::<Style>().ok());
        let style = style.map_or(OTHER, Style::as_str);
        let mut kinds = self.0.kinds.write().unwrap_or_else(PoisonError::into_inner);
        if style == OTHER || kinds.len() >= KINDS_MAX {
            return Arc::clone(&self.0.other);
        }
        let labels = [style, topic];
        let kind = Kind {
            published: self.0.published.with_label_values(&labels),
            published_bytes: self.0.published_bytes.with_label_values(&labels),
            deliveries: self.0.deliveries.with_label_values(&labels),
            transit: self.0.transit.with_label_values(&labels),
            handling: self.0.handling.with_label_values(&labels),
        };
        Arc::clone(kinds.entry(topic.to_owned()).or_insert_with(|| Arc::new(kind)))
    }

    fn published(&self, messages: &[Message]) {
        for message in messages {
            let kind = self.kind(message);
            kind.published.inc();
            kind.published_bytes.inc_by(message.bytes() as u64);
        }
    }

    fn received(&self, delivery: &Delivery, now: Millis) -> (Arc<Kind>, Option<u128>) {
        let kind = self.kind(&delivery.message);
        kind.deliveries.inc();
        let trace =
            self.0.tracer.joined(delivery.message.headers.get(TRACEPARENT)).map(|trace| trace.trace_id);
        let sent_at = delivery.message.headers.get("time").and_then(|text| time::parse(text).ok());
        if let Some(sent_at) = sent_at {
            kind.transit.observe(now.saturating_sub(sent_at).max(0) as f64 / 1000.0, trace);
        }
        (kind, trace)
    }
}

impl Layer for Hops {
    fn publisher(&self, publisher: Arc<dyn Publisher>, _: Origin) -> Arc<dyn Publisher> {
        Arc::new(WatchedPublisher { publisher, hops: self.clone() })
    }

    fn consumer(&self, consumer: Arc<dyn Consumer>, _: &str) -> Arc<dyn Consumer> {
        Arc::new(WatchedConsumer { consumer, hops: self.clone(), in_hand: Mutex::default() })
    }
}

struct WatchedPublisher {
    publisher: Arc<dyn Publisher>,
    hops: Hops,
}

#[async_trait]
impl Publisher for WatchedPublisher {
    async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
        self.publisher.publish(messages).await?;
        self.hops.published(messages);
        Ok(())
    }
}

struct WatchedConsumer {
    consumer: Arc<dyn Consumer>,
    hops: Hops,
    /// Deliveries that are not settled. The subscription bounds how many there are.
    in_hand: Mutex<HashMap<Token, InHand>>,
}

/// A delivery that is not settled.
struct InHand {
    kind: Arc<Kind>,
    trace: Option<u128>,
    since: Instant,
}

impl WatchedConsumer {
    fn in_hand(&self) -> MutexGuard<'_, HashMap<Token, InHand>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Consumer for WatchedConsumer {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        let deliveries = self.consumer.receive(max).await?;
        let (now, since) = (self.hops.0.clock.now(), Instant::now());
        let mut in_hand = self.in_hand();
        for delivery in &deliveries {
            let (kind, trace) = self.hops.received(delivery, now);
            in_hand.insert(delivery.token, InHand { kind, trace, since });
        }
        Ok(deliveries)
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        let ended: Vec<(Token, bool)> = settlements
            .iter()
            .map(|settlement| (settlement.token, settlement.outcome == Outcome::Done))
            .collect();
        let settled = self.consumer.settle(settlements).await;
        let mut in_hand = self.in_hand();
        // What could not be settled comes again under another token.
        for (token, is_done) in ended {
            if let (Some(delivery), true, true) = (in_hand.remove(&token), is_done, settled.is_ok()) {
                let InHand { kind, trace, since } = delivery;
                kind.handling.observe(since.elapsed().as_secs_f64(), trace);
            }
        }
        settled
    }

    fn epoch(&self) -> u64 {
        self.consumer.epoch()
    }
}

#[cfg(test)]
mod tests {
    use bus::{Bus as _, Headers, Layered, MemoryBus, MemoryOptions, Subscription, Topic};
    use bytes::Bytes;
    use participant::SystemClock;

    use super::*;

    fn message(topic: &'static str, style: &'static str) -> Message {
        let mut headers = Headers::default();
        headers.set("style", style);
        headers.set("time", time::format(SystemClock.now() - 40));
        let body = Bytes::from_static(b"{}");
        Message { id: topic.into(), topic: Topic::new(topic), key: "o-1".into(), headers, body }
    }

    #[tokio::test]
    async fn messages_are_counted_by_style_and_topic_and_timed() {
        let registry = telemetry::registry();
        let hops = Hops::register(&registry, Arc::new(SystemClock), Tracer::off()).unwrap();
        let bus = Layered::new(Arc::new(MemoryBus::new(MemoryOptions::default())), hops);
        let topics = vec![Topic::new("choreography/order.placed"), Topic::new("choreography/stray")];
        let subscription = Subscription { group: "g".into(), topics, unsettled_max: 10 };
        let consumer = bus.subscribe(&subscription).await.unwrap();
        let placed = message("choreography/order.placed", "choreography");
        let stray = message("choreography/stray", "rococo");
        bus.publisher(Origin::Edge).await.unwrap().publish(&[placed, stray]).await.unwrap();
        let deliveries = consumer.receive(10).await.unwrap();
        let done = |delivery: &Delivery| Settlement { token: delivery.token, outcome: Outcome::Done };
        consumer.settle(deliveries.iter().map(done).collect()).await.unwrap();
        let text = registry.text().unwrap();
        for line in [
            "duet_bus_messages_published_total{style=\"choreography\",topic=\"choreography/order.placed\"} 1",
            "duet_bus_deliveries_total{style=\"other\",topic=\"other\"} 1",
            "duet_message_transit_seconds_bucket{style=\"choreography\",topic=\"choreography/order.placed\",le=\"0.03\"} 0",
            "duet_message_transit_seconds_count{style=\"choreography\",topic=\"choreography/order.placed\"} 1",
            "duet_message_handling_seconds_count{style=\"choreography\",topic=\"choreography/order.placed\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[tokio::test]
    async fn what_strangers_send_does_not_fill_the_registry() {
        let hops = Hops::register(&telemetry::registry(), Arc::new(SystemClock), Tracer::off()).unwrap();
        for n in 0..2 * KINDS_MAX {
            let mut message = message("x", "choreography");
            message.topic = Topic::owned(format!("choreography/{n}"));
            hops.published(&[message]);
        }
        assert_eq!(hops.0.kinds.read().unwrap().len(), KINDS_MAX);
        assert_eq!(hops.0.other.published.get(), KINDS_MAX as u64);
    }
}
