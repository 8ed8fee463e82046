//! Whether a result is what the model of the called service says: that of Step Functions itself, with the values of its enums, or that of
//! any other service in the table of all.
//!
//! Integrations name members with a great letter first (`ExecutionArn`). Points in time are texts, as a workflow sees them.

use api::shape::{Kind, ShapeId};
use api::{Operation, SERVICE};
use asl::resource::{Integration, Pattern};
use aws_apis::{Action, Naming, Presence};
use serde_json::Value;

/// Whether the integration could answer that.
///
/// # Errors
/// The first member that is wrong. Members that the model does not have are passed over.
pub(super) fn check(integration: &Integration, result: &Value, presence: Presence) -> Result<(), String> {
    if let Some(operation) = operation(integration) {
        return member(operation.shape().output, result, "", presence);
    }
    let naming = if integration.service.starts_with("aws-sdk:") { Naming::Sdk } else { Naming::Model };
    action(integration).map_or(Ok(()), |action| action.check_result(result, naming, presence))
}

/// The action of another service whose answer is the result; `None` where it is something else, or nobody knows: what came of a job that was
/// waited for, and what is no service of AWS.
fn action(integration: &Integration) -> Option<Action> {
    if integration.pattern != Pattern::RequestResponse {
        return None;
    }
    let (service, action) = (&*integration.service, integration.action.split('.').next()?);
    let service = match (service.strip_prefix("aws-sdk:"), service, action) {
        (Some(service), _, _) => service,
        // What optimised integrations call otherwise.
        (None, "events", _) => "eventbridge",
        (None, "emr-containers", _) => "emrcontainers",
        (None, "emr-serverless", _) => "emrserverless",
        (None, "elasticmapreduce", _) => "emr",
        (None, "bedrock", "invokeModel") => "bedrockruntime",
        (None, service, _) => service,
    };
    aws_apis::service(service).ok()?.action(action).ok()
}

/// What is answered: of what was begun and waited for, its description.
fn operation(integration: &Integration) -> Option<Operation> {
    let action = integration.action.split('.').next()?;
    match (&*integration.service, integration.pattern) {
        ("states", Pattern::Sync) => Some(Operation::DescribeExecution),
        ("states" | "aws-sdk:sfn", Pattern::RequestResponse) => Operation::from_name(&great(action)),
        _ => None,
    }
}

/// The text with a great letter first.
fn great(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

fn member(shape: ShapeId, value: &Value, path: &str, presence: Presence) -> Result<(), String> {
    let within = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let must_be = |what: &str| Err(format!("Field '{path}' must be {what}"));
    match (&SERVICE.shape(shape).kind, value) {
        (Kind::Structure(members), Value::Object(object)) => members.iter().try_for_each(|known| {
            let name = great(known.name);
            match object.get(&name) {
                Some(value) => member(known.shape, value, &within(&name), presence),
                None if known.is_required && presence == Presence::Required => {
                    Err(format!("Field '{}' is required", within(&name)))
                }
                None => Ok(()),
            }
        }),
        (Kind::List { of, .. }, Value::Array(list)) => list
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| member(*of, value, &format!("{path}[{index}]"), presence)),
        (Kind::Map { value: of, .. }, Value::Object(object)) => {
            object.iter().try_for_each(|(name, value)| member(*of, value, &within(name), presence))
        }
        (Kind::Text { values, .. }, Value::String(text)) => {
            if values.is_empty() || values.contains(&text.as_str()) {
                return Ok(());
            }
            must_be(&format!("one of [{}]", values.join(", ")))
        }
        (Kind::Timestamp, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Integer(_) | Kind::Long(_) | Kind::Float(_), Value::Number(_)) => Ok(()),
        (Kind::Structure(_) | Kind::Map { .. }, _) => must_be("an object"),
        (Kind::List { .. }, _) => must_be("an array"),
        (Kind::Text { .. } | Kind::Timestamp, _) => must_be("a string"),
        (Kind::Boolean, _) => must_be("a boolean"),
        (Kind::Integer(_) | Kind::Long(_) | Kind::Float(_), _) => must_be("a number"),
    }
}
