//! How many things there may be.

/// How many of each there may be. The default is AWS's quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// State machines of a region.
    pub machines: u64,
    /// Activities of a region.
    pub activities: u64,
    /// Versions of a state machine.
    pub versions: usize,
    /// Aliases of a state machine.
    pub aliases: usize,
    /// Executions that are open when a Standard one is to begin, or to be redriven.
    pub open_executions: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            machines: 100_000,
            activities: 100_000,
            versions: 1_000,
            aliases: 100,
            open_executions: 1_000_000,
        }
    }
}
