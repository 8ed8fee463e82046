//! What travels on a bus.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::BusError;

/// A topic's name, `stream/kind`. The stream is what must stay in one ordered log (a Kafka topic, say); the kind
/// is what subscribers choose by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Topic(Cow<'static, str>);

impl Topic {
    /// A topic whose name is known at compile time; costs no allocation.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A topic whose name is made at run time.
    #[must_use]
    pub fn owned(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash (all of it where there is none).
    #[must_use]
    pub fn stream(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(stream, _)| stream)
    }

    /// The part behind the slash (all of it where there is none).
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(_, kind)| kind)
    }
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The most headers that a message may have, on every bus. Whoever reads a message from outside looks at their number
/// before it reads one: setting a header compares it with those that are there.
pub const HEADERS_MAX: usize = 64;

/// A message's attributes: few ([`HEADERS_MAX`]), so a list is faster than a map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(Vec<(Cow<'static, str>, Cow<'static, str>)>);

impl Headers {
    /// None yet, with room for `capacity`.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// The value of the header of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| &**v)
    }

    /// Sets a header, replacing what had the same name.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some((_, v)) => *v = value,
            None => self.0.push((name, value)),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All headers, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (&**n, &**v))
    }

    /// The size of names and values, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(n, v)| n.len() + v.len()).sum()
    }
}

/// What is published and delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Unique: a message published again keeps its id, and receivers drop what they have handled by it.
    pub id: String,
    /// Where it is published.
    pub topic: Topic,
    /// Messages of one key keep their order.
    pub key: String,
    /// What is said of the payload, for whoever handles it.
    pub headers: Headers,
    /// The payload; opaque to the bus.
    pub body: Bytes,
}

impl Message {
    /// Its size as carried: id, topic, key, headers and body, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.id.len() + self.topic.as_str().len() + self.key.len() + self.headers.bytes() + self.body.len()
    }

    /// Refuses a message with more headers than any bus takes.
    ///
    /// # Errors
    /// [`BusError::Limit`], which is terminal.
    pub fn check_headers(&self) -> Result<(), BusError> {
        if self.headers.len() > HEADERS_MAX {
            return Err(BusError::Limit {
                what: "headers of a message".to_owned(),
                limit: HEADERS_MAX as u64,
            });
        }
        Ok(())
    }
}

/// Names one delivery to the consumer that received it; means nothing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Token(pub u64);

/// A message handed to a consumer, to be settled by it.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Names this delivery when it is settled.
    pub token: Token,
    /// How often the message has been delivered to this group, this time included, where the bus counts; else 1.
    pub attempt: u32,
    /// What was published.
    pub message: Arc<Message>,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Its effects are committed: forget it.
    Done,
    /// It could not be handled now: deliver it again.
    Retry,
    /// It can never be handled: keep it as a dead letter.
    DeadLetter {
        /// Why, for the operator.
        reason: String,
    },
}

/// One delivery's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Which delivery.
    pub token: Token,
    /// What became of it.
    pub outcome: Outcome,
}

/// A message that could not be handled, kept with its reason and origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The message as it arrived.
    pub message: Message,
    /// The group that could not handle it.
    pub group: String,
    /// Why not.
    pub reason: String,
    /// How often it was delivered before.
    pub attempts: u32,
}
