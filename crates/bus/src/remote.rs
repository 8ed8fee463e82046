//! A bus served over TCP, so that the processes of one machine can share one.
//!
//! [`serve`] offers any [`Bus`] (the memory bus, usually) on a listener; [`RemoteBus`] is its client and a [`Bus`]
//! itself, with the capabilities of the bus behind the server.
//!
//! - **Connections.** One for administration, one for each publisher and each consumer. Requests are pipelined and
//!   answered by correlation number.
//! - **Deliveries** are pushed as long as the consumer holds fewer than its `unsettled_max`, so that receiving costs
//!   no round trip. Those pushed and not received yet count as unsettled.
//! - **Loss.** A consumer's lost connection is a consumer that left: what it had not settled is redelivered. The
//!   client reconnects with capped exponential back-off and jitter, declares its groups again and subscribes again;
//!   [`Consumer::receive`](crate::Consumer::receive) waits meanwhile. Every other request that was under way, or is
//!   made while there is no connection, fails with [`BusError::Unavailable`]: whether it took effect is not known.
//! - **Dead peers** are noticed: each side sends at least one frame per [`RemoteOptions::heartbeat`] and gives up a
//!   connection on which nothing arrives for [`RemoteOptions::idle_timeout`].
//! - **Strangers.** Both sides begin with a magic word and their protocol version; what does not match, and every
//!   malformed or oversized frame, closes that one connection with a log line that says why.
//! - **No secrets.** There is neither authentication nor encryption: listen on a loopback address.

mod client;
mod frame;
mod link;
mod options;
mod server;
mod wire;

pub use client::RemoteBus;
pub use options::RemoteOptions;
pub use server::{serve, serve_with};

#[cfg(doc)]
use crate::{Bus, BusError};
