//! JSON of answers.

use serde_json::{Map, Value};

use super::scalar;
use crate::model::{Kind, Ref, Service, Structure};
use crate::timestamp;

/// A whole body; nothing is an empty object.
pub(crate) fn body(service: &Service, at: Ref, body: &[u8]) -> Result<Value, String> {
    let parsed = parse(body)?;
    match value(service, at, &parsed)? {
        Value::Null => Ok(Value::Object(Map::new())),
        value => Ok(value),
    }
}

pub(crate) fn parse(body: &[u8]) -> Result<Value, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))
}

/// A structure's members in Step Functions' names, without those that are null or unknown.
pub(crate) fn members(
    service: &Service,
    structure: &Structure,
    object: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let mut out = Map::new();
    for member in structure.members.iter().filter(|member| member.at.location.is_none()) {
        if let Some(found) = object.get(member.wire_name()).filter(|found| !found.is_null()) {
            out.insert(member.sdk_name.to_string(), value(service, member.at, found)?);
        }
    }
    Ok(out)
}

/// A value as Step Functions shows it.
pub(crate) fn value(service: &Service, at: Ref, found: &Value) -> Result<Value, String> {
    let wrong = |what: &str| Err(format!("{what} was expected instead of {}", short(found)));
    match (&service.shape(at).kind, found) {
        (_, Value::Null) => Ok(Value::Null),
        (Kind::Structure(structure), found) if structure.is_document => Ok(found.clone()),
        (Kind::Structure(structure), Value::Object(object)) => {
            members(service, structure, object).map(Value::Object)
        }
        (Kind::Structure(_), _) => wrong("an object"),
        (Kind::List(of), Value::Array(list)) => {
            list.iter().map(|element| value(service, *of, element)).collect()
        }
        (Kind::List(_), _) => wrong("a list"),
        (Kind::Map(_, of), Value::Object(object)) => {
            let there = object.iter().map(|(key, element)| Ok((key.clone(), value(service, *of, element)?)));
            there.collect::<Result<_, String>>().map(Value::Object)
        }
        (Kind::Map(..), _) => wrong("an object"),
        (Kind::Blob, Value::String(text)) => scalar::base64(text),
        (Kind::Timestamp, found) => match timestamp::read(found) {
            Some(moment) => Ok(timestamp::shown(moment)),
            None => wrong("a time"),
        },
        (Kind::Boolean | Kind::Integer | Kind::Long | Kind::Float | Kind::Double, Value::String(text)) => {
            scalar::text(service, at, text)
        }
        // A scalar of another type than the model says: what came is told.
        (_, found) => Ok(found.clone()),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(40).collect()
}
