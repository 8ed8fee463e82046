//! Errors of a store.

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else wrote this entity since it was loaded; nothing was applied. Retryable: load and decide again.
    #[error("entity {key} is not at version {expected} any more")]
    Conflict {
        /// The entity's key.
        key: String,
        /// The version that the write was decided upon.
        expected: u64,
    },
    /// The store cannot be reached, is busy, or its disk is full. Retryable.
    #[error("the store is unavailable: {reason}")]
    Unavailable {
        /// What is wrong, and what to do where that is known.
        reason: String,
        /// What the database or the disk said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// What is stored cannot be read, or the location cannot hold a store. Terminal.
    #[error("the store cannot be used: {reason}")]
    Unusable {
        /// What is wrong, and what to do where that is known.
        reason: String,
        /// What the database or the disk said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Unavailable { .. })
    }
}
