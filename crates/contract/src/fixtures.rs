//! The sample order and messages about it, for the tests of whoever speaks of orders.

use bus::Message;
use bytes::Bytes;

use crate::command::{Command, encode_call};
use crate::envelope::{Encoded, Envelope};
use crate::event::Event;
use crate::order::Order;

/// A trace context.
pub const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// [`Order::sample`] as `o-1`.
#[must_use]
pub fn order() -> Order {
    Order::sample("o-1")
}

/// A message about [`order`].
#[must_use]
pub fn message(encoded: Encoded) -> Message {
    let Encoded { topic, headers, body } = encoded;
    Message { id: "m".into(), topic, key: order().order_id, headers, body }
}

/// An event about [`order`].
#[must_use]
pub fn event(event: &Event, envelope: &Envelope) -> Message {
    message(event.encode(envelope, "duet/test", 0))
}

/// A command about [`order`]; `task` waits for the reply.
#[must_use]
pub fn command(command: &Command, task: Option<&str>, envelope: &Envelope) -> Message {
    let payload = serde_json::to_vec(command).expect("a command has only string keys and whole numbers");
    message(encode_call(&command.function(), Bytes::from(payload), task, envelope, "duet/test", 0))
}
