//! Answers of REST: members from headers and the status, the rest from the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{error, json, scalar, xml};
use crate::error::ApiError;
use crate::model::{Flags, Kind, Location, Member, Operation, Protocol, Ref, Service, Structure};
use crate::xml::Element;

pub(crate) fn read(
    service: &Service,
    output: Ref,
    structure: &Structure,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Value, String> {
    let mut out = Map::new();
    for member in &structure.members {
        if let Some(found) = located(service, member, status, headers)? {
            out.insert(member.sdk_name.to_string(), found);
        }
    }
    let Some(payload) = structure.payload.map(|place| &structure.members[place]) else {
        if let Value::Object(members) = parsed(service, output, body)? {
            out.extend(members);
        }
        return Ok(Value::Object(out));
    };
    let found = match &service.shape(payload.at).kind {
        // As it is; a stream's bytes as well.
        Kind::Text | Kind::Blob => scalar::bytes(body),
        _ => parsed(service, payload.at, body)?,
    };
    out.insert(payload.sdk_name.to_string(), found);
    Ok(Value::Object(out))
}

/// A body of JSON or XML; nothing is an empty one.
fn parsed(service: &Service, at: Ref, body: &[u8]) -> Result<Value, String> {
    if service.protocol == Protocol::RestJson {
        return json::body(service, at, body);
    }
    let root = if body.is_empty() { Element::default() } else { crate::xml::read(body)? };
    xml::value(service, at, &root)
}

/// What the head of an answer says of a member.
fn located(
    service: &Service,
    member: &Member,
    status: u16,
    headers: &[(String, String)],
) -> Result<Option<Value>, String> {
    let name = member.wire_name();
    match member.at.location {
        Some(Location::Status) => Ok(Some(Value::from(status))),
        Some(Location::Headers) => {
            let prefix = name.to_lowercase();
            let there = headers.iter().filter(|(known, _)| known.to_lowercase().starts_with(&prefix));
            let there =
                there.map(|(known, value)| (known[prefix.len()..].to_owned(), Value::from(value.as_str())));
            Ok(Some(Value::Object(there.collect())))
        }
        Some(Location::Header) => match error::header(headers, name) {
            Some(text) => header(service, member.at, text).map(Some),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

fn header(service: &Service, at: Ref, text: &str) -> Result<Value, String> {
    match &service.shape(at).kind {
        Kind::List(of) => text.split(',').map(|element| scalar::text(service, *of, element.trim())).collect(),
        Kind::Text if at.flags.has(Flags::JSON_VALUE) => {
            let bytes = STANDARD.decode(text).map_err(|error| error.to_string())?;
            serde_json::from_slice(&bytes).map_err(|error| error.to_string())
        }
        _ => scalar::text(service, at, text),
    }
}

/// S3 begins some answers before it knows how they end: an error may come with status 200.
pub(crate) fn hidden_error(
    service: &Service,
    operation: &Operation,
    headers: &[(String, String)],
    body: &[u8],
) -> Option<ApiError> {
    let structure = operation.output.and_then(|output| service.structure(output))?;
    let payload = structure.payload.map(|place| &service.shape(structure.members[place].at).kind);
    if body.is_empty() || matches!(payload, Some(Kind::Text | Kind::Blob)) {
        return None;
    }
    // What breaks off is to be asked for again, like an error of the service.
    let is_error = crate::xml::read(body).map_or(true, |root| root.name == "Error");
    is_error.then(|| {
        ApiError::new(service, 500, error::with_id(error::read(service, 500, headers, body), headers))
    })
}
