//! What a Task calls, and what is peculiar to each kind of it: an integration is added here, beside what checks its arguments
//! (`parse/resource.rs`). Whoever brings calls about reads the arguments.

use std::sync::Arc;

use serde_json::{Value, json};

/// The integration that calls a function by name.
pub const LAMBDA_INVOKE: &str = "arn:aws:states:::lambda:invoke";
/// How the ARN of a function begins.
pub(crate) const FUNCTION_ARN: &str = "arn:aws:lambda:";

/// What a Task calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The ARN as given.
    pub arn: Arc<str>,
    /// What it is the ARN of.
    pub kind: ResourceKind,
}

/// The kinds of what a Task calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceKind {
    /// A function, by its own ARN: what the task passes is its payload, and its output the result.
    Function,
    /// [`LAMBDA_INVOKE`]: what the task passes names a function (`FunctionName`, a name or an ARN) and its `Payload`.
    LambdaInvoke,
}

/// Whether a task waits for an answer to its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pattern {
    /// It does.
    #[default]
    RequestResponse,
    /// It ends when the call is on its way: `"InvocationType": "Event"`.
    FireAndForget,
}

impl ResourceKind {
    /// Service and action of an integration, as AWS names them in the history; `None` for a function called by its own ARN.
    pub fn integration(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Function => None,
            Self::LambdaInvoke => Some(("lambda", "invoke")),
        }
    }

    /// The task's result, of what the call was answered with.
    pub fn result(self, output: Value) -> Value {
        match self {
            Self::Function => output,
            Self::LambdaInvoke => json!({"Payload": output, "StatusCode": 200}),
        }
    }

    /// The task's result when nobody waits for an answer.
    pub fn sent(self) -> Value {
        match self {
            Self::Function => Value::Null,
            Self::LambdaInvoke => json!({"StatusCode": 202}),
        }
    }
}

/// The name in the ARN of a function: `arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`.
pub fn function_name(arn: &str) -> Option<&str> {
    let mut parts = arn.strip_prefix(FUNCTION_ARN)?.split(':');
    let (_region, _account, function) = (parts.next()?, parts.next()?, parts.next()?);
    let name = parts.next()?;
    (function == "function" && !name.is_empty()).then_some(name)
}

/// The function that a call names: of its resource, or of what is passed to the integration.
///
/// # Errors
/// It names none; why, for people.
pub fn called_function<'c>(resource: &'c str, passed: &'c Value) -> Result<&'c str, String> {
    if let Some(name) = function_name(resource) {
        return Ok(name);
    }
    if resource != LAMBDA_INVOKE {
        return Err(format!("{resource} names no function"));
    }
    match passed.get("FunctionName") {
        Some(Value::String(given)) => Ok(function_name(given).unwrap_or(given)),
        Some(other) => Err(format!("FunctionName is {other}, which is no string")),
        None => Err("FunctionName is missing".to_owned()),
    }
}

/// What the function is given that a call names.
pub fn payload(resource: &str, passed: Value) -> Value {
    match passed {
        Value::Object(mut arguments) if resource == LAMBDA_INVOKE => {
            arguments.remove("Payload").unwrap_or_else(|| json!({}))
        }
        passed => passed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_names_its_function_by_its_resource_or_in_its_arguments() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f:7";
        let given = json!({"FunctionName": "g"});
        assert_eq!((called_function(arn, &given), payload(arn, given.clone())), (Ok("f"), given.clone()));
        assert_eq!(called_function(LAMBDA_INVOKE, &given), Ok("g"));
        assert_eq!(payload(LAMBDA_INVOKE, given), json!({}));
        let given = json!({"FunctionName": arn, "Payload": [1]});
        assert_eq!(called_function(LAMBDA_INVOKE, &given), Ok("f"));
        assert_eq!(payload(LAMBDA_INVOKE, given), json!([1]));
        for (resource, given) in [
            (LAMBDA_INVOKE, json!({"FunctionName": 1})),
            (LAMBDA_INVOKE, json!({})),
            ("arn:aws:states:::sqs:sendMessage", json!({"FunctionName": "f"})),
            ("arn:aws:lambda:eu-west-1:123456789012:layer:f", json!({})),
        ] {
            assert!(called_function(resource, &given).is_err(), "{resource} {given}");
        }
    }
}
