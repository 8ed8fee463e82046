//! The levels of durability that buses and stores declare, so that only equals are compared.
#![warn(missing_docs)]

use serde::{Deserialize, Serialize};

/// What confirmed (bus) or committed (store) data survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Lives as long as the process that holds it.
    Process,
    /// Survives the death (SIGKILL) of the process, in the operating system's page cache; not a power cut.
    Kill,
    /// Survives a power cut: it was flushed to stable storage before it was confirmed.
    Power,
}

impl std::fmt::Display for Durability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Process => "process",
            Self::Kill => "kill",
            Self::Power => "power",
        })
    }
}
