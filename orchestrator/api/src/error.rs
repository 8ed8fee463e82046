//! Errors on the wire.

use std::fmt;

use serde_json::{Map, Value};

use crate::generated::ErrorKind;

/// An error that an operation declares, with AWS's message.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// Which.
    pub kind: ErrorKind,
    /// What happened.
    pub message: String,
    /// Its other members (`resourceName`, `reason`, `kmsKeyState`).
    pub members: Map<String, Value>,
}

impl ApiError {
    /// An error without other members.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), members: Map::new() }
    }

    /// With a member beside the message.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}
