//! Data as JSON text.

use api::Failure;
use api::Timestamp;
use api::types::CloudWatchEventsExecutionDataDetails;
use asl::data::{NESTING_MAX, measured};
use asl::why_not_json;
use engine::quotas::PAYLOAD_BYTES_MAX;
use serde_json::Value;

/// What the member of a request says.
///
/// # Errors
/// It has more bytes than a payload may have; what `refuse` makes of why it is no JSON, in the words of AWS's reader.
pub(crate) fn read(member: &str, text: &str, refuse: impl Fn(String) -> Failure) -> Result<Value, Failure> {
    if text.len() > PAYLOAD_BYTES_MAX {
        return Err(Failure::Constraints(format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: \
             Member must have length less than or equal to {PAYLOAD_BYTES_MAX}"
        )));
    }
    let value: Value = serde_json::from_str(text)
        .map_err(|error| refuse(why_not_json(text).unwrap_or_else(|| error.to_string())))?;
    // What is so deep has a bracket for each level: most is shorter, and need not be looked at.
    if text.len() > NESTING_MAX && measured(&value, NESTING_MAX).is_none() {
        return Err(refuse(format!("It is nested more than {NESTING_MAX} levels deep")));
    }
    Ok(value)
}

/// Says that data is all there: it always is.
pub(crate) fn whole() -> CloudWatchEventsExecutionDataDetails {
    CloudWatchEventsExecutionDataDetails { included: Some(true) }
}

/// A point in time, given in milliseconds since 1970.
pub(crate) fn at(ms: u64) -> Timestamp {
    Timestamp(i64::try_from(ms).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read("input", text, Failure::Internal).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_payload_is_told_as_aws_tells_it() {
        assert_eq!(
            refused("{a"),
            "Unexpected character ('a' (code 97)): was expecting double-quote to start field name\n at [Source: \
             (String)\"{a\"; line: 1, column: 3]"
        );
        let umlauts = format!("\"{}\"", "ü".repeat(PAYLOAD_BYTES_MAX / 2));
        assert_eq!(
            refused(&umlauts),
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less \
             than or equal to 262144"
        );
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read("input", &nested(NESTING_MAX), Failure::Internal).is_ok());
        assert_eq!(refused(&nested(NESTING_MAX + 1)), "It is nested more than 100 levels deep");
        assert!(!refused("").is_empty() && !refused(&nested(200)).is_empty());
    }
}
