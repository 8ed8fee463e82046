//! What texts scalars become outside of JSON and CBOR.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::check::moment;
use crate::model::{Format, Kind, Ref, Service};
use crate::timestamp;

/// A scalar as text; timestamps in that format unless the model names one.
pub(crate) fn text(service: &Service, at: Ref, value: &Value, format: Format) -> String {
    match (&service.shape(at).kind, value) {
        (Kind::Timestamp, value) => timestamp::text(moment(value), at.format.unwrap_or(format)),
        (Kind::Blob, Value::String(text)) => STANDARD.encode(text),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}
