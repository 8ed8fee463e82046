//! Scalars of answers that are text on the wire, and bytes as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

use crate::model::{Kind, Ref, Service};
use crate::timestamp;

/// Bytes as Step Functions shows them: text if they are UTF-8, and Base64 otherwise, which loses nothing.
pub(crate) fn bytes(bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    Value::String(text.unwrap_or_else(|_| STANDARD.encode(bytes)))
}

/// Base64 as [`bytes`] shows what it stands for.
pub(crate) fn base64(text: &str) -> Result<Value, String> {
    let bytes_of = STANDARD.decode(text.trim()).map_err(|error| format!("no Base64: {error}"))?;
    Ok(bytes(&bytes_of))
}

/// A double, or its name where JSON has none.
pub(crate) fn double(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => Value::from("NaN"),
        None => Value::from(if number > 0.0 { "Infinity" } else { "-Infinity" }),
    }
}

/// Text of XML or of a header.
pub(crate) fn text(service: &Service, at: Ref, text: &str) -> Result<Value, String> {
    let wrong = |what: &str| format!("{text:?} is no {what}");
    match &service.shape(at).kind {
        Kind::Boolean => Ok(Value::Bool(text.trim().eq_ignore_ascii_case("true"))),
        Kind::Integer | Kind::Long => {
            text.trim().parse::<i64>().map(Value::from).map_err(|_| wrong("whole number"))
        }
        Kind::Float | Kind::Double => {
            let text = text.trim().replace("Infinity", "inf");
            text.parse().map(double).map_err(|_| wrong("number"))
        }
        Kind::Timestamp => {
            let moment = timestamp::read(&Value::from(text)).ok_or_else(|| wrong("time"))?;
            Ok(timestamp::shown(moment))
        }
        Kind::Blob => base64(text),
        _ => Ok(Value::from(text)),
    }
}
