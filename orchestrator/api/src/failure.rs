//! Why a request is not carried out, and the answer to that.

use serde_json::{Map, Value};

use crate::error::ApiError;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// An error that the operation declares.
    #[error("{0}")]
    Declared(ApiError),
    /// It names no operation.
    #[error("there is no operation {target:?}")]
    UnknownOperation {
        /// What it named.
        target: String,
    },
    /// It is no JSON, or a value has another type than the model says.
    #[error("the request cannot be read{}", .0.as_deref().map(|why| format!(": {why}")).unwrap_or_default())]
    Serialization(Option<String>),
    /// It breaks constraints of the model: AWS's message, which tells all of them.
    #[error("{0}")]
    Constraints(String),
    /// It is not signed by anybody who is known, or not as AWS wants it.
    #[error("{error}: {message}")]
    Unauthenticated {
        /// The error's name.
        error: &'static str,
        /// AWS's message.
        message: String,
    },
    /// Nobody may have it carried out, who asks included.
    #[error("{0}")]
    Denied(String),
    /// It is longer than what is read of a request.
    #[error("the request is too large")]
    TooLarge,
    /// It cannot be carried out now: the same request may be answered later. It may have been carried out all the same.
    #[error("not now: {0}")]
    Unavailable(String),
    /// Something is wrong here, and not with the request; the reason is for the operator, not for who asked.
    #[error("{0}")]
    Internal(String),
}

/// The name space of errors that every service of AWS has.
const CORAL: &str = "com.amazon.coral.service#";
/// That of constraints.
const VALIDATE: &str = "com.amazon.coral.validate#";
/// That of the errors of this service.
const STATES: &str = "com.amazonaws.swf.service.v2.model#";

impl Failure {
    /// The status of the answer: whatever is wrong with a request is 400, unless it is too large.
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge => 413,
            Self::Unavailable(_) => 503,
            Self::Internal(_) => 500,
            Self::Declared(_)
            | Self::UnknownOperation { .. }
            | Self::Serialization(_)
            | Self::Constraints(_)
            | Self::Denied(_)
            | Self::Unauthenticated { .. } => 400,
        }
    }

    /// The error's name, without its name space: one of those that AWS's model declares, or of a few that every service of AWS has.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Declared(error) => error.kind.name(),
            Self::UnknownOperation { .. } => "UnknownOperationException",
            Self::Serialization(_) => "SerializationException",
            Self::Constraints(_) => "ValidationException",
            Self::Unauthenticated { error, .. } => error,
            Self::Denied(_) => "AccessDeniedException",
            Self::TooLarge => "RequestEntityTooLargeException",
            Self::Unavailable(_) => "ServiceUnavailableException",
            Self::Internal(_) => "InternalFailure",
        }
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        let name_space = match self {
            Self::Declared(_) => STATES,
            Self::Constraints(_) => VALIDATE,
            _ => CORAL,
        };
        let mut body = Map::new();
        body.insert("__type".to_owned(), format!("{name_space}{}", self.name()).into());
        match self {
            Self::Declared(error) => {
                body.insert("message".to_owned(), error.message.as_str().into());
                body.extend(error.members.clone());
            }
            Self::Serialization(Some(message)) => {
                body.insert("Message".to_owned(), message.as_str().into());
            }
            Self::TooLarge => {
                body.insert("message".to_owned(), "Request entity too large.".into());
            }
            Self::Constraints(message)
            | Self::Denied(message)
            | Self::Unauthenticated { message, .. }
            | Self::Unavailable(message) => {
                body.insert("message".to_owned(), message.as_str().into());
            }
            Self::UnknownOperation { .. } | Self::Serialization(None) | Self::Internal(_) => {}
        }
        body.into()
    }
}
