//! Timestamps, as parameters give them, as they go over the wire, and as answers show them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use serde_json::{Number, Value};

use crate::model::Format;

/// Reads ISO 8601 (with a zone, or a date alone), RFC 822, or seconds since 1970 as a number or text.
pub(crate) fn read(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => seconds(&number.to_string()),
        Value::String(text) => {
            let text = text.trim();
            let date = || text.parse::<Date>().ok()?.to_zoned_datetime(TimeZone::UTC).ok();
            text.parse()
                .ok()
                .or_else(|| seconds(text))
                .or_else(|| date().map(|zoned| zoned.timestamp()))
                .or_else(|| rfc2822::DateTimeParser::new().parse_timestamp(text).ok())
        }
        _ => None,
    }
}

/// Reads a decimal number exactly, to the nanosecond; one with an exponent as a double.
fn seconds(text: &str) -> Option<Timestamp> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain =
        !whole.is_empty() && (whole.bytes().chain(fraction.bytes())).all(|byte| byte.is_ascii_digit());
    if !is_plain {
        let number: f64 = text.parse().ok()?;
        // Beyond these a double has no whole seconds, and jiff no years.
        return (number.abs() < 1e12)
            .then(|| Timestamp::from_microsecond((number * 1e6).round() as i64).ok())?;
    }
    let nanos: i32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Timestamp::new(sign * whole.parse::<i64>().ok()?, i32::try_from(sign).ok()? * nanos).ok()
}

/// As it goes over the wire: microseconds where there are any, as botocore writes it; RFC 822 has whole seconds.
pub(crate) fn write(timestamp: Timestamp, format: Format) -> Value {
    match format {
        Format::Iso8601 => Value::String(iso(timestamp, &[0, 6])),
        Format::Unix => unix(timestamp),
        Format::Rfc822 => {
            let text = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&whole_seconds(timestamp));
            Value::String(text.unwrap_or_default())
        }
    }
}

/// Text of what [`write`] gives.
pub(crate) fn text(timestamp: Timestamp, format: Format) -> String {
    match write(timestamp, format) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Without what is less than a second.
pub(crate) fn whole_seconds(timestamp: Timestamp) -> Timestamp {
    let nanos = timestamp.as_nanosecond().div_euclid(1_000_000_000);
    i64::try_from(nanos).ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(timestamp)
}

fn unix(timestamp: Timestamp) -> Value {
    let micros = timestamp.as_microsecond();
    if micros % 1_000_000 == 0 {
        return Value::from(micros / 1_000_000);
    }
    Number::from_f64(micros as f64 / 1e6).map_or(Value::Null, Value::Number)
}

/// As Step Functions shows it: ISO 8601 as Java's `Instant` prints it, with no, three, six or nine digits of a second.
pub(crate) fn shown(timestamp: Timestamp) -> Value {
    Value::String(iso(timestamp, &[0, 3, 6, 9]))
}

/// With the least of these numbers of digits that says all of it.
fn iso(timestamp: Timestamp, digits: &[u8]) -> String {
    let nanos = timestamp.as_nanosecond().rem_euclid(1_000_000_000);
    let fits = |digits: &&u8| nanos % 10_i128.pow(9 - u32::from(**digits)) == 0;
    let precision = digits.iter().find(fits).or(digits.last()).copied();
    format!("{timestamp:.*}", usize::from(precision.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown_of(value: Value) -> Option<Value> {
        read(&value).map(shown)
    }

    #[test]
    fn a_timestamp_is_read_however_it_is_written() {
        let expected = Some(json!("2015-10-21T07:28:00Z"));
        assert_eq!(shown_of(json!(1_445_412_480)), expected);
        assert_eq!(shown_of(json!("1445412480.0")), expected);
        assert_eq!(shown_of(json!(1.44541248e9)), expected);
        assert_eq!(shown_of(json!("2015-10-21T07:28:00Z")), expected);
        assert_eq!(shown_of(json!("2015-10-21T09:28:00+02:00")), expected);
        assert_eq!(shown_of(json!("Wed, 21 Oct 2015 07:28:00 GMT")), expected);
        assert_eq!(shown_of(json!("2015-10-21")), Some(json!("2015-10-21T00:00:00Z")));
        assert_eq!(shown_of(json!("1525283875.58")), Some(json!("2018-05-02T17:57:55.580Z")));
        assert_eq!(shown_of(json!(-0.5)), Some(json!("1969-12-31T23:59:59.500Z")));
    }

    #[test]
    fn what_is_no_timestamp_is_none() {
        for value in
            [json!("soon"), json!(""), json!(true), json!(1e300), json!("99999999999999999999"), json!("NaN")]
        {
            assert_eq!(shown_of(value.clone()), None, "{value}");
        }
    }

    #[test]
    fn each_format_is_written_as_botocore_writes_it() {
        let whole = read(&json!(1_445_412_480)).unwrap();
        let part = read(&json!("1445412480.25")).unwrap();
        assert_eq!(write(whole, Format::Iso8601), json!("2015-10-21T07:28:00Z"));
        assert_eq!(write(part, Format::Iso8601), json!("2015-10-21T07:28:00.250000Z"));
        assert_eq!(write(whole, Format::Unix), json!(1_445_412_480));
        assert_eq!(write(part, Format::Unix), json!(1_445_412_480.25));
        assert_eq!(write(part, Format::Rfc822), json!("Wed, 21 Oct 2015 07:28:00 GMT"));
    }
}
