//! The limits of the in-process bus.

/// The limits of a [`MemoryBus`](super::MemoryBus).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryOptions {
    /// How many messages may wait in one group. What is delivered and unsettled comes on top of it, as bounded by
    /// each consumer's `unsettled_max`.
    pub capacity: usize,
    /// Into how many shards a group's keys are divided: at most this many of its consumers have work.
    /// Between 1 and 65,536.
    pub shards: usize,
    /// How often a message is delivered before a further retry makes it a dead letter (reason `delivery limit`).
    /// Redeliveries because a consumer went away count as attempts, but only [`Outcome::Retry`](crate::Outcome)
    /// makes a dead letter.
    pub delivery_limit: u32,
    /// How many dead letters a group may keep.
    pub dead_letters_max: usize,
    /// The largest body, in bytes.
    pub message_bytes_max: usize,
    /// The largest id, key, topic and headers of one message taken together, in bytes.
    pub attributes_bytes_max: usize,
    /// How many groups there may be.
    pub groups_max: usize,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self {
            capacity: 100_000,
            shards: 64,
            delivery_limit: 20,
            dead_letters_max: 10_000,
            message_bytes_max: 256 * 1024,
            attributes_bytes_max: 64 * 1024,
            groups_max: 10_000,
        }
    }
}
