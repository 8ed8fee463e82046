//! What a Task calls, and what is peculiar to each kind of it: an integration is added here, beside what checks its arguments
//! (`parse/resource.rs`). Whoever brings calls about reads the arguments.

use std::sync::Arc;

use serde_json::{Value, json};

/// The integration that calls a function by name.
pub const LAMBDA_INVOKE: &str = "arn:aws:states:::lambda:invoke";

/// What a Task calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The ARN as given.
    pub arn: Arc<str>,
    /// What it is the ARN of.
    pub kind: ResourceKind,
}

/// The kinds of what a Task calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceKind {
    /// A function, by its own ARN: what the task passes is its payload, and its output the result.
    Function,
    /// An activity, by its own ARN: whoever polls it does the work.
    Activity,
    /// An action of a service.
    Integration(Integration),
}

/// An action of a service, and when the task that calls it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// The service, as AWS names it in the history (`resourceType`): `lambda`, `aws-sdk:dynamodb`.
    pub service: Arc<str>,
    /// The action with the suffix of its pattern, as AWS names it in the history (`resource`): `invoke.waitForTaskToken`.
    pub action: Arc<str>,
    /// When the task is done.
    pub pattern: Pattern,
}

/// When a task that calls an action is done (the service integration patterns of AWS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// When the action has answered.
    RequestResponse,
    /// When what the action began has ended (`.sync`, `.sync:2`).
    Sync,
    /// When somebody hands in the task's token (`.waitForTaskToken`).
    WaitForTaskToken,
}

impl Resource {
    /// The resource of that ARN, or `None` if it is not the ARN of something that a Task can call.
    pub fn parse(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let (scheme, partition, service, _region, account, rest) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if scheme != "arn" || !partition.starts_with("aws") {
            return None;
        }
        let kind = match (service, rest.split_once(':')?) {
            ("lambda", ("function", name)) if !name.is_empty() => ResourceKind::Function,
            ("states", ("activity", name)) if !name.is_empty() && !account.is_empty() => {
                ResourceKind::Activity
            }
            // Region and account say nothing here. The console's exports give them, and AWS takes them.
            ("states", _) => ResourceKind::Integration(Integration::parse(rest)?),
            _ => return None,
        };
        Some(Self { arn: arn.into(), kind })
    }

    /// The function that it calls with what is passed, by its ARN or by name, whatever the pattern; `None` if it calls something else, or names none.
    pub fn function<'c>(&'c self, passed: &'c Value) -> Option<&'c str> {
        match &self.kind {
            ResourceKind::Function => function_name(&self.arn),
            ResourceKind::Integration(it) if it.is_invoke() => {
                passed.get("FunctionName")?.as_str().map(given_name)
            }
            ResourceKind::Integration(_) | ResourceKind::Activity => None,
        }
    }

    /// What the function is given that it calls, whatever the pattern; of anything else, everything that is passed.
    pub fn payload(&self, passed: Value) -> Value {
        if self.kind.integration().is_some_and(Integration::is_invoke) { given(passed) } else { passed }
    }
}

impl Integration {
    /// Whether it calls a function by name, whatever the pattern.
    pub fn is_invoke(&self) -> bool {
        &*self.service == "lambda" && self.action.split('.').next() == Some("invoke")
    }

    /// An integration of `service:action`, the service perhaps being `aws-sdk:service`.
    fn parse(text: &str) -> Option<Self> {
        let (service, action) = match text.strip_prefix("aws-sdk:") {
            Some(rest) => text.split_at("aws-sdk:".len() + rest.find(':')?),
            None => text.split_at(text.find(':')?),
        };
        let action = &action[1..];
        let pattern = match action.split_once('.') {
            None => Pattern::RequestResponse,
            Some((_, "sync" | "sync:2")) => Pattern::Sync,
            Some((_, "waitForTaskToken")) => Pattern::WaitForTaskToken,
            Some(_) => return None,
        };
        let is_given = !service.is_empty() && !action.is_empty() && !action.starts_with('.');
        is_given.then(|| Self { service: service.into(), action: action.into(), pattern })
    }
}

impl ResourceKind {
    /// The integration, if it is one.
    pub fn integration(&self) -> Option<&Integration> {
        match self {
            Self::Integration(integration) => Some(integration),
            Self::Function | Self::Activity => None,
        }
    }

    /// Whether it is a function that is called through [`LAMBDA_INVOKE`].
    fn is_lambda_invoke(&self) -> bool {
        self.integration().is_some_and(|it| &*it.service == "lambda" && &*it.action == "invoke")
    }

    /// The task's result, of what the function returned that it called.
    pub fn result(&self, output: Value) -> Value {
        if self.is_lambda_invoke() { invoked(output) } else { output }
    }

    /// The task's result if nobody waits for what the function returns: with `"InvocationType": "Event"` the answer is only that the
    /// call is on its way.
    pub fn sent(&self, parameters: &Value) -> Option<Value> {
        let is_event = self.is_lambda_invoke() && parameters.get("InvocationType")? == "Event";
        is_event.then(|| json!({"StatusCode": 202}))
    }
}

/// What the integration answers that calls a function by name, of what that returned.
pub fn invoked(output: Value) -> Value {
    json!({"Payload": output, "StatusCode": 200})
}

/// What is passed on to a function that is called by name.
fn given(passed: Value) -> Value {
    match passed {
        Value::Object(mut arguments) => arguments.remove("Payload").unwrap_or_else(|| json!({})),
        passed => passed,
    }
}

/// The name in the ARN of a function: `arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`, in any partition.
pub fn function_name(arn: &str) -> Option<&str> {
    let (partition, rest) = arn.strip_prefix("arn:")?.split_once(':')?;
    let rest = rest.strip_prefix("lambda:").filter(|_| partition.starts_with("aws"))?;
    let (_region, rest) = rest.split_once(':')?;
    let (_account, rest) = rest.split_once(':')?;
    let name = rest.strip_prefix("function:")?.split(':').next()?;
    (!name.is_empty()).then_some(name)
}

/// The name of a function given as `FunctionName`: an ARN, `<account>:function:<name>` or the name, each perhaps with `:<qualifier>`.
fn given_name(given: &str) -> &str {
    function_name(given).unwrap_or_else(|| {
        let name = given.split_once(":function:").map_or(given, |(_, name)| name);
        name.split(':').next().unwrap_or(name)
    })
}

/// Whether that is [`LAMBDA_INVOKE`], in whichever partition, region and account.
fn is_lambda_invoke(resource: &str) -> bool {
    resource == LAMBDA_INVOKE || Resource::parse(resource).is_some_and(|it| it.kind.is_lambda_invoke())
}

/// The function that a call names: of its resource, or of what is passed to the integration.
///
/// # Errors
/// It names none; why, for people.
pub fn called_function<'c>(resource: &'c str, passed: &'c Value) -> Result<&'c str, String> {
    if let Some(name) = function_name(resource) {
        return Ok(name);
    }
    if !is_lambda_invoke(resource) {
        return Err(format!("{resource} names no function"));
    }
    match passed.get("FunctionName") {
        Some(Value::String(given)) => Ok(given_name(given)),
        Some(other) => Err(format!("FunctionName is {other}, which is no string")),
        None => Err("FunctionName is missing".to_owned()),
    }
}

/// What the function is given that a call names.
pub fn payload(resource: &str, passed: Value) -> Value {
    if is_lambda_invoke(resource) { given(passed) } else { passed }
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
        for named in ["g:prod", "123456789012:function:g:prod", "arn:aws-cn:lambda:cn-north-1:1:function:g"] {
            assert_eq!(called_function(LAMBDA_INVOKE, &json!({"FunctionName": named})), Ok("g"), "{named}");
        }
        for resource in
            ["arn:aws-cn:states:::lambda:invoke", "arn:aws:states:eu-west-1:123456789012:lambda:invoke"]
        {
            assert_eq!(called_function(resource, &json!({"FunctionName": "g"})), Ok("g"), "{resource}");
        }
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
