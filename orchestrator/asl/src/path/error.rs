//! What may go wrong while a path selects.

use thiserror::Error;

/// Most steps of one selection. A step is one value looked at, compared or copied, or 16 bytes of text.
///
/// Far more than any path needs on a payload of 256 KiB, and reached in a fraction of a second.
pub(super) const STEPS_MAX: usize = 1_000_000;

/// A path that does not select what it must: Jayway's text of it. AWS's sentence around it is made by [`crate::cause`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    /// There is nothing where the path leads (`PathNotFoundException`).
    #[error("{0}")]
    NotFound(String),
    /// The path cannot be applied to the data (`InvalidPathException`).
    #[error("{0}")]
    Invalid(String),
    /// Applying it to the data is too much work.
    #[error("the path takes more than {STEPS_MAX} steps in this data")]
    TooManySteps,
}

impl PathError {
    pub(super) fn not_found(text: impl Into<String>) -> Self {
        Self::NotFound(text.into())
    }

    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }
}
