//! How long executions are kept, as a flag says it.

use std::time::Duration;

/// How long executions are kept after they have ended; `None`: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep(pub(crate) Option<Duration>);

const FOREVER: &str = "forever";
const EXPECTED: &str = "expected a minute or more, such as 90d, 36h or 30m, or forever";

/// Reads it: a whole number of days, hours or minutes.
///
/// # Errors
/// What would be right.
pub(crate) fn keep(text: &str) -> Result<Keep, String> {
    if text == FOREVER {
        return Ok(Keep(None));
    }
    let (number, seconds) = match text.char_indices().next_back() {
        Some((end, 'd')) => (&text[..end], 86_400),
        Some((end, 'h')) => (&text[..end], 3_600),
        Some((end, 'm')) => (&text[..end], 60),
        _ => return Err(EXPECTED.to_owned()),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse::<u64>().ok().filter(|number| is_number && *number > 0);
    let seconds = number.and_then(|number| number.checked_mul(seconds));
    seconds.map(|seconds| Keep(Some(Duration::from_secs(seconds)))).ok_or_else(|| EXPECTED.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_hours_and_minutes_are_read_and_nothing_else() {
        let of = |text: &str| keep(text).map(|keep| keep.0.map(|keep| keep.as_secs()));
        assert_eq!(of("90d"), Ok(Some(7_776_000)));
        assert_eq!((of("36h"), of("1m"), of("forever")), (Ok(Some(129_600)), Ok(Some(60)), Ok(None)));
        for wrong in
            ["", "0d", "90", "d", "-1d", "+1d", "1.5h", "30s", "90 d", "ü", "1ü", "99999999999999999999d"]
        {
            assert_eq!(of(wrong), Err(EXPECTED.to_owned()), "{wrong:?}");
        }
    }
}
