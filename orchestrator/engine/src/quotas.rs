//! What one execution may use.

use asl::RuntimeError;
use asl::data::{NESTING_MAX, measured};
use asl::error::DATA_LIMIT_EXCEEDED;
use asl::retry::Origin;
use serde_json::Value;

pub use crate::cut::{CAUSE_CHARS_MAX, ERROR_CHARS_MAX};
use crate::failure::Failure;

/// Most states entered in one step. Of a Standard execution the history is full before; an Express execution would have taken
/// longer than it may, and is timed out.
pub const TRANSITIONS_PER_STEP_MAX: u32 = 1_000_000;

/// Most events in the history of an execution, its last one included; the quota of AWS.
pub const HISTORY_EVENTS_MAX: u64 = 25_000;

/// Largest input, output or payload as JSON text, in bytes; the quota of AWS.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// Most iterations of a Map in inline mode at once; the quota of AWS.
pub const INLINE_CONCURRENCY_MAX: usize = 40;

/// Most bytes of data that the fields of one state may copy.
pub const COPIED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most children of a Map in distributed mode at once, if the definition sets no limit; the quota of AWS.
pub const DISTRIBUTED_CONCURRENCY_MAX: usize = 10_000;

/// Longest that a Standard execution may take, in milliseconds: a year; the quota of AWS.
pub const DURATION_MS_MAX: u64 = 365 * DAY_MS;

/// How long after its end an execution can be redriven, in milliseconds: 14 days; the quota of AWS.
pub const REDRIVABLE_MS: u64 = 14 * DAY_MS;

/// How often a Map run can be redriven; the quota of AWS.
pub const MAP_RUN_REDRIVES_MAX: u32 = 1_000;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Longest that an Express execution may take, in milliseconds: five minutes; the quota of AWS.
pub const EXPRESS_DURATION_MS_MAX: u64 = 5 * 60 * 1000;

/// Longest that a state that is tried may wait, in milliseconds: five minutes; the quota of AWS.
pub const TRIAL_MS_MAX: u64 = 5 * 60 * 1000;

/// Largest that all variables of an execution may be together as JSON text, in bytes; the quota of AWS.
pub const VARIABLES_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Most items that a Map asks for at once.
pub const PAGE_ITEMS_MAX: u64 = 1_000;

/// Most bytes of items that a Map asks for at once, as JSON text; a single item may have more.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// Whether data is no larger than a payload, and no deeper than [`NESTING_MAX`].
pub(crate) fn is_within(value: &Value) -> bool {
    asl::data::is_within(value, PAYLOAD_BYTES_MAX, NESTING_MAX)
}

/// Refuses a result that is too large, or nested deeper than [`NESTING_MAX`]: of a state, by its name, or of what a task calls.
pub(crate) fn check(value: &Value, of: &str) -> Result<(), Failure> {
    if is_within(value) {
        return Ok(());
    }
    let cause = format!(
        "The state/task '{of}' returned a result with a size exceeding the maximum number of bytes service limit."
    );
    Err(Failure { error: DATA_LIMIT_EXCEEDED.to_owned(), cause: Some(cause), origin: Origin::State })
}

/// Refuses what a field of a state comes to if it is larger than a payload, or nested deeper than [`NESTING_MAX`]: it is kept for as long
/// as the state is at work, and has to be read back.
pub(crate) fn check_field(value: &Value, field: &str) -> Result<(), RuntimeError> {
    if is_within(value) {
        return Ok(());
    }
    let cause =
        format!("What {field} comes to has more than {PAYLOAD_BYTES_MAX} bytes, or is nested too deep.");
    Err(RuntimeError::new(DATA_LIMIT_EXCEEDED, cause))
}

/// The same, of what may have any size: each part of it is measured by itself later.
pub(crate) fn check_depth(value: &Value, field: &str) -> Result<(), RuntimeError> {
    if measured(value, NESTING_MAX).is_some() {
        return Ok(());
    }
    let cause = format!("What {field} comes to is nested more than {NESTING_MAX} levels deep.");
    Err(RuntimeError::new(DATA_LIMIT_EXCEEDED, cause))
}
