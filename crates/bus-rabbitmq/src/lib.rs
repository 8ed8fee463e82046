//! The message bus on RabbitMQ: quorum queues, publisher confirms, shards by key.
//!
//! - **Topology.** Everything is published to one durable direct exchange. Each group has one quorum queue per shard of
//!   the keys, bound by topic and shard. A publish is done once all its groups have the message. See `topology`.
//! - **Publishing** waits for the confirms of all messages of a call, which are sent before the first confirm is waited
//!   for. While there is no connection, and when the broker takes no messages for too long, it fails as unavailable.
//! - **Order.** The publisher computes the shard of a key; a shard has a single active consumer. Members of a group
//!   tell each other that they are there and compute by themselves who consumes which shard; a shard is handed over
//!   once what was handed out is settled. See `membership` and `assignment`.
//! - **Settling.** Deliveries are acknowledged in runs. An acknowledgement is not answered: one that is lost, with the
//!   connection or when its consumer leaves right afterwards, brings the delivery again.
//! - **Dead letters** lie in a queue of their own, with reason and number of deliveries in headers. What cannot be read
//!   becomes one at once, as soon as somebody receives.
//! - **Reconnection.** Connections are made again with back-off and jitter, without lapin's own recovery; everything is
//!   declared again. Deliveries of a lost connection are forgotten, and come again.
//! - **What the broker forgot.** Every group that this process declared is declared whole before the first publish on a new
//!   channel, and looked after all the time. See `keeper`.
//!
//! A broker that is short of memory or disk tells every connection so, and lapin then writes nothing to any of them:
//! also acknowledgements wait until the broker has recovered.
#![warn(missing_docs)]

mod assignment;
mod backoff;
mod confirms;
mod consumer;
mod dead;
mod error;
mod inbound;
mod keeper;
mod known;
mod limit;
mod link;
mod member;
mod membership;
mod names;
mod options;
mod outlet;
mod publisher;
mod queues;
mod rabbit;
mod shared;
mod topology;
mod version;
mod wire;

pub use limit::limit;
pub use options::{RabbitOptions, Route};
pub use rabbit::RabbitBus;
