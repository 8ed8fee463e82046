//! From a target and a body to a request.

use serde_json::Value;

use crate::check::{self, Mistyped};
use crate::failure::Failure;
use crate::generated::{Operation, Request, SERVICE};

/// The operation that the header `X-Amz-Target` names.
///
/// # Errors
/// [`Failure::UnknownOperation`].
pub fn operation(target: &str) -> Result<Operation, Failure> {
    let found = match target.split_once('.') {
        Some((prefix, name)) if prefix == SERVICE.target_prefix => Operation::from_name(name),
        _ => None,
    };
    found.ok_or_else(|| Failure::UnknownOperation { target: target.to_owned() })
}

/// What a request asks for. `target` is the header `X-Amz-Target`.
///
/// # Errors
/// [`Failure`], but never an error that an operation declares: the request does not keep to the model.
pub fn read(target: &str, body: &[u8]) -> Result<Request, Failure> {
    let operation = operation(target)?;
    let body: Value = serde_json::from_slice(body).map_err(|_| Failure::Serialization(None))?;
    let input = operation.shape().input;
    match &body {
        Value::Object(_) => {}
        Value::Array(_) => {
            return Err(Failure::Serialization(Some("Start of list found where not expected".to_owned())));
        }
        _ => return Err(Failure::Serialization(None)),
    }
    check::types(&SERVICE, input, &body).map_err(|Mistyped(why)| Failure::Serialization(why))?;
    check::constraints(&SERVICE, input, &body).map_err(Failure::Constraints)?;
    // What keeps to the model can be read: an error would be a fault of the tables.
    Request::read(operation, body).map_err(|error| Failure::Serialization(Some(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::StartExecutionInput;

    fn start(body: &str) -> Result<Request, String> {
        read("AWSStepFunctions.StartExecution", body.as_bytes()).map_err(|failure| failure.body().to_string())
    }

    #[test]
    fn a_request_that_keeps_to_the_model_is_read() {
        let body = r#"{"stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m", "name": null, "new": 1}"#;
        let Request::StartExecution(StartExecutionInput { state_machine_arn, name, input, .. }) =
            start(body).unwrap()
        else {
            panic!("it starts an execution")
        };
        assert_eq!(
            (state_machine_arn.as_str(), name, input),
            ("arn:aws:states:us-east-1:123456789012:stateMachine:m", None, None)
        );
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let long = "n".repeat(81);
        assert_eq!(
            start(&format!(r#"{{"name": "{long}"}}"#)).unwrap_err(),
            format!(
                r#"{{"__type":"com.amazon.coral.validate#ValidationException","message":"2 validation errors detected: Value null at 'stateMachineArn' failed to satisfy constraint: Member must not be null; Value '{long}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80"}}"#
            )
        );
    }

    #[test]
    fn what_is_no_request_is_told_as_aws_tells_it() {
        let type_of =
            |target, body: &str| read(target, body.as_bytes()).unwrap_err().body()["__type"].clone();
        for target in ["AWSStepFunctions.Start", "AWSStepFunctions", "", "DynamoDB.StartExecution"] {
            assert_eq!(type_of(target, "{}"), "com.amazon.coral.service#UnknownOperationException");
        }
        for (body, message) in [
            ("", None),
            ("{", None),
            ("\"x\"", None),
            ("[]", Some("Start of list found where not expected")),
            (r#"{"name": 1}"#, Some("NUMBER_VALUE can not be converted to a String")),
            (r#"{"name": ["a"]}"#, Some("Start of list found where not expected")),
            (r#"{"name": {}}"#, Some("Start of structure or map found where not expected.")),
        ] {
            let failure = read("AWSStepFunctions.StartExecution", body.as_bytes()).unwrap_err();
            assert_eq!(failure, Failure::Serialization(message.map(str::to_owned)), "{body}");
        }
    }
}
