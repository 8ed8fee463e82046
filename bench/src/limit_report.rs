//! The machine-readable result of `duet limit`, as `--json` writes it; described in REPORT.md.

use serde::{Deserialize, Serialize};

use crate::measure;
use crate::report::{BrokerLimit, Machine, Yardstick};
use crate::workflow::WorkflowLimit;

/// The name and version of the schema of [`LimitReport`].
pub const SCHEMA: &str = "duet.limit/1";

/// The whole result. The schema only ever grows within a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitReport {
    /// [`SCHEMA`]: what the fields mean.
    pub schema: String,
    /// The version of duet.
    pub duet_version: String,
    /// The compiler's profile: `release` or `debug`. Figures of a debug build mean nothing.
    pub profile: String,
    /// What it was measured on.
    pub machine: Machine,
    /// What one client reaches on the store; `None` for a store that has no yardstick.
    pub yardstick: Option<Yardstick>,
    /// The brokers that were asked for.
    pub brokers: Vec<NamedLimit>,
    /// The Step Functions API, if it was asked for.
    pub workflow: Option<WorkflowLimit>,
}

/// What a broker gives at best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedLimit {
    /// What this run calls it.
    pub name: String,
    /// Where it is, without secrets.
    pub address: String,
    /// What it gives.
    pub limit: BrokerLimit,
}

impl LimitReport {
    /// Of nothing yet, by this program on this machine.
    #[must_use]
    pub fn new() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            duet_version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: measure::profile().to_owned(),
            machine: measure::machine(),
            yardstick: None,
            brokers: Vec::new(),
            workflow: None,
        }
    }
}

impl Default for LimitReport {
    fn default() -> Self {
        Self::new()
    }
}
