//! Spans around any bus.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bus::{
    BusError, Consumer, Delivery, HEADERS_MAX, Layer, Message, Origin, Outcome, Publisher, Settlement, Token,
};
use contract::TraceContext;
use contract::trace::TRACEPARENT;
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;

use crate::{Span, Tracer};

/// What the semantic conventions want to know of a bus.
#[derive(Clone)]
pub struct Messaging {
    /// `messaging.system`.
    pub system: &'static str,
    /// Where it is: host and port.
    pub server: Option<(String, u16)>,
    /// Where its messages go.
    pub destination: Arc<FindDestination>,
}

/// Where a message goes on a bus, and to which group's part of it, if a group receives it.
pub type FindDestination = dyn Fn(&Message, Option<&str>) -> Destination + Send + Sync;

/// Where a message goes on a bus.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    /// `messaging.destination.name`.
    pub name: String,
    /// What else this kind of bus has to say of it.
    pub attributes: Vec<KeyValue>,
}

/// Records a span for every message that is sent and for every one that is processed, if its order is traced.
#[derive(Clone)]
pub struct Traces(Arc<Shared>);

struct Shared {
    tracer: Tracer,
    messaging: Messaging,
}

impl Traces {
    /// Records with `tracer` what passes through such a bus.
    #[must_use]
    pub fn new(tracer: Tracer, messaging: Messaging) -> Self {
        Self(Arc::new(Shared { tracer, messaging }))
    }
}

impl Layer for Traces {
    fn publisher(&self, publisher: Arc<dyn Publisher>, origin: Origin) -> Arc<dyn Publisher> {
        Arc::new(TracedPublisher { publisher, origin, shared: Arc::clone(&self.0) })
    }

    fn consumer(&self, consumer: Arc<dyn Consumer>, group: &str) -> Arc<dyn Consumer> {
        let shared = Arc::clone(&self.0);
        Arc::new(TracedConsumer { consumer, group: group.to_owned(), shared, in_hand: Mutex::default() })
    }
}

impl Shared {
    fn attributes(&self, operation: &'static str, message: &Message, group: Option<&str>) -> Vec<KeyValue> {
        let Messaging { system, server, destination } = &self.messaging;
        let destination = destination(message, group);
        let text = |name: &'static str, value: &str| KeyValue::new(name, value.to_owned());
        let mut attributes = vec![
            KeyValue::new("messaging.system", *system),
            KeyValue::new("messaging.operation.name", operation),
            KeyValue::new("messaging.operation.type", operation),
            KeyValue::new("messaging.destination.name", destination.name),
            text("messaging.destination.template", message.topic.as_str()),
            text("messaging.message.id", &message.id),
            KeyValue::new("messaging.message.body.size", message.body.len() as i64),
            text("duet.order.id", &message.key),
        ];
        attributes.extend(destination.attributes);
        if let Some(correlation) = message.headers.get("correlationid") {
            attributes.push(text("messaging.message.conversation_id", correlation));
        }
        if let Some(group) = group {
            attributes.push(text("messaging.consumer.group.name", group));
        }
        if let Some((host, port)) = server {
            attributes.push(text("server.address", host));
            attributes.push(KeyValue::new("server.port", i64::from(*port)));
        }
        if let Some(style) = message.headers.get("style") {
            attributes.push(text("duet.style", style));
        }
        attributes
    }

    /// The span that sending the message belongs to; `None` if its order is not traced.
    fn cause(&self, message: &Message, origin: Origin) -> Option<TraceContext> {
        match (message.headers.get(TRACEPARENT), origin) {
            (None, Origin::Edge) => self.tracer.root(&message.key),
            (header, _) => self.tracer.joined(header),
        }
    }
}

struct TracedPublisher {
    publisher: Arc<dyn Publisher>,
    origin: Origin,
    shared: Arc<Shared>,
}

/// The sending of one message.
struct Sending {
    context: TraceContext,
    cause: TraceContext,
    /// Which of the messages it is.
    index: usize,
}

#[async_trait]
impl Publisher for TracedPublisher {
    async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
        let sends: Vec<Sending> = messages.iter().enumerate().filter_map(|(i, m)| self.send(i, m)).collect();
        if sends.is_empty() {
            return self.publisher.publish(messages).await;
        }
        let mut traced = messages.to_vec();
        for send in &sends {
            traced[send.index].headers.set(TRACEPARENT, send.context.to_string());
        }
        let began = self.shared.tracer.now();
        let published = self.publisher.publish(&traced).await;
        let (ended, failure) = (self.shared.tracer.now(), published.as_ref().err());
        for Sending { context, cause, index } in sends {
            let message = &messages[index];
            let mut attributes = self.shared.attributes("send", message, None);
            attributes.extend(failure.map(|error| KeyValue::new("error.type", kind_of(error))));
            self.shared.tracer.record(Span {
                context,
                parent: Some(cause),
                name: format!("send {}", message.topic).into(),
                kind: SpanKind::Producer,
                began,
                ended,
                attributes,
                links: Vec::new(),
                failure: failure.map(ToString::to_string),
            });
        }
        published
    }
}

impl TracedPublisher {
    /// What is recorded of a message's sending; `None` where its order is not, or where the message has as many headers as
    /// one may have: a trace must not keep it from being sent.
    fn send(&self, index: usize, message: &Message) -> Option<Sending> {
        if message.headers.len() >= HEADERS_MAX && message.headers.get(TRACEPARENT).is_none() {
            return None;
        }
        let cause = self.shared.cause(message, self.origin)?;
        Some(Sending { context: self.shared.tracer.span_of(cause), cause, index })
    }
}

struct TracedConsumer {
    consumer: Arc<dyn Consumer>,
    group: String,
    shared: Arc<Shared>,
    /// Deliveries that are not settled. The subscription bounds how many there are.
    in_hand: Mutex<HashMap<Token, Processing>>,
}

/// The processing of one message.
struct Processing {
    context: TraceContext,
    cause: TraceContext,
    began: SystemTime,
    message: Arc<Message>,
}

impl TracedConsumer {
    fn in_hand(&self) -> MutexGuard<'_, HashMap<Token, Processing>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the processing's span in the place of the sending's: whatever the message leads to comes from it.
    fn begin(&self, delivery: &mut Delivery, began: SystemTime) -> Option<Processing> {
        let cause = self.shared.tracer.joined(delivery.message.headers.get(TRACEPARENT))?;
        let context = self.shared.tracer.span_of(cause);
        Arc::make_mut(&mut delivery.message).headers.set(TRACEPARENT, context.to_string());
        Some(Processing { context, cause, began, message: Arc::clone(&delivery.message) })
    }

    fn end(&self, process: Processing, outcome: &Outcome, ended: SystemTime) {
        let Processing { context, cause, began, message } = process;
        let mut attributes = self.shared.attributes("process", &message, Some(&self.group));
        let failure = match outcome {
            Outcome::Done => None,
            Outcome::Retry => Some(("retry", "to be delivered again".to_owned())),
            Outcome::DeadLetter { reason } => Some(("dead_letter", reason.clone())),
        };
        attributes.extend(failure.as_ref().map(|(kind, _)| KeyValue::new("error.type", *kind)));
        self.shared.tracer.record(Span {
            context,
            parent: Some(cause),
            name: format!("process {}", message.topic).into(),
            kind: SpanKind::Consumer,
            began,
            ended,
            attributes,
            links: vec![cause],
            failure: failure.map(|(_, reason)| reason),
        });
    }
}

#[async_trait]
impl Consumer for TracedConsumer {
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError> {
        let mut deliveries = self.consumer.receive(max).await?;
        let now = self.shared.tracer.now();
        for delivery in &mut deliveries {
            if let Some(process) = self.begin(delivery, now) {
                self.in_hand().insert(delivery.token, process);
            }
        }
        Ok(deliveries)
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError> {
        // Once said, what became of a delivery does not change: should the bus not hear of it, it comes again as another.
        let ended: Vec<(Processing, Outcome)> = {
            let mut in_hand = self.in_hand();
            let of = |s: &Settlement| Some((in_hand.remove(&s.token)?, s.outcome.clone()));
            settlements.iter().filter_map(of).collect()
        };
        let settled = self.consumer.settle(settlements).await;
        let now = self.shared.tracer.now();
        ended.into_iter().for_each(|(process, outcome)| self.end(process, &outcome, now));
        settled
    }

    fn epoch(&self) -> u64 {
        self.consumer.epoch()
    }
}

const fn kind_of(error: &BusError) -> &'static str {
    match error {
        BusError::Unavailable(_) => "unavailable",
        BusError::Full { .. } | BusError::DeadLettersFull { .. } => "full",
        BusError::Limit { .. } => "limit",
        BusError::TooLarge { .. } => "too_large",
        BusError::Protocol(_) => "protocol",
        BusError::Closed => "closed",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use bus::{Bus as _, Headers, Layered, MemoryBus, Subscription, Topic};
    use bytes::Bytes;
    use opentelemetry_sdk::trace::SpanData;

    use super::*;
    use crate::tracer::tests::{recorded, spans};

    const PLACED: Topic = Topic::new("choreography/order.placed");
    const RECORDED: Topic = Topic::new("choreography/order.recorded");

    fn message(topic: Topic, headers: Headers) -> Message {
        let id = format!("id-of-{topic}");
        Message { id, topic, key: "o-1".into(), headers, body: Bytes::from_static(b"{}") }
    }

    fn traced(tracer: &Tracer) -> Layered<Traces> {
        let destination =
            |m: &Message, _: Option<&str>| Destination { name: m.topic.stream().into(), attributes: vec![] };
        let messaging = Messaging {
            system: "trial",
            server: Some(("here".into(), 1)),
            destination: Arc::new(destination),
        };
        Layered::new(Arc::new(MemoryBus::default()), Traces::new(tracer.clone(), messaging))
    }

    async fn joined(bus: &Layered<Traces>, group: &str, topic: Topic) -> Arc<dyn Consumer> {
        let subscription = Subscription { group: group.into(), topics: vec![topic], unsettled_max: 10 };
        bus.subscribe(&subscription).await.unwrap()
    }

    fn attribute<'a>(span: &'a SpanData, name: &str) -> Option<&'a opentelemetry::Value> {
        span.attributes.iter().find(|pair| pair.key.as_str() == name).map(|pair| &pair.value)
    }

    #[tokio::test]
    async fn a_message_with_as_many_headers_as_it_may_have_is_sent_without_a_trace() {
        let (tracer, exporter) = recorded();
        let bus = traced(&tracer);
        let consumer = joined(&bus, "first", PLACED).await;
        let mut full = Headers::default();
        (0..HEADERS_MAX).for_each(|n| full.set(format!("h{n}"), "x"));
        bus.publisher(Origin::Edge).await.unwrap().publish(&[message(PLACED, full)]).await.unwrap();
        assert_eq!(consumer.receive(1).await.unwrap()[0].message.headers.len(), HEADERS_MAX);
        assert!(spans(&tracer, &exporter).is_empty());
    }

    #[tokio::test]
    async fn an_orders_way_over_two_hops_is_one_tree() {
        let (tracer, exporter) = recorded();
        let bus = traced(&tracer);
        let first = joined(&bus, "first", PLACED).await;
        let second = joined(&bus, "second", RECORDED).await;
        let edge = bus.publisher(Origin::Edge).await.unwrap();
        edge.publish(&[message(PLACED, Headers::default())]).await.unwrap();
        let delivery = first.receive(1).await.unwrap().remove(0);
        // As every handler does: what it sends has the context that its input had.
        let onward = message(RECORDED, delivery.message.headers.clone());
        bus.publisher(Origin::Participant).await.unwrap().publish(&[onward]).await.unwrap();
        let done = |delivery: &Delivery| vec![Settlement { token: delivery.token, outcome: Outcome::Done }];
        first.settle(done(&delivery)).await.unwrap();
        let delivery = second.receive(1).await.unwrap().remove(0);
        let reason = "it makes no sense".to_owned();
        let dead = Settlement { token: delivery.token, outcome: Outcome::DeadLetter { reason } };
        second.settle(vec![dead]).await.unwrap();

        let spans = spans(&tracer, &exporter);
        let found =
            |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}"));
        let names = [
            "send choreography/order.placed",
            "process choreography/order.placed",
            "send choreography/order.recorded",
            "process choreography/order.recorded",
        ];
        assert_eq!(spans.len(), names.len());
        let root = TraceContext::of_order("o-1");
        let mut parent = root.span_id.to_be_bytes();
        for name in names {
            let span = found(name);
            assert_eq!(span.span_context.trace_id().to_bytes(), root.trace_id.to_be_bytes(), "{name}");
            assert_eq!(span.parent_span_id.to_bytes(), parent, "{name}");
            parent = span.span_context.span_id().to_bytes();
        }
        let process = found(names[1]);
        assert_eq!(process.span_kind, SpanKind::Consumer);
        assert_eq!(process.links.links[0].span_context.span_id(), process.parent_span_id);
        assert_eq!(attribute(process, "messaging.destination.name"), Some(&"choreography".into()));
        assert_eq!(attribute(process, "messaging.consumer.group.name"), Some(&"first".into()));
        assert_eq!(attribute(found(names[2]), "messaging.operation.type"), Some(&"send".into()));
        assert_eq!(attribute(found(names[3]), "error.type"), Some(&"dead_letter".into()));
    }

    #[tokio::test]
    async fn only_what_belongs_to_a_trace_is_traced() {
        let (tracer, exporter) = recorded();
        let bus = traced(&tracer);
        let consumer = joined(&bus, "first", PLACED).await;
        let mut unsampled = Headers::default();
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
        unsampled.set(TRACEPARENT, header);
        let publisher = bus.publisher(Origin::Participant).await.unwrap();
        publisher.publish(&[message(PLACED, unsampled)]).await.unwrap();
        publisher.publish(&[message(PLACED, Headers::default())]).await.unwrap();
        let deliveries = consumer.receive(2).await.unwrap();
        assert_eq!(deliveries[0].message.headers.get(TRACEPARENT), Some(header), "handed on as it is");
        consumer
            .settle(
                deliveries.iter().map(|d| Settlement { token: d.token, outcome: Outcome::Done }).collect(),
            )
            .await
            .unwrap();
        assert_eq!(spans(&tracer, &exporter), Vec::new());
    }

    #[tokio::test]
    async fn a_publish_that_fails_is_seen_and_the_next_attempt_is_another_span() {
        struct Away(Arc<dyn Publisher>, std::sync::atomic::AtomicBool);
        #[async_trait]
        impl Publisher for Away {
            async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
                if self.1.swap(false, std::sync::atomic::Ordering::Relaxed) {
                    return Err(BusError::Unavailable("gone".into()));
                }
                self.0.publish(messages).await
            }
        }
        let (tracer, exporter) = recorded();
        let bus = traced(&tracer);
        let consumer = joined(&bus, "first", PLACED).await;
        let plain = MemoryBus::default().publisher(Origin::Edge).await.unwrap();
        let away = Arc::new(Away(plain, true.into()));
        let publisher = bus.layer().publisher(away, Origin::Edge);
        let messages = [message(PLACED, Headers::default())];
        publisher.publish(&messages).await.unwrap_err();
        publisher.publish(&messages).await.unwrap();
        drop(consumer);
        let spans = spans(&tracer, &exporter);
        let [failed, sent] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!(attribute(failed, "error.type"), Some(&"unavailable".into()));
        assert_eq!(attribute(sent, "error.type"), None);
        assert_ne!(failed.span_context.span_id(), sent.span_context.span_id());
    }
}
