//! What a function answers, and what it means: errors have the names and the form that AWS Lambda gives them.

use serde_json::{Value, json};

/// Most that a function may answer, in bytes: as Lambda's.
pub(crate) const ANSWER_BYTES_MAX: usize = 6_291_556;

/// A function's error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Its name, for `Retry` and `Catch`.
    pub error: String,
    /// What happened, for people: mostly the object that Lambda answers, as text.
    pub cause: String,
}

impl Failed {
    /// An error with a cause in words.
    pub(crate) fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { error: error.to_owned(), cause: cause.into() }
    }

    /// An error that Lambda itself makes: its cause is the object that it answers, as text.
    pub(crate) fn lambda(error: &str, message: &str) -> Self {
        Self::new(error, json!({"errorMessage": message, "errorType": error}).to_string())
    }

    /// The function took longer than it may.
    pub(crate) fn timed_out(patience: std::time::Duration) -> Self {
        let message = format!("Error: Task timed out after {:.2} seconds", patience.as_secs_f64());
        Self::lambda("Sandbox.Timedout", &message)
    }

    /// The function answered too much.
    pub(crate) fn too_large() -> Self {
        let message = format!(
            "Response payload size exceeded maximum allowed payload size ({ANSWER_BYTES_MAX} bytes)."
        );
        Self::lambda("Function.ResponseSizeTooLarge", &message)
    }

    /// The function failed, and what it says does not name the error.
    pub(crate) fn nameless(output: &Value) -> Self {
        let cause = format!(
            "The cause could not be determined because Lambda did not return an error type. Returned payload: {output}"
        );
        Self::new("Lambda.Unknown", cause)
    }

    /// The error that such an object is.
    pub(crate) fn of(output: &Value) -> Option<Self> {
        let text = |name: &str| output.get(name)?.as_str();
        text("errorMessage")?;
        Some(Self::new(text("errorType")?, output.to_string()))
    }
}

/// What a function's answer means, which may be an error.
pub(crate) fn read(text: &[u8], who: &str) -> Result<Value, Failed> {
    let output = read_result(text, who)?;
    match Failed::of(&output) {
        Some(failed) => Err(failed),
        None => Ok(output),
    }
}

/// What a function's answer means, which is none of its errors.
pub(crate) fn read_result(text: &[u8], who: &str) -> Result<Value, Failed> {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).map_err(|error| {
        let begin: String = text.chars().take(200).collect();
        Failed::lambda("Runtime.MarshalError", &format!("{who} answered what is no JSON ({error}): {begin}"))
    })
}
