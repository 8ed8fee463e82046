//! CBOR of answers.

use ciborium::Value as Cbor;
use serde_json::{Map, Value};

use super::scalar;
use crate::model::{Kind, Ref, Service};
use crate::timestamp;

/// How deep values may lie in each other.
const DEPTH: usize = 128;

/// A whole body; nothing is an empty object.
pub(crate) fn body(service: &Service, at: Ref, body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    value(service, at, &parse(body)?)
}

/// What is claimed to be long is read as far as it is there, and no memory is taken for the claim.
pub(crate) fn parse(body: &[u8]) -> Result<Cbor, String> {
    ciborium::de::from_reader_with_recursion_limit(body, DEPTH).map_err(|error| format!("no CBOR: {error}"))
}

/// The member of a map that has that name.
pub(crate) fn member<'m>(map: &'m [(Cbor, Cbor)], name: &str) -> Option<&'m Cbor> {
    map.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

/// What it is, without all that is in it.
fn kind(found: &Cbor) -> &'static str {
    match found {
        Cbor::Integer(_) | Cbor::Float(_) => "a number",
        Cbor::Text(_) => "a text",
        Cbor::Bytes(_) => "bytes",
        Cbor::Bool(_) => "a boolean",
        Cbor::Array(_) => "an array",
        Cbor::Map(_) => "a map",
        _ => "something else",
    }
}

fn value(service: &Service, at: Ref, found: &Cbor) -> Result<Value, String> {
    let wrong = |what: &str| Err(format!("{what} was expected instead of {}", kind(found)));
    match (&service.shape(at).kind, found) {
        (_, Cbor::Null) => Ok(Value::Null),
        (Kind::Structure(structure), Cbor::Map(map)) => {
            let mut out = Map::new();
            for known in &structure.members {
                if let Some(found) = member(map, known.wire_name()).filter(|found| !found.is_null()) {
                    out.insert(known.sdk_name.to_string(), value(service, known.at, found)?);
                }
            }
            Ok(Value::Object(out))
        }
        (Kind::List(of), Cbor::Array(list)) => {
            list.iter().map(|element| value(service, *of, element)).collect()
        }
        (Kind::Map(_, of), Cbor::Map(map)) => {
            let pair = |(key, found): &(Cbor, Cbor)| {
                let key = key.as_text().ok_or("a map has a key that is no text")?;
                Ok((key.to_owned(), value(service, *of, found)?))
            };
            map.iter().map(pair).collect::<Result<_, String>>().map(Value::Object)
        }
        (Kind::Blob, Cbor::Bytes(bytes)) => Ok(scalar::bytes(bytes)),
        (Kind::Timestamp, Cbor::Tag(1, seconds)) => match timestamp::read(&number(seconds)) {
            Some(moment) => Ok(timestamp::shown(moment)),
            None => wrong("a time"),
        },
        (Kind::Text, Cbor::Text(text)) => Ok(Value::from(text.as_str())),
        (Kind::Boolean, Cbor::Bool(truth)) => Ok(Value::Bool(*truth)),
        (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, Cbor::Integer(_) | Cbor::Float(_)) => {
            Ok(number(found))
        }
        _ => wrong("another type"),
    }
}

fn number(value: &Cbor) -> Value {
    match value {
        Cbor::Integer(number) => i128::from(*number).to_string().parse().map_or(Value::Null, Value::Number),
        Cbor::Float(number) => scalar::double(*number),
        _ => Value::Null,
    }
}
