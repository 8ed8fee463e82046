//! Whether a result is what the model of the called service says. The only model at hand is that of Step Functions itself.
//!
//! Integrations name members with a great letter first (`ExecutionArn`). Points in time are texts, as a workflow sees them.

use api::shape::{Kind, ShapeId};
use api::{Operation, SERVICE};
use asl::resource::{Integration, Pattern};
use serde_json::Value;

/// Whether members that the model requires have to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// They have.
    Required,
    /// What is there has to be right.
    Any,
}

/// Whether the integration could answer that.
///
/// # Errors
/// The first member that is wrong. Members that the model does not have are passed over.
pub(super) fn check(integration: &Integration, result: &Value, presence: Presence) -> Result<(), String> {
    let Some(operation) = operation(integration) else { return Ok(()) };
    member(operation.shape().output, result, "", presence)
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
