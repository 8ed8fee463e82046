//! Points in time as the contract writes them.

use jiff::Timestamp;

/// Milliseconds since the Unix epoch.
pub type Millis = i64;

/// RFC 3339 with milliseconds, in UTC; a time out of range becomes the nearest that can be written.
#[must_use]
pub fn format(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX });
    format!("{at:.3}")
}

/// Reads RFC 3339 (with an offset or `Z`).
///
/// # Errors
/// The text is not such a time; the message says why.
pub fn parse(text: &str) -> Result<Millis, String> {
    text.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_the_way_there_and_back() {
        assert_eq!(format(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(parse("2023-11-14T23:13:20.123+01:00"), Ok(1_700_000_000_123));
        assert!(parse("yesterday").is_err());
    }

    #[test]
    fn a_time_out_of_range_does_not_panic() {
        assert!(format(i64::MAX).starts_with("9999-"));
        assert!(format(i64::MIN).starts_with("-009999-"));
    }
}
