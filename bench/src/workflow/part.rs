//! What is measured of one load.

use serde::{Deserialize, Serialize};

/// A load that was put on it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// How many executions there were.
    pub executions: u64,
    /// How many a second.
    pub executions_per_s: f64,
    /// Median of a client's whole round, in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
}
