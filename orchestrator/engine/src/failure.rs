//! An error on its way out of a state.

use asl::retry::Origin;

use crate::cut;

/// An error on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: String,
    pub(crate) cause: Option<String>,
    pub(crate) origin: Origin,
}

impl Failure {
    /// An error with a name and a cause that are no longer than AWS has them.
    pub(crate) fn new(error: String, cause: Option<String>, origin: Origin) -> Self {
        Self { error: cut::error(error), cause: cause.map(cut::cause), origin }
    }
}
