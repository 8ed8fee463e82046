//! JSON that a request holds as text.

use api::{ErrorKind, Failure};
use serde_json::{Map, Value};

use super::refused::refused;
use crate::failures::declared;

/// The value, or what AWS's reader says of the text.
pub(super) fn read(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| {
        // A definition that is no JSON is told of in the words of the same reader.
        let problem = asl::parse(text).err().and_then(|problems| problems.as_slice().first().cloned());
        let is_of_json = |code| matches!(code, asl::Code::InvalidJson | asl::Code::TooDeeplyNested);
        match problem.filter(|problem| is_of_json(problem.code)) {
            Some(problem) => problem.aws_message().to_owned(),
            None => error.to_string(),
        }
    })
}

/// The state's input.
///
/// # Errors
/// `InvalidExecutionInput`.
pub(super) fn input(text: &str) -> Result<Value, Failure> {
    read(text).map_err(|why| {
        let message = format!("Invalid State Machine Execution Input: '{why}'");
        declared(ErrorKind::InvalidExecutionInput, message)
    })
}

/// The object that a member of the request is.
///
/// # Errors
/// `ValidationException`
pub(super) fn object(member: &str, text: &str) -> Result<Map<String, Value>, Failure> {
    match read(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(refused(format!("{member} must be a JSON object"))),
        Err(why) => Err(refused(format!("{member} must be valid JSON: {why}"))),
    }
}
