//! What is said about a message, beside its body.

use bus::{Headers, Message, Topic};
use bytes::Bytes;

use crate::Style;
use crate::order::FieldError;
use crate::time::{self, Millis};
use crate::trace::{TRACEPARENT, TraceContext};

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
