//! The limits of a connection.

use std::time::Duration;

/// The limits of a connection, the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteOptions {
    /// The largest frame taken from the other side, in bytes. Must exceed the largest message.
    pub frame_bytes_max: usize,
    /// A side that has nothing to say says so after this long.
    pub heartbeat: Duration,
    /// A connection on which nothing arrives, or nothing can be written, for this long is given up.
    pub idle_timeout: Duration,
    /// Client: how long the first connection is tried before [`RemoteBus::connect`](super::RemoteBus::connect) fails.
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
