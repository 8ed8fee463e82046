//! What may go wrong while a definition is evaluated, and the error names that the language reserves.

use thiserror::Error;

/// Reserved error name: matches every error but [`DATA_LIMIT_EXCEEDED`] and [`RUNTIME`].
pub const ALL: &str = "States.ALL";
/// A task took longer than its `TimeoutSeconds`.
pub const TIMEOUT: &str = "States.Timeout";
/// A task sent no heartbeat for longer than its `HeartbeatSeconds`.
pub const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
/// A task failed; in `ErrorEquals`, matches every error of a task but [`TIMEOUT`].
pub const TASK_FAILED: &str = "States.TaskFailed";
/// The interpreter lacks a privilege.
pub const PERMISSIONS: &str = "States.Permissions";
/// `ResultPath` cannot be applied to the state's input.
pub const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
/// A path of a payload template selects nothing: in the specification. AWS says [`RUNTIME`], and so does this crate.
pub const PARAMETER_PATH_FAILURE: &str = "States.ParameterPathFailure";
/// A branch of a Parallel state failed.
pub const BRANCH_FAILED: &str = "States.BranchFailed";
/// No rule of a Choice state matched, and it has no `Default`: in the specification. AWS says [`RUNTIME`], and so does the engine.
pub const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
/// An intrinsic function was given something it cannot work with: in the specification. AWS says [`RUNTIME`], and so does this crate.
pub const INTRINSIC_FAILURE: &str = "States.IntrinsicFailure";
/// A payload is larger than the limit. Not matched by [`ALL`].
pub const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
/// An expression in JSONata cannot be evaluated, or its result cannot stand where it is.
pub const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";
/// More items of a Map failed than it tolerates.
pub const EXCEED_TOLERATED_FAILURE_THRESHOLD: &str = "States.ExceedToleratedFailureThreshold";
/// The items of a Map cannot be read.
pub const ITEM_READER_FAILED: &str = "States.ItemReaderFailed";
/// The results of a Map cannot be written.
pub const RESULT_WRITER_FAILED: &str = "States.ResultWriterFailed";
/// The execution cannot go on. Neither retried nor caught.
pub const RUNTIME: &str = "States.Runtime";

/// Every reserved name that may stand in `ErrorEquals`.
pub const RESERVED: &[&str] = &[
    ALL,
    TIMEOUT,
    HEARTBEAT_TIMEOUT,
    TASK_FAILED,
    PERMISSIONS,
    RESULT_PATH_MATCH_FAILURE,
    PARAMETER_PATH_FAILURE,
    BRANCH_FAILED,
    NO_CHOICE_MATCHED,
    INTRINSIC_FAILURE,
    DATA_LIMIT_EXCEEDED,
    RUNTIME,
    EXCEED_TOLERATED_FAILURE_THRESHOLD,
    ITEM_READER_FAILED,
    RESULT_WRITER_FAILED,
    QUERY_EVALUATION_ERROR,
    "States.Http.Socket",
];

/// An evaluation that failed with one of the reserved errors.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name}: {cause}")]
pub struct RuntimeError {
    /// The error name, one of the constants of this module.
    pub name: &'static str,
    /// What happened, for people.
    pub cause: String,
    /// Where in the state an expression in JSONata stands that cannot be evaluated: `Arguments/FunctionName`.
    pub location: Option<String>,
}

impl RuntimeError {
    /// An error of that name with that cause.
    pub fn new(name: &'static str, cause: impl Into<String>) -> Self {
        Self { name, cause: cause.into(), location: None }
    }
}
