//! What one execution may use.

/// Most states entered in one step. More means a loop in the definition that never waits.
pub const TRANSITIONS_PER_STEP_MAX: u32 = 10_000;

/// Most events in the history of an execution, its last one included; the limit of AWS.
pub const HISTORY_EVENTS_MAX: u64 = 25_000;

/// Largest input, output or payload as JSON text, in bytes; the limit of AWS.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;
