//! Answers of every protocol, in Step Functions' names.

mod cbor;
mod error;
mod json;
mod query;
mod rest;
mod scalar;
mod xml;

use serde_json::Value;

use crate::error::ApiError;
use crate::model::{Operation, Protocol, Service};

/// Bodies that are longer are not read: a state can hold 256 KiB, of which eight times as much may be made on the wire by names, quotes and
/// tags. A body takes up to a hundred times its size while it is read.
pub const ANSWER_BYTES_MAX: usize = 2 << 20;

/// What an answer says.
pub(crate) fn answer(
    service: &Service,
    operation: &Operation,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Value, ApiError> {
    let unreadable = |why: String| ApiError::unreadable(service, status, &why);
    if body.len() > ANSWER_BYTES_MAX {
        return Err(unreadable(format!(
            "a body of {} bytes; at most {ANSWER_BYTES_MAX} are read",
            body.len()
        )));
    }
    // As botocore has it: a redirection is no answer, either.
    if status >= 301 {
        let told = error::without_body(service, operation, status, body);
        let told = told.unwrap_or_else(|| error::read(service, status, headers, body));
        return Err(ApiError::new(service, status, error::with_id(told, headers)));
    }
    if service.has_event_stream(operation.output) {
        return Err(unreadable("a stream of events".to_owned()));
    }
    if service.service_id == "S3" {
        if let Some(error) = rest::hidden_error(service, operation, headers, body) {
            return Err(error);
        }
        // It has no member: the root's text is the region.
        if operation.name == "GetBucketLocation" {
            let root = crate::xml::read(body).map_err(unreadable)?;
            let region = Some(root.text).filter(|text| !text.trim().is_empty());
            return Ok(serde_json::json!({ "LocationConstraint": region }));
        }
    }
    let Some((output, structure)) =
        operation.output.and_then(|output| Some((output, service.structure(output)?)))
    else {
        return Ok(Value::Object(serde_json::Map::new()));
    };
    match service.protocol {
        Protocol::Json => json::body(service, output, body),
        Protocol::RestJson | Protocol::RestXml => {
            rest::read(service, output, structure, status, headers, body)
        }
        Protocol::Query | Protocol::Ec2 => query::read(service, operation, output, body),
        Protocol::RpcCbor => cbor::body(service, output, body),
    }
    .map_err(unreadable)
}
