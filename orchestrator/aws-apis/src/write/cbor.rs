//! Smithy RPC v2 with CBOR.

use ciborium::Value as Cbor;
use serde_json::{Map, Value};

use crate::check::moment;
use crate::model::{Format, Kind, Ref, Service, Structure};
use crate::request::{Call, HttpRequest};
use crate::timestamp;

/// The tag of seconds since 1970 (RFC 8949, 3.4.2).
const SECONDS: u64 = 1;

pub(crate) fn write(call: &Call<'_>, request: &mut HttpRequest) {
    let Call { service, operation, parameters, .. } = call;
    request.path.push_str(&format!("/service/{}/operation/{}", service.target_prefix, operation.name));
    let mut header = |name: &str, value: &str| request.headers.push((name.to_owned(), value.to_owned()));
    header("smithy-protocol", "rpc-v2-cbor");
    let is_stream = service.has_event_stream(operation.output);
    header("Accept", if is_stream { "application/vnd.amazon.eventstream" } else { "application/cbor" });
    if service.is_query_compatible {
        header("x-amzn-query-mode", "true");
    }
    if let Some(structure) = operation.input.and_then(|input| service.structure(input)) {
        header("Content-Type", "application/cbor");
        let body = members(service, structure, parameters);
        // Writing to memory cannot fail.
        let _ = ciborium::into_writer(&body, &mut request.body);
    }
}

fn members(service: &Service, structure: &Structure, object: &Map<String, Value>) -> Cbor {
    let there = object.iter().filter_map(|(name, found)| {
        let member = structure.members.iter().find(|member| member.name == name)?;
        Some((Cbor::from(member.wire_name()), value(service, member.at, found)))
    });
    Cbor::Map(there.collect())
}

fn value(service: &Service, at: Ref, found: &Value) -> Cbor {
    match (&service.shape(at).kind, found) {
        (Kind::Structure(structure), Value::Object(object)) if !structure.is_document => {
            members(service, structure, object)
        }
        (Kind::List(of), Value::Array(list)) => {
            Cbor::Array(list.iter().map(|element| value(service, *of, element)).collect())
        }
        (Kind::Map(_, of), Value::Object(object)) => {
            let there =
                object.iter().map(|(key, element)| (Cbor::from(key.as_str()), value(service, *of, element)));
            Cbor::Map(there.collect())
        }
        (Kind::Blob, Value::String(text)) => Cbor::Bytes(text.clone().into_bytes()),
        (Kind::Timestamp, found) if !found.is_null() => {
            let seconds = timestamp::write(moment(found), Format::Unix);
            Cbor::Tag(SECONDS, Box::new(json(&seconds)))
        }
        (Kind::Float | Kind::Double, Value::String(text)) => {
            Cbor::Float(text.replace("Infinity", "inf").parse().unwrap_or(f64::NAN))
        }
        (Kind::Float | Kind::Double, Value::Number(number)) => {
            Cbor::Float(number.as_f64().unwrap_or(f64::NAN))
        }
        (_, found) => json(found),
    }
}

/// JSON as it is.
fn json(value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(truth) => Cbor::Bool(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Cbor::from(number),
            None => Cbor::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Cbor::from(text.as_str()),
        Value::Array(list) => Cbor::Array(list.iter().map(json).collect()),
        Value::Object(object) => {
            Cbor::Map(object.iter().map(|(name, value)| (Cbor::from(name.as_str()), json(value))).collect())
        }
    }
}
