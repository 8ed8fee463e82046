//! How much an evaluation may do. All of it is counted, so that an evaluation that is stopped is stopped on every machine
//! and on replay; what time it takes follows from it, some tenths of a second at the most.

use jlens_core::Options;

/// Nodes evaluated, functions called back, 32 steps of a regular expression, and 48 bytes built: so a step takes much the same time
/// whatever it is, and at the most 48 MB are built (see `third_party/jlens-core/PATCH.md`).
const STEPS_MAX: u64 = 1_000_000;
/// Names, values and signs of an expression: some 30 MB to compile.
pub(super) const PIECES_MAX: usize = 100_000;
/// Calls within calls.
const DEPTH_MAX: usize = 10_000;
/// A string that is built, in bytes: two payloads.
const STRING_BYTES_MAX: usize = 512 * 1024;
/// An array that is built.
pub(super) const ARRAY_ITEMS_MAX: usize = 100_000;
/// A result as JSON, in bytes: more than a payload, so that one that is a little too large is told as that.
pub(super) const RESULT_BYTES_MAX: usize = 1024 * 1024;
/// Arrays and objects within each other in a result.
pub(super) const NESTING_MAX: usize = 1_000;

/// The options of an evaluation at `now_ms` whose random functions follow `seed`.
pub(super) fn options(now_ms: u64, seed: u64) -> Options {
    Options::new()
        .max_steps(STEPS_MAX)
        .max_depth(DEPTH_MAX)
        .max_string_length(STRING_BYTES_MAX)
        .max_array_length(ARRAY_ITEMS_MAX)
        .max_result_size(RESULT_BYTES_MAX)
        .now(i64::try_from(now_ms).unwrap_or(i64::MAX))
        .seed(seed)
}
