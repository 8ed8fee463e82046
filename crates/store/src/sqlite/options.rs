//! The limits of a SQLite store.

use std::time::Duration;

use crate::Durability;

/// Limits of a [`SqliteStore`](super::SqliteStore). The defaults are measured ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// What a commit survives: [`Durability::Power`], or anything less without a flush for each.
    pub durability: Durability,
    /// Pages kept in memory by the writing connection, in bytes.
    pub cache_bytes: usize,
    /// How many reads may run at a time (at least 1), each with a connection of its own and up to 1 MB of pages.
    pub readers: usize,
    /// Pages (of 4 KiB) in the write-ahead log after which a commit copies it back into the file. Fewer make such
    /// a commit shorter, but more frequent.
    pub checkpoint_pages: u32,
    /// How long a call waits for a lock that another program holds on the file before it is
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable).
    pub busy_timeout: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Power,
            cache_bytes: 4 * 1024 * 1024,
            readers: 2,
            checkpoint_pages: 2000,
            busy_timeout: Duration::from_secs(5),
        }
    }
}
