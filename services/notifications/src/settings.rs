//! How the service works, as far as it can be set.

/// How the choreography waits. In the orchestration the workflow says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a restaurant may take to answer.
    pub restaurant_timeout_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { restaurant_timeout_ms: 2000 }
    }
}
