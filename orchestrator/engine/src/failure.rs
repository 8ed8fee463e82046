//! An error on its way out of a state.

use asl::retry::Origin;

/// An error on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: String,
    pub(crate) cause: Option<String>,
    pub(crate) origin: Origin,
}
