//! Errors of a bus.

/// Why a bus did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BusError {
    /// The bus cannot be reached now, or its connection was lost. Retryable.
    #[error("the bus is unavailable: {0}")]
    Unavailable(String),
    /// The bus has no room for new work. Retryable, after a while.
    #[error("the queue of group {group} is full ({ready} messages, {limit} at the most)")]
    Full {
        /// The group whose queue is full.
        group: String,
        /// Messages waiting in it.
        ready: u64,
        /// How many may wait.
        limit: u64,
    },
    /// The group keeps as many dead letters as it may. Retryable, once some were redriven. The other settlements of
    /// the same call were applied; the dead letters that found no room stay unsettled.
    #[error("the dead letters of group {group} are full ({limit} at the most): redrive some first")]
    DeadLettersFull {
        /// Whose dead letters they are.
        group: String,
        /// How many dead letters it may keep.
        limit: u64,
    },
    /// A fixed limit stands against it. Terminal.
    #[error("more than {limit} {what} are not allowed")]
    Limit {
        /// Of what there would be too many.
        what: String,
        /// How many there may be.
        limit: u64,
    },
    /// The message is larger than this bus takes. Terminal.
    #[error("message {id} is too large: {bytes} bytes, {limit} at the most")]
    TooLarge {
        /// The message's id.
        id: String,
        /// The size in bytes of its body, or of its attributes where these are too large.
        bytes: usize,
        /// The most this bus takes.
        limit: usize,
    },
    /// The other side does not speak the protocol as it should. Terminal.
    #[error("protocol error: {0}")]
    Protocol(String),
    /// The bus was shut down. Terminal.
    #[error("the bus is closed")]
    Closed,
}

impl BusError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Full { .. } | Self::DeadLettersFull { .. })
    }
}
