//! A request that does not fit together.

use api::{ApiError, ErrorKind, Failure};

/// Why a state cannot be tried as asked: `ValidationException`.
pub(super) fn refused(why: impl Into<String>) -> Failure {
    Failure::Declared(ApiError::new(ErrorKind::ValidationException, why))
}
