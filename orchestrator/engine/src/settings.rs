//! Fields that are given or computed: numbers, points in time, texts and conditions.

use asl::error::{QUERY_EVALUATION_ERROR, RUNTIME};
use asl::parse::SECONDS_MAX;
use asl::setting::Setting;
use asl::template::{Expression, Place};
use asl::{RuntimeError, Scope};
use jiff::Timestamp;
use serde_json::Value;

/// A number of seconds, at least `min` of them.
pub(crate) fn seconds(
    setting: &Setting<u64>,
    field: &str,
    min: u64,
    scope: &Scope<'_>,
) -> Result<u64, RuntimeError> {
    number(setting, field, (min, SECONDS_MAX), scope)
}

/// A whole number in the range.
pub(crate) fn number(
    setting: &Setting<u64>,
    field: &str,
    (min, max): (u64, u64),
    scope: &Scope<'_>,
) -> Result<u64, RuntimeError> {
    computed(setting, field, scope, |value| {
        let whole = value.as_u64().or_else(|| value.as_f64().filter(|n| n.fract() == 0.0).map(|n| n as u64));
        let number = whole.filter(|_| value.as_f64().is_some_and(|n| n >= 0.0)).ok_or_else(|| {
            ("integer", format!("parameter cannot be parsed as a long value: {}", bare(value)))
        })?;
        if (min..=max).contains(&number) {
            Ok(number)
        } else {
            Err((
                "integer",
                format!("parameter references a value that is not from {min} to {max}: {number}"),
            ))
        }
    })
}

/// A number from 0 to 100.
pub(crate) fn percentage(
    setting: &Setting<f64>,
    field: &str,
    scope: &Scope<'_>,
) -> Result<f64, RuntimeError> {
    computed(setting, field, scope, |value| {
        let number = value.as_f64().filter(|n| (0.0..=100.0).contains(n));
        number.ok_or_else(|| ("number", format!("parameter is no number from 0 to 100: {}", bare(value))))
    })
}

/// A point in time.
pub(crate) fn timestamp(
    setting: &Setting<Timestamp>,
    field: &str,
    scope: &Scope<'_>,
) -> Result<Timestamp, RuntimeError> {
    computed(setting, field, scope, |value| {
        value.as_str().and_then(asl::choice::timestamp).ok_or_else(|| {
            let cause = format!(
                "parameter cannot be parsed as an ISO-8601 extended offset date-time format string: {}",
                bare(value)
            );
            ("string", cause)
        })
    })
}

/// A string, as error names and causes are.
pub(crate) fn text(
    setting: &Setting<String>,
    field: &str,
    scope: &Scope<'_>,
) -> Result<String, RuntimeError> {
    computed(setting, field, scope, |value| match value {
        Value::String(text) => Ok(text.clone()),
        _ => Err(("string", format!("parameter references a value that is no string: {value}"))),
    })
}

/// Whether a condition holds.
pub(crate) fn condition(
    setting: &Setting<bool>,
    field: &str,
    scope: &Scope<'_>,
) -> Result<bool, RuntimeError> {
    computed(setting, field, scope, |value| {
        value.as_bool().ok_or_else(|| ("boolean", format!("is no Boolean: {value}")))
    })
}

/// The setting's value. `read` makes it of what was computed, or says what type was expected and what is wrong.
fn computed<T: Clone>(
    setting: &Setting<T>,
    field: &str,
    scope: &Scope<'_>,
    read: impl FnOnce(&Value) -> Result<T, (&'static str, String)>,
) -> Result<T, RuntimeError> {
    let expression = match setting {
        Setting::Fixed(value) => return Ok(value.clone()),
        Setting::Computed(expression) => expression,
    };
    let value = expression.eval(scope, &Place::Field(field)).map_err(|error| match expression {
        Expression::Path(path) => RuntimeError::new(
            error.name,
            format!("The {field}Path parameter does not reference an input value: {path}"),
        ),
        _ => error,
    })?;
    read(&value).map_err(|(expected, wrong)| match expression.as_jsonata() {
        Some(text) => RuntimeError {
            location: Some(field.to_owned()),
            ..RuntimeError::new(
                QUERY_EVALUATION_ERROR,
                format!(
                    "The JSONata expression '{text}' specified for the field '{field}' returned an unexpected result \
                     type. Expected '{expected}', but was '{}' for value: {value}",
                    type_of(&value)
                ),
            )
        },
        None => RuntimeError::new(RUNTIME, format!("The {field}Path {wrong}")),
    })
}

/// A value as AWS puts it in a sentence.
fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
