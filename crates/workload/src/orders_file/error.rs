//! Why a file of orders cannot be used, and the limits that it may have passed.

use std::path::PathBuf;

/// How many lines with an id that stood before can be skipped.
pub const DUPLICATES_MAX: usize = 1_000_000;
/// How much of a longer line is read past to find the next one: what has no end by then is no file of orders.
pub(super) const LINE_READ_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum OrdersFileError {
    /// It cannot be opened or read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The temporary file for finding ids that come twice cannot be written.
    #[error("the temporary folder cannot be written (set TMPDIR to a folder with some free space)")]
    Scratch(#[source] std::io::Error),
    /// There are more repeated ids than can be skipped.
    #[error("{} repeats more than {DUPLICATES_MAX} order ids: make them unique first", .0.display())]
    Duplicates(PathBuf),
    /// It is no file of lines.
    #[error("{}: line {number} has no end within {LINE_READ_BYTES_MAX} bytes: one order as JSON on each line is needed, see examples/ORDERS.md", .path.display())]
    EndlessLine {
        path: PathBuf,
        /// The line's number, from 1.
        number: u64,
    },
    /// It is one JSON array, or a list of them.
    #[error("{}: line {number} begins a JSON array, but one order as JSON on each line is needed (NDJSON), without brackets around them and commas between: jq -c '.[]' {} > orders.ndjson makes it so", .path.display(), .path.display())]
    Array {
        path: PathBuf,
        /// The line's number, from 1.
        number: u64,
    },
    /// It is not the file any more that was checked.
    #[error("{} has changed while it was being sent: leave it alone until the run is over", .0.display())]
    Changed(PathBuf),
}
