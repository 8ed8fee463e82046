//! What the tests of this crate share.

use std::sync::Arc;

use bus::{Bus, Consumer, Delivery, Headers, Message, Origin, Outcome, Settlement, Subscription, Topic};

pub(crate) const TOPIC: Topic = Topic::new("orders/placed");

pub(crate) fn message(key: &str, id: impl ToString) -> Message {
    let headers = Headers::default();
    Message { id: id.to_string(), topic: TOPIC, key: key.to_owned(), headers, body: "{}".into() }
}

pub(crate) fn messages(count: usize) -> Vec<Message> {
    (0..count).map(|n| message(&format!("key-{}", n % 10), n)).collect()
}

pub(crate) fn group(name: &str) -> Subscription {
    Subscription { group: name.to_owned(), topics: vec![TOPIC], unsettled_max: 1000 }
}

pub(crate) async fn publish(
    bus: &impl Bus,
    origin: Origin,
    messages: &[Message],
) -> Result<(), bus::BusError> {
    bus.publisher(origin).await.unwrap().publish(messages).await
}

pub(crate) async fn settle(
    consumer: &Arc<dyn Consumer>,
    deliveries: &[Delivery],
    outcome: Outcome,
) -> Result<(), bus::BusError> {
    let settlement = |delivery: &Delivery| Settlement { token: delivery.token, outcome: outcome.clone() };
    consumer.settle(deliveries.iter().map(settlement).collect()).await
}

pub(crate) fn ids(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(|delivery| delivery.message.id.clone()).collect()
}
