//! Why SQLite does not commit.

/// Why a commit was not made.
pub(super) enum Refusal {
    /// This entity of the commit is not at the version it was decided upon.
    Conflict { key: String, expected: u64 },
    /// SQLite failed.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}
