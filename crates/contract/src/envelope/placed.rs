//! The message with which an order enters the system.

use bus::Message;

use super::attributes::Envelope;
use crate::event::Event;
use crate::order::Order;
use crate::style::Style;
use crate::time::Millis;

/// What an order is in this style: a hash (XXH3, 128 bits, in hexadecimal) of everything that the order says and of the style.
/// The same for equal orders, however they were written; it stands in messages' ids and in stores, so it never changes.
#[must_use]
pub fn fingerprint(order: &Order, style: Style) -> String {
    let content =
        serde_json::to_vec(&(order, style)).expect("an order has only string keys and whole numbers");
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&content))
}

/// The message with which an order enters the system, the same in both styles. Its id derives from everything in it, so that an
/// order placed twice is taken once, and another one under the same order id, or this one in the other style, is another
/// message: it is refused, and not taken for a repetition.
#[must_use]
pub fn placed(order: &Order, envelope: &Envelope, source: &'static str, now: Millis) -> Message {
    let encoded = Event::OrderPlaced { order: order.clone() }.encode(envelope, source, now);
    Message {
        id: format!("placed/{}/{}", order.order_id, fingerprint(order, envelope.style)),
        topic: encoded.topic,
        key: order.order_id.clone(),
        headers: encoded.headers,
        body: encoded.body,
    }
}

#[cfg(test)]
mod tests;
