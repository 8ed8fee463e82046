//! The envelope: CloudEvents 1.0 attributes in binary mode, as message headers.
//!
//! The bus carries `id` and `subject` (the order's id, which is the message's key) itself; the other attributes
//! are headers under their CloudEvents names. Extensions: `style`, `correlationid`, `traceparent` (W3C Trace
//! Context, via the CloudEvents distributed tracing extension), and `replayed` (it was said before, see [`REPLAYED`]).

use bus::{Headers, Message, Topic};
use bytes::Bytes;

use crate::order::FieldError;
use crate::time::{self, Millis};
use crate::trace::{TRACEPARENT, TraceContext};
use crate::{Order, Style};

/// The header of a message that says again what was said before, under another id: what its sender committed may have been lost on
/// the way. Whoever counts must not count it beside the first.
pub const REPLAYED: &str = "replayed";
/// CloudEvents' version.
pub const SPEC_VERSION: &str = "1.0";

/// The attributes that one message hands on to those it causes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The order's style.
    pub style: Style,
    /// W3C trace context, where the order came with one.
    pub traceparent: Option<String>,
    /// What the message answers, where it answers something.
    pub correlation: Option<String>,
    /// It says again what was said before. Not handed on.
    pub replayed: bool,
}

/// A message that cannot be understood: terminal, it goes to the dead letters.
#[derive(Debug, thiserror::Error)]
#[error("malformed message: {0}")]
pub struct Malformed(pub FieldError);

impl Malformed {
    /// The header `name` holds `value` and should hold `expected`.
    #[must_use]
    pub fn header(name: &str, value: Option<&str>, expected: &str) -> Self {
        Self(FieldError {
            field: format!("header {name}"),
            value: value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}")),
            expected: expected.to_owned(),
        })
    }
}

/// A message ready to be published, but for its id and key, which whoever publishes it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Where to.
    pub topic: Topic,
    /// The envelope.
    pub headers: Headers,
    /// JSON.
    pub body: Bytes,
}

impl Envelope {
    /// Of a new order in this style.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style, traceparent: None, correlation: None, replayed: false }
    }

    /// Reads it from a message.
    ///
    /// # Errors
    /// There is no `style` header, or it names none.
    pub fn of(message: &Message) -> Result<Self, Malformed> {
        let style = message.headers.get("style");
        let known = style.and_then(|style| style.parse().ok());
        Ok(Self {
            style: known.ok_or_else(|| Malformed::header("style", style, "choreography or orchestration"))?,
            traceparent: message
                .headers
                .get(TRACEPARENT)
                .filter(|text| TraceContext::parse(text).is_some())
                .map(str::to_owned),
            correlation: message.headers.get("correlationid").map(str::to_owned),
            replayed: message.headers.get(REPLAYED).is_some(),
        })
    }

    /// Writes the attributes of a message of type `kind` that `source` sends at `now`.
    #[must_use]
    pub fn headers(&self, kind: &'static str, source: &'static str, now: Millis) -> Headers {
        let mut headers = Headers::with_capacity(8);
        headers.set("specversion", SPEC_VERSION);
        headers.set("type", kind);
        headers.set("source", source);
        headers.set("time", time::format(now));
        headers.set("datacontenttype", "application/json");
        headers.set("style", self.style.as_str());
        if let Some(traceparent) = &self.traceparent {
            headers.set(TRACEPARENT, traceparent.clone());
        }
        if let Some(correlation) = &self.correlation {
            headers.set("correlationid", correlation.clone());
        }
        if self.replayed {
            headers.set(REPLAYED, "true");
        }
        headers
    }
}

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
    let encoded = crate::Event::OrderPlaced { order: order.clone() }.encode(envelope, source, now);
    Message {
        id: format!("placed/{}/{}", order.order_id, fingerprint(order, envelope.style)),
        topic: encoded.topic,
        key: order.order_id.clone(),
        headers: encoded.headers,
        body: encoded.body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Item;

    fn order() -> Order {
        Order {
            order_id: "o-1".into(),
            customer_id: "c-1".into(),
            restaurant_id: "r-1".into(),
            items: vec![Item { name: "ph\u{1edf}".into(), quantity: 2, unit_price_minor: 950 }],
            currency: "EUR".into(),
            total_minor: 1900,
            placed_at: None,
        }
    }

    fn id(order: &Order, style: Style) -> String {
        placed(order, &Envelope::new(style), "duet/test", 0).id
    }

    #[test]
    fn what_is_said_again_is_marked_and_nothing_else() {
        for replayed in [false, true] {
            let envelope = Envelope { replayed, ..Envelope::new(Style::Choreography) };
            let message = placed(&order(), &envelope, "duet/test", 0);
            assert_eq!(Envelope::of(&message).unwrap(), envelope);
        }
    }

    #[test]
    fn a_placed_orders_id_tells_of_everything_in_it() {
        let first = id(&order(), Style::Choreography);
        // It stands in inboxes: another hash of the same order would make a repetition look new.
        assert_eq!(first, "placed/o-1/72a73c2d3a0f854f27bd75c1e063ec36");
        assert_ne!(first, id(&order(), Style::Orchestration));
        let others = [
            Order { customer_id: "c-2".into(), ..order() },
            Order { restaurant_id: "r-2".into(), ..order() },
            Order { items: Vec::new(), ..order() },
            Order { currency: "USD".into(), ..order() },
            Order { total_minor: 1, ..order() },
            Order { placed_at: Some("2026-01-01T00:00:00Z".into()), ..order() },
        ];
        for other in others {
            assert_ne!(first, id(&other, Style::Choreography), "{other:?}");
        }
        let later = Envelope { traceparent: Some("00-1".into()), ..Envelope::new(Style::Choreography) };
        assert_eq!(first, placed(&order(), &later, "duet/other", 5).id, "nor of anything beside it");
        let written = r#"{ "total_minor": 1900, "currency": "EUR", "restaurant_id": "r-1", "customer_id": "c-1", "order_id": "o-1",
            "items": [{ "unit_price_minor": 950, "quantity": 2, "name": "ph\u1edf" }] }"#;
        assert_eq!(first, id(&Order::from_json(written.as_bytes()).unwrap(), Style::Choreography));
    }
}
