//! Why a request is not carried out, and the answer to that.

use serde_json::{Map, Value, json};

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
            | Self::Unauthenticated { .. } => 400,
        }
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        match self {
            Self::Declared(error) => {
                let mut body = Map::new();
                body.insert("__type".to_owned(), format!("{STATES}{}", error.kind.name()).into());
                body.insert("message".to_owned(), error.message.as_str().into());
                body.extend(error.members.clone());
                body.into()
            }
            Self::UnknownOperation { .. } => json!({"__type": format!("{CORAL}UnknownOperationException")}),
            Self::Serialization(None) => json!({"__type": format!("{CORAL}SerializationException")}),
            Self::Serialization(Some(message)) => {
                json!({"__type": format!("{CORAL}SerializationException"), "Message": message})
            }
            Self::Constraints(message) => {
                json!({"__type": format!("{VALIDATE}ValidationException"), "message": message})
            }
            Self::Unauthenticated { error, message } => {
                json!({"__type": format!("{CORAL}{error}"), "message": message})
            }
            Self::TooLarge => json!({
                "__type": format!("{CORAL}RequestEntityTooLargeException"),
                "message": "Request entity too large.",
            }),
            Self::Unavailable(reason) => {
                json!({"__type": format!("{CORAL}ServiceUnavailableException"), "message": reason})
            }
            Self::Internal(_) => json!({"__type": format!("{CORAL}InternalFailure")}),
        }
    }
}
