//! What a bus is to those who use it.

use std::sync::Arc;

use async_trait::async_trait;
use durability::Durability;
use serde::{Deserialize, Serialize};

use crate::error::BusError;
use crate::figure::Figure;
#[cfg(doc)]
use crate::message::Outcome;
use crate::message::{DeadLetter, Delivery, Message, Settlement, Topic};

/// What a bus can do beyond the common semantics. The conformance suite checks each claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// What a confirmed message survives.
    pub durability: Durability,
    /// Whether [`Outcome::Retry`] redelivers only that message (`true`), or the bus keeps an order that makes
    /// the consumer redeliver everything behind it (`false`).
    pub individual_retry: bool,
    /// How often the bus itself delivers one message at most, where it counts deliveries.
    pub delivery_limit: Option<u32>,
    /// The largest message it takes, in bytes of body.
    pub message_bytes_max: usize,
}

/// What a running bus guarantees, in words for whoever compares two of them. Asked of the bus itself where that can
/// be done: versions and settings are not assumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarantees {
    /// What it is, with its version: `RabbitMQ 4.0.5`.
    pub product: String,
    /// What keeps the messages: `quorum queues, 8 shards a group`.
    pub kept_in: String,
    /// When a publish counts as done.
    pub confirmed: String,
    /// When a delivery counts as handled.
    pub settled: String,
    /// How many copies of a message there are.
    pub replicas: u32,
    /// What a confirmed message survives.
    pub durability: Durability,
}

/// Who publishes: a bounded bus lets the messages of orders under way pass before it admits new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The edge: new work from outside. Refused with [`BusError::Full`] while the system is behind.
    Edge,
    /// A participant that carries on work already admitted.
    Participant,
}

/// What a consumer group wants to receive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The group's name: each message goes to one consumer of every group.
    pub group: String,
    /// The topics it receives, by exact name.
    pub topics: Vec<Topic>,
    /// How many deliveries one consumer may hold unsettled, at the most.
    pub unsettled_max: usize,
}

/// How much a group has before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Messages waiting to be delivered.
    pub ready: u64,
    /// Messages delivered and not settled yet.
    pub unsettled: u64,
    /// Dead letters kept.
    pub dead: u64,
}

/// A message bus.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// What this bus guarantees beyond the common semantics.
    fn capabilities(&self) -> Capabilities;

    /// Makes sure that the group exists, so that it gets every message published from now on, even while none of
    /// its consumers is connected. Idempotent; naming other topics than before replaces them.
    async fn declare(&self, subscription: &Subscription) -> Result<(), BusError>;

    /// Joins the group (declaring it first). Consumers of one group share its messages by key.
    async fn subscribe(&self, subscription: &Subscription) -> Result<Arc<dyn Consumer>, BusError>;

    /// A publisher; cheap to make once per participant, not once per message.
    async fn publisher(&self, origin: Origin) -> Result<Arc<dyn Publisher>, BusError>;

    /// How much the group has before it; `None` where there is no such group.
    async fn depth(&self, group: &str) -> Result<Option<Depth>, BusError>;

    /// The group's dead letters, oldest first, at most `limit`.
    async fn dead_letters(&self, group: &str, limit: usize) -> Result<Vec<DeadLetter>, BusError>;

    /// Puts a dead letter back at the end of its group's queue, with its delivery count at zero. `false` when
    /// there is none with that message id.
    async fn redrive(&self, group: &str, message_id: &str) -> Result<bool, BusError>;

    /// What this bus guarantees, as the running bus says.
    async fn guarantees(&self) -> Result<Guarantees, BusError>;

    /// Whether it takes messages now, as far as it knows without publishing one; readiness asks this once a second. A bus
    /// that answers everything else may still take nothing: a broker that is short of memory, a publisher that gets no
    /// answer. The error says why.
    async fn takes_messages(&self) -> Result<(), BusError> {
        Ok(())
    }

    /// What its client measures by itself, those of one name together; nothing where it measures nothing. Does not wait.
    fn figures(&self) -> Vec<Figure> {
        Vec::new()
    }

    /// Deletes these groups with their messages and dead letters and, where streams are kept apart from groups, every
    /// stream in this bus's namespace: the end of a run that had a namespace of its own. A bus that lives in a process
    /// goes with it and has nothing to do here. Idempotent.
    async fn remove(&self, groups: &[&str]) -> Result<(), BusError> {
        let _ = groups;
        Ok(())
    }
}

/// The way into a bus.
#[async_trait]
pub trait Publisher: Send + Sync {
    /// Publishes the messages in order. `Ok` means that the bus has taken responsibility for every one of them, at
    /// its level of durability. After an error any part of them may have been taken: publish all again, with the
    /// same ids, and let the receivers' inboxes drop what comes twice. Not cancel-safe in the same sense. Calls may
    /// overlap: as long as none fails, messages go out in the order in which the calls were first polled. A call ends by
    /// itself, with an error where the bus does not answer: callers need no time-out, and a shorter one of theirs would
    /// cut off what the bus does about it.
    async fn publish(&self, messages: &[Message]) -> Result<(), BusError>;
}

/// One member of a consumer group. Dropping the last handle leaves the group; what was not settled is
/// redelivered, to this group's other members or to the next one.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// Waits until there is at least one delivery and returns up to `max` of them. Cancel-safe: a dropped call
    /// loses no delivery.
    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, BusError>;

    /// Says what became of deliveries. An error leaves them unsettled: they will come again.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), BusError>;

    /// Counts the times that this consumer was given keys that another member had before (which left, or died, or
    /// shares with a new one). When it has changed since the last call, what the former member committed and did not
    /// publish should be published before the deliveries received from now on are handled. Buses that cannot lose a
    /// member without this process stay at 0.
    fn epoch(&self) -> u64 {
        0
    }
}
