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
mod server;
mod wire;

use std::time::Duration;

pub use client::RemoteBus;
pub use server::{serve, serve_with};

#[cfg(doc)]
use crate::{Bus, BusError};

/// The limits of a connection, the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteOptions {
    /// The largest frame taken from the other side, in bytes. Must exceed the largest message.
    pub frame_bytes_max: usize,
    /// A side that has nothing to say says so after this long.
    pub heartbeat: Duration,
    /// A connection on which nothing arrives, or nothing can be written, for this long is given up.
    pub idle_timeout: Duration,
    /// Client: how long the first connection is tried before [`RemoteBus::connect`] fails.
    pub connect_timeout: Duration,
    /// How long either side waits for the other's greeting.
    pub handshake_timeout: Duration,
    /// Client: how long a request waits for its answer.
    pub request_timeout: Duration,
    /// Client: the first pause before connecting again; it doubles up to [`Self::backoff_max`].
    pub backoff_min: Duration,
    /// Client: the longest pause before connecting again.
    pub backoff_max: Duration,
    /// Client: seeds the jitter of the pauses (each is between half of it and all of it).
    pub jitter_seed: u64,
    /// Server: how many connections it serves at a time; more are turned away.
    pub connections_max: usize,
}

impl Default for RemoteOptions {
    fn default() -> Self {
        Self {
            frame_bytes_max: 16 * 1024 * 1024,
            heartbeat: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            backoff_min: Duration::from_millis(20),
            backoff_max: Duration::from_secs(2),
            jitter_seed: u64::from(std::process::id()),
            connections_max: 1024,
        }
    }
}
