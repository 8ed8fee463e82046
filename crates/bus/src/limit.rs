//! What a broker gives at best to a bare producer and consumer: the measure that a system's rate on it is stated
//! against. Each adapter measures its own broker, without the adapter's own code in the way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a bare producer sends and a bare consumer settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Size of each message's body.
    pub body_bytes: usize,
    /// How long messages are sent as fast as they go, and then how long one at a time.
    pub each: Duration,
}

/// The limit of a broker, at the guarantees that the adapter gives: confirmed, settled, at the level of durability
/// that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Messages a second that were confirmed to a producer, delivered to a consumer and settled by it, batched and
    /// pipelined.
    pub messages_per_s: f64,
    /// Messages a second confirmed when each waits for the one before it.
    pub one_at_a_time_per_s: f64,
    /// Median time from sending a lone message to receiving it, in milliseconds.
    pub alone_ms_p50: f64,
}

/// The URL of a bus that cannot be used; says what would be right, and holds no part of the URL that may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct InvalidUrl {
    /// What would be right.
    pub expected: String,
}
