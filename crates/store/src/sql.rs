//! What both SQL stores share.

/// A count, limit or cursor as SQL's 64-bit integer; beyond that there are no rows.
pub(crate) fn sql_count(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
