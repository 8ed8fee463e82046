//! Levels of durability, as flags name them.

use clap::ValueEnum;
use durability::Durability;

/// A level of durability that a broker can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// Survives the broker's death, in the operating system's page cache.
    Kill,
    /// Survives a power cut: flushed before it is confirmed.
    Power,
}

impl From<Level> for Durability {
    fn from(level: Level) -> Self {
        match level {
            Level::Kill => Self::Kill,
            Level::Power => Self::Power,
        }
    }
}
