//! How often an execution was redriven, and who asked for it.

use serde::{Deserialize, Serialize};

/// Tokens that are remembered; as with AWS.
const TOKENS_MAX: usize = 10;
/// How long a token is remembered, in milliseconds: 15 minutes, as with AWS.
const TOKEN_MS: u64 = 15 * 60 * 1000;

/// How often it was redriven, and when last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Redrives {
    #[serde(rename = "n")]
    pub(crate) count: u32,
    /// In milliseconds since 1970.
    #[serde(rename = "t")]
    pub(crate) at_ms: u64,
    /// The tokens that it was asked with, the oldest first, and when.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    tokens: Vec<(String, u64)>,
}

impl Redrives {
    /// When it was redriven by that token, if that is remembered still.
    pub(crate) fn by(&self, token: &str, now_ms: u64) -> Option<u64> {
        let (_, at_ms) = self.tokens.iter().find(|(known, _)| known == token)?;
        (now_ms.saturating_sub(*at_ms) < TOKEN_MS).then_some(*at_ms)
    }

    /// It was redriven once more.
    pub(crate) fn note(&mut self, now_ms: u64) {
        self.count += 1;
        self.at_ms = now_ms;
    }

    /// It was by that token that it was redriven last.
    pub(crate) fn remember(&mut self, token: &str) {
        self.tokens.retain(|(known, _)| known != token);
        if self.tokens.len() >= TOKENS_MAX {
            self.tokens.remove(0);
        }
        self.tokens.push((token.to_owned(), self.at_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_tokens_are_remembered_for_a_quarter_of_an_hour() {
        let mut redrives = Redrives::default();
        for n in 0..11 {
            redrives.note(n);
            redrives.remember(&format!("t{n}"));
        }
        redrives.note(11);
        assert_eq!((redrives.count, redrives.at_ms), (12, 11));
        assert_eq!(
            (redrives.by("t0", 12), redrives.by("t1", 12), redrives.by("t10", 12)),
            (None, Some(1), Some(10))
        );
        assert_eq!((redrives.by("t1", TOKEN_MS), redrives.by("t1", 1 + TOKEN_MS)), (Some(1), None));
    }
}
