//! Task tokens: what somebody outside hands in to say how a task went.
//!
//! A token names its execution and the attempt, so it needs no place of its own; and of an execution that has a [`TokenKey`] it has a proof
//! that only that execution can make, so that who was given none cannot think of one. The key is drawn at random by whoever starts
//! the execution, and told with its start: a token follows from what the execution was told, and replay makes the same one.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::ids::TaskId;

/// What a sealed token begins with, as bytes.
const SEALED: u8 = 1;
/// Of the proof so many bytes are enough that nobody finds it by trying.
const PROOF_BYTES: usize = 16;

/// What the tokens of an execution, and of the children of its Map runs, are made with: 128 random bits that nobody is told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenKey([u8; 16]);

impl TokenKey {
    /// Of bytes that are as random as can be.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    fn mac(&self, execution: &str, task: TaskId) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key may have any length");
        mac.update(&task.0.to_be_bytes());
        mac.update(execution.as_bytes());
        mac
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

impl From<TokenKey> for String {
    fn from(TokenKey(bytes): TokenKey) -> Self {
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// What was stored is no key.
#[derive(Debug, thiserror::Error)]
#[error("a token key has 16 bytes in Base64")]
pub struct NoTokenKey;

impl TryFrom<String> for TokenKey {
    type Error = NoTokenKey;

    fn try_from(text: String) -> Result<Self, NoTokenKey> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NoTokenKey)?;
        bytes.try_into().map(Self).map_err(|_| NoTokenKey)
    }
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    execution: String,
    task: TaskId,
    proof: Option<[u8; PROOF_BYTES]>,
}

/// The token of an attempt, of an execution with that key; without one, it has no proof.
#[must_use]
pub fn encode(execution: &str, task: TaskId, key: Option<&TokenKey>) -> String {
    let Some(key) = key else { return format!("{}/{execution}", task.0) };
    let proof = key.mac(execution, task).finalize().into_bytes();
    let mut bytes = Vec::with_capacity(1 + PROOF_BYTES + 8 + execution.len());
    bytes.push(SEALED);
    bytes.extend_from_slice(&proof[..PROOF_BYTES]);
    bytes.extend_from_slice(&task.0.to_be_bytes());
    bytes.extend_from_slice(execution.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a token says, or `None` if it is no token. Whether it was ever given, [`Token::is_genuine`] tells.
#[must_use]
pub fn decode(token: &str) -> Option<Token> {
    // Base64 of this alphabet has no slash.
    if let Some((task, execution)) = token.split_once('/') {
        return Some(Token {
            execution: execution.to_owned(),
            task: TaskId(task.parse().ok()?),
            proof: None,
        });
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (&SEALED, rest) = bytes.split_first()? else { return None };
    let (proof, rest) = rest.split_first_chunk::<PROOF_BYTES>()?;
    let (task, execution) = rest.split_first_chunk::<8>()?;
    let execution = std::str::from_utf8(execution).ok()?.to_owned();
    Some(Token { execution, task: TaskId(u64::from_be_bytes(*task)), proof: Some(*proof) })
}

impl Token {
    /// The execution's id.
    #[must_use]
    pub fn execution(&self) -> &str {
        &self.execution
    }

    /// The attempt.
    #[must_use]
    pub fn task(&self) -> TaskId {
        self.task
    }

    /// Whether it is the attempt's token, of its execution that has that key. What was started before there were keys has none, and
    /// its tokens have no proof.
    #[must_use]
    pub fn is_genuine(&self, key: Option<&TokenKey>) -> bool {
        match (key, &self.proof) {
            (Some(key), Some(proof)) => {
                key.mac(&self.execution, self.task).verify_truncated_left(proof).is_ok()
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> TokenKey {
        TokenKey::new([byte; 16])
    }

    #[test]
    fn only_who_has_the_key_makes_a_token() {
        let (own, other) = (key(7), key(8));
        let text = encode("execution/eu/m:e", TaskId(5), Some(&own));
        let token = decode(&text).unwrap();
        assert_eq!((token.execution(), token.task()), ("execution/eu/m:e", TaskId(5)));
        assert!(token.is_genuine(Some(&own)));
        assert!(!token.is_genuine(Some(&other)) && !token.is_genuine(None));
        let moved = Token { task: TaskId(6), ..token.clone() };
        assert!(!moved.is_genuine(Some(&own)));
        let elsewhere = Token { execution: "execution/eu/m:f".to_owned(), ..token.clone() };
        assert!(!elsewhere.is_genuine(Some(&own)));
        let bare = decode("5/execution/eu/m:e").unwrap();
        assert!(!bare.is_genuine(Some(&own)) && bare.is_genuine(None), "an earlier execution has no key");
    }

    #[test]
    fn a_token_tells_nothing_at_a_glance_and_is_no_longer_than_aws_allows() {
        let text = encode(&format!("execution/{}", "n".repeat(950)), TaskId(u64::MAX), Some(&key(1)));
        assert!(text.len() <= 2048, "{}", text.len());
        assert!(!text.contains('/') && !text.contains("nnnn"));
        assert_eq!(decode(&text).unwrap().task(), TaskId(u64::MAX));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let whole = encode("e", TaskId(1), Some(&key(1)));
        for wrong in ["", "x", "/", "a/b", "-1/e", "AAAA", &whole[..20], &format!("{whole}="), "ü"] {
            assert_eq!(decode(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_key_is_stored_and_never_shown() {
        let stored = serde_json::to_string(&key(255)).unwrap();
        assert_eq!(stored, "\"_____________________w\"");
        assert_eq!(serde_json::from_str::<TokenKey>(&stored).unwrap(), key(255));
        assert!(serde_json::from_str::<TokenKey>("\"AAAA\"").is_err());
        assert_eq!(format!("{:?}", key(3)), "TokenKey(…)");
    }
}
