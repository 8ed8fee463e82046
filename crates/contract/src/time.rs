//! Points in time as the contract writes them.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;

/// Milliseconds since the Unix epoch.
pub type Millis = i64;

/// RFC 3339 with milliseconds, in UTC; a time out of range becomes the nearest that can be written.
#[must_use]
pub fn format(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX });
    format!("{at:.3}")
}

/// Why a text is no point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// It is not RFC 3339.
    #[error("it is no RFC 3339 time with an offset or Z")]
    Form,
    /// It is, but nobody can count so far: [`format()`] could not write it in UTC and every offset.
    #[error("it is out of range: times go to {}", format(Millis::MAX))]
    Range,
}

/// Reads RFC 3339 (with an offset or `Z`).
///
/// # Errors
/// The text is not such a time, or one that is out of range.
pub fn parse(text: &str) -> Result<Millis, TimeError> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    text.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|_| match PARSER.parse_pieces(text) {
        Ok(pieces) if pieces.time().is_some() && pieces.offset().is_some() => TimeError::Range,
        _ => TimeError::Form,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_the_way_there_and_back() {
        assert_eq!(format(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(parse("2023-11-14T23:13:20.123+01:00"), Ok(1_700_000_000_123));
        for wrong in ["yesterday", "", "2023-11-14", "2023-11-14T23:13:20", "2023-02-30T00:00:00Z"] {
            assert_eq!(parse(wrong), Err(TimeError::Form), "{wrong}");
        }
    }

    #[test]
    fn a_time_out_of_range_does_not_panic() {
        assert!(format(i64::MAX).starts_with("9999-"));
        assert!(format(i64::MIN).starts_with("-009999-"));
        assert_eq!(parse(&format(i64::MAX)), Ok(Timestamp::MAX.as_millisecond()));
        assert_eq!(parse("9999-12-31T23:59:59Z"), Err(TimeError::Range), "what means `never` elsewhere");
        assert_eq!(TimeError::Range.to_string(), "it is out of range: times go to 9999-12-30T22:00:00.999Z");
    }
}
