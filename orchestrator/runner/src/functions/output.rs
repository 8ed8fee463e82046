//! What a function answers, and what it means.

use serde_json::Value;

/// Most that a function may answer, in bytes: as Lambda's.
pub(super) const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024;

/// A function's error.
#[derive(Debug, PartialEq)]
pub(super) struct Failed {
    pub(super) error: String,
    pub(super) cause: String,
}

impl Failed {
    pub(super) fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { error: error.to_owned(), cause: cause.into() }
    }

    /// The error that such an object is.
    pub(super) fn of(output: &Value) -> Option<Self> {
        let text = |name: &str| output.get(name)?.as_str();
        text("errorMessage")?;
        Some(Self::new(text("errorType")?, output.to_string()))
    }
}

/// What a function's answer means.
pub(super) fn read(text: &[u8], who: &str) -> Result<Value, Failed> {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let output: Value = serde_json::from_str(text).map_err(|error| {
        let begin: String = text.chars().take(200).collect();
        Failed::new("Runtime.MarshalError", format!("{who} answered what is no JSON ({error}): {begin}"))
    })?;
    match Failed::of(&output) {
        Some(failed) => Err(failed),
        None => Ok(output),
    }
}
