//! Why no request can be made.

use std::fmt;

/// Why no request can be made of a task's parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Parameters are not what the action's model says: all that is wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Parameters(Vec<Mismatch>),
    /// The endpoint is no URL of a server.
    #[error("the endpoint {0:?} is no http:// or https:// URL")]
    Endpoint(String),
    /// A host cannot be made of what the parameters say.
    #[error("{0:?} cannot be the name of a host")]
    Host(String),
    /// A parameter that goes into a header has what cannot stand there, such as the end of a line.
    #[error("the value of the header {0:?}, or its name, has what cannot stand in a header")]
    Header(String),
    /// What the action would need that is not here: how, with what.
    #[error("{0}")]
    Unsupported(String),
}

/// One thing that is wrong with parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Where: `Key.Id`, `Entries[0]`, or nothing for the parameters themselves.
    pub path: String,
    /// What is there.
    pub found: String,
    /// What should be.
    pub expected: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "parameters" } else { &self.path };
        write!(f, "{path}: found {}, expected {}", self.found, self.expected)
    }
}
