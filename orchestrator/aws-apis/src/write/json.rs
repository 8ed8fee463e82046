//! AWS JSON 1.0 and 1.1, and the JSON that REST has as its bodies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::check::moment;
use crate::model::{Format, Kind, Member, Ref, Service, Structure};
use crate::request::{Call, HttpRequest};
use crate::timestamp;

pub(crate) fn write(call: &Call<'_>, request: &mut HttpRequest) {
    let Call { service, operation, parameters, .. } = call;
    let header = |name: &str, value: String| (name.to_owned(), value);
    request.headers.push(header("X-Amz-Target", format!("{}.{}", service.target_prefix, operation.name)));
    request.headers.push(header("Content-Type", format!("application/x-amz-json-{}", service.json_version)));
    if service.is_query_compatible {
        request.headers.push(header("x-amzn-query-mode", "true".to_owned()));
    }
    let structure = operation.input.and_then(|input| service.structure(input));
    let body =
        structure.map(|structure| members(service, structure, parameters, |_| true)).unwrap_or_default();
    request.body = Value::Object(body).to_string().into_bytes();
}

/// A structure with the names that it has on the wire, of those members that are wanted.
pub(crate) fn members(
    service: &Service,
    structure: &Structure,
    object: &Map<String, Value>,
    is_wanted: impl Fn(&Member) -> bool,
) -> Map<String, Value> {
    let there = object.iter().filter_map(|(name, found)| {
        let member = structure.members.iter().find(|member| member.name == name && is_wanted(member))?;
        Some((member.wire_name().to_owned(), value(service, member.at, found)))
    });
    there.collect()
}

/// A value as it is on the wire.
pub(crate) fn value(service: &Service, at: Ref, found: &Value) -> Value {
    match (&service.shape(at).kind, found) {
        (Kind::Structure(structure), found) if structure.is_document => found.clone(),
        (Kind::Structure(structure), Value::Object(object)) => {
            Value::Object(members(service, structure, object, |_| true))
        }
        (Kind::List(of), Value::Array(list)) => {
            list.iter().map(|element| value(service, *of, element)).collect()
        }
        (Kind::Map(_, of), Value::Object(object)) => {
            let there = object.iter().map(|(key, element)| (key.clone(), value(service, *of, element)));
            Value::Object(there.collect())
        }
        (Kind::Blob, Value::String(text)) => Value::String(STANDARD.encode(text)),
        (Kind::Timestamp, Value::Null) => Value::Null,
        (Kind::Timestamp, found) => timestamp::write(moment(found), at.format.unwrap_or(Format::Unix)),
        (_, found) => found.clone(),
    }
}
