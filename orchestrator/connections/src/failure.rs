//! Why a request is not carried out: EventBridge's errors.

use serde_json::{Value, json};
use store::StoreError;
use thiserror::Error;

use crate::key::KeyError;

/// Why a request is not carried out. Unless the store does not answer, nothing was done.
#[derive(Debug, Error)]
pub enum Failure {
    /// The request is not as it has to be.
    #[error("{0}")]
    Validation(String),
    /// There is no connection of that name.
    #[error("Connection '{0}' does not exist.")]
    NotFound(String),
    /// There is one of that name.
    #[error("Connection '{0}' already exists.")]
    Exists(String),
    /// There are too many.
    #[error("The requested resource exceeds the maximum number allowed: there may be {0} connections.")]
    Limit(usize),
    /// Somebody else changes it.
    #[error("Connection '{0}' is changed by another request at the same time.")]
    Concurrent(String),
    /// Its secrets cannot be sealed or opened.
    #[error("the secrets of the connection '{name}': {source}")]
    Sealed {
        /// The connection.
        name: String,
        /// Why.
        source: KeyError,
    },
    /// The store does not answer.
    #[error("the store does not answer")]
    Store(#[from] StoreError),
}

impl Failure {
    /// Its name.
    #[must_use]
    pub fn error(&self) -> &'static str {
        match self {
            Self::Validation(_) => "ValidationException",
            Self::NotFound(_) => "ResourceNotFoundException",
            Self::Exists(_) => "ResourceAlreadyExistsException",
            Self::Limit(_) => "LimitExceededException",
            Self::Concurrent(_) => "ConcurrentModificationException",
            Self::Sealed { .. } => "InternalException",
            Self::Store(_) => "ServiceUnavailableException",
        }
    }

    /// The status of its answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Sealed { .. } => 500,
            Self::Store(_) => 503,
            _ => 400,
        }
    }

    /// The body of its answer.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({"__type": self.error(), "message": self.to_string()})
    }
}
