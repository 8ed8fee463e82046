//! What is wrong with a rule.

use serde_json::Value;

/// How much of a wrong value is told, in characters.
const SHOWN_CHARS_MAX: usize = 80;

/// What is wrong with a pattern, a path or a template: the first that was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: found {found}, expected {expected}")]
pub struct Problem {
    /// Where: `pattern.detail.state[0].prefix`.
    pub path: String,
    /// What is there, as JSON, perhaps not all of it.
    pub found: String,
    /// What would be right.
    pub expected: String,
}

impl Problem {
    pub(crate) fn new(path: &str, found: &Value, expected: impl Into<String>) -> Self {
        Self::said(path, &found.to_string(), expected)
    }

    /// The same, where what was found is said in words.
    pub(crate) fn said(path: &str, found: &str, expected: impl Into<String>) -> Self {
        let mut shown: String = found.chars().take(SHOWN_CHARS_MAX).collect();
        if shown.len() < found.len() {
            shown.push('…');
        }
        Self { path: path.to_owned(), found: shown, expected: expected.into() }
    }
}
