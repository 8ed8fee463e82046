//! What many actions fail with.

use std::fmt::Display;

use api::{ApiError, ErrorKind, Failure};
use executions::{Answer, ReadError};
use participant::AskError;
use store::StoreError;

/// An error that operations declare.
pub(crate) fn declared(kind: ErrorKind, message: impl Into<String>) -> Failure {
    Failure::Declared(ApiError::new(kind, message))
}

pub(crate) fn no_machine(arn: impl Display) -> Failure {
    declared(ErrorKind::StateMachineDoesNotExist, format!("State Machine Does Not Exist: '{arn}'"))
}

pub(crate) fn machine_deleting(arn: impl Display) -> Failure {
    declared(ErrorKind::StateMachineDeleting, format!("State Machine is deleting: '{arn}'"))
}

/// The ARN has the label of a Map, and the action is not about Maps.
pub(crate) fn labelled() -> Failure {
    invalid("API_DOES_NOT_SUPPORT_LABELED_ARNS", "This API does not support labelled ARNs")
}

/// A `ValidationException` with AWS's reason.
pub(crate) fn invalid(reason: &str, message: impl Into<String>) -> Failure {
    Failure::Declared(ApiError::new(ErrorKind::ValidationException, message).with("reason", reason))
}

/// Something is not there, by the ARN that named it.
pub(crate) fn not_found(arn: &str, message: impl Into<String>) -> Failure {
    Failure::Declared(ApiError::new(ErrorKind::ResourceNotFound, message).with("resourceName", arn))
}

pub(crate) fn no_execution(arn: impl Display) -> Failure {
    declared(ErrorKind::ExecutionDoesNotExist, format!("Execution Does Not Exist: '{arn}'"))
}

pub(crate) fn no_activity(arn: impl Display) -> Failure {
    declared(ErrorKind::ActivityDoesNotExist, format!("Activity Does Not Exist: '{arn}'"))
}

/// The machine's type has no such action.
pub(crate) fn type_not_supported() -> Failure {
    let message = "This operation is not supported by this type of state machine";
    declared(ErrorKind::StateMachineTypeNotSupported, message)
}

/// The participant answers what was not asked.
pub(crate) fn unexpected(answer: &Answer) -> Failure {
    Failure::Internal(format!("an answer to something else: {answer:?}"))
}

/// Not even the stores agree on why they do not answer: it may be better later.
pub(crate) fn store_failed(error: &StoreError) -> Failure {
    match error.is_retryable() {
        true => Failure::Unavailable(telemetry::chain(error).to_string()),
        false => Failure::Internal(telemetry::chain(error).to_string()),
    }
}

pub(crate) fn unreadable(error: ReadError) -> Failure {
    match error {
        ReadError::Store(error) => store_failed(&error),
        ReadError::Unreadable { .. } => Failure::Internal(telemetry::chain(&error).to_string()),
    }
}

pub(crate) fn unanswered(error: &AskError) -> Failure {
    match error.is_retryable() {
        true => Failure::Unavailable(error.to_string()),
        false => Failure::Internal(error.to_string()),
    }
}
