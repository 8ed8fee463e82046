//! What one execution may use.

use asl::RuntimeError;
use asl::error::DATA_LIMIT_EXCEEDED;
use serde_json::Value;

/// Most states entered in one step. More means a loop in the definition that never waits.
pub const TRANSITIONS_PER_STEP_MAX: u32 = 10_000;

/// Most events in the history of an execution, its last one included; the quota of AWS.
pub const HISTORY_EVENTS_MAX: u64 = 25_000;

/// Largest input, output or payload as JSON text, in bytes; the quota of AWS.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// Refuses a payload that is too large.
pub(crate) fn within_quota(value: Value, what: &str) -> Result<Value, RuntimeError> {
    let bytes = asl::data::json_len(&value);
    if bytes > PAYLOAD_BYTES_MAX {
        let cause = format!("the {what} has {bytes} bytes, more than the limit of {PAYLOAD_BYTES_MAX}");
        return Err(RuntimeError::new(DATA_LIMIT_EXCEEDED, cause));
    }
    Ok(value)
}
