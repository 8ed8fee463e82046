//! How much happened, for whoever counts.

/// How much happened in a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// States entered.
    pub transitions: u32,
    /// Failures for which a retrier decided on another attempt.
    pub retries: u32,
    /// Failures that led to the state of a catcher.
    pub caught: u32,
}
