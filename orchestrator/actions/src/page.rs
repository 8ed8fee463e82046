//! Pages: tokens that lead to the next one.

use api::{ErrorKind, Failure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use participant::Millis;
use serde::{Deserialize, Serialize};

use crate::failures::declared;

/// AWS's tokens are of no use after that.
const LASTS_MS: Millis = 24 * 60 * 60 * 1000;
/// Results of a page when nothing or 0 is asked for.
pub(crate) const RESULTS_DEFAULT: usize = 100;

/// Where a list goes on.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Next {
    /// Of which list: a token of one is of no use for another.
    #[serde(rename = "l")]
    list: String,
    #[serde(rename = "c")]
    cursor: u64,
    #[serde(rename = "t")]
    made: Millis,
}

/// How many results a page has.
pub(crate) fn size(max_results: Option<i64>) -> usize {
    match max_results.and_then(|max| usize::try_from(max).ok()) {
        Some(max) if max > 0 => max,
        _ => RESULTS_DEFAULT,
    }
}

/// The token that leads behind `cursor` in that list (an action with all that selects).
pub(crate) fn token(list: &str, cursor: u64, now: Millis) -> String {
    let next = Next { list: list.to_owned(), cursor, made: now };
    // There is nothing in it that JSON cannot say.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&next).unwrap_or_default())
}

/// The cursor that a token leads behind.
///
/// # Errors
/// `InvalidToken`: it is none, of another list, or too old.
pub(crate) fn cursor(list: &str, token: Option<&str>, now: Millis) -> Result<Option<u64>, Failure> {
    let Some(token) = token else { return Ok(None) };
    let invalid = || declared(ErrorKind::InvalidToken, "Invalid Token: 'Invalid token'");
    let next = URL_SAFE_NO_PAD.decode(token).ok();
    let next: Next = next.and_then(|next| serde_json::from_slice(&next).ok()).ok_or_else(invalid)?;
    let is_good = next.list == list && now.saturating_sub(next.made) < LASTS_MS;
    is_good.then_some(Some(next.cursor)).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_on_in_its_own_list_for_a_day() {
        let given = token("executions of m", 7, 1_000);
        assert_eq!(cursor("executions of m", Some(&given), 1_000 + LASTS_MS - 1).unwrap(), Some(7));
        assert_eq!(cursor("executions of m", None, 0).unwrap(), None);
        cursor("executions of m", Some(&given), 1_000 + LASTS_MS).unwrap_err();
        cursor("executions of n", Some(&given), 1_000).unwrap_err();
        cursor("executions of m", Some("x"), 1_000).unwrap_err();
    }
}
