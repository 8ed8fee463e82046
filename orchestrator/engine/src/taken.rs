//! The ways that an execution took where there were several: what a history in AWS's shape does not say.

use std::sync::Arc;

/// A way that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The state that had several.
    pub state: Arc<str>,
    /// Which.
    pub way: Way,
}

/// One of the ways out of a state, by its place in the definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// The rule of a Choice that held: an element of `Choices`.
    Rule(usize),
    /// `Default`, because no rule held.
    Default,
    /// The element of `Retry` that decided on another attempt.
    Retrier(usize),
    /// The element of `Catch` that took over.
    Catcher(usize),
}
