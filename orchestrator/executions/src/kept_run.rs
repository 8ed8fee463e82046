//! Map runs that are over: what there is to be told of them.

use engine::MapRun;
use serde::{Deserialize, Serialize};

const PREFIX: &str = "map-run/";
/// Finds the Map runs of an execution, by its key, that are over.
pub(crate) const OF_EXECUTION: &str = "map-run";

/// A Map run that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptRun {
    /// The key of the execution whose Map it was.
    #[serde(rename = "k")]
    pub(crate) execution: String,
    #[serde(rename = "r")]
    pub(crate) run: MapRun,
}

/// The key of the run of that name.
pub(crate) fn map_run_key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// The name of the run under that key.
pub(crate) fn run_of(key: &str) -> Option<&str> {
    key.strip_prefix(PREFIX)
}
