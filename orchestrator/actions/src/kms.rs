//! Keys of AWS KMS, and what becomes of requests for what is encrypted with them.
//!
//! Nothing is encrypted here, and no KMS is asked. A machine or an activity may name a key, and a [file](KmsKeys::read) may say what
//! state each key is in: so a client can be shown what AWS answers when a key is disabled, say. Without such a file every key is fine.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{ApiError, ErrorKind, Failure};

use crate::failures::declared;

/// What state a key is in, as a file spells it.
const STATES: [(&str, State); 8] = [
    ("enabled", State::Enabled),
    ("denied", State::Denied),
    ("throttled", State::Throttled),
    ("disabled", State::Unusable("DISABLED")),
    ("pending-deletion", State::Unusable("PENDING_DELETION")),
    ("pending-import", State::Unusable("PENDING_IMPORT")),
    ("unavailable", State::Unusable("UNAVAILABLE")),
    ("creating", State::Unusable("CREATING")),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Enabled,
    /// It is not for who asks.
    Denied,
    /// KMS is asked for it too often.
    Throttled,
    /// As AWS calls the state.
    Unusable(&'static str),
}

/// The keys that there are. By default every key is there and enabled. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct KmsKeys(Option<Arc<BTreeMap<String, State>>>);

/// A line of a file of keys that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not KEY = STATE, where STATE is one of {}", STATES.map(|(name, _)| name).join(", "))]
pub struct NotAKey {
    /// Its number, from 1.
    pub line: usize,
}

impl KmsKeys {
    /// The keys of a file, one a line as `KEY = STATE`, each written as requests name it (key id, alias, or the ARN of either); empty lines
    /// and those that begin with `#` are passed over. Keys that are not in it are denied.
    ///
    /// # Errors
    /// The first line that is something else.
    pub fn read(text: &str) -> Result<Self, NotAKey> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let told = lines.filter(|(_, text)| !text.is_empty() && !text.starts_with('#'));
        let keys = told.map(|(line, text)| {
            let read = text.split_once('=').map(|(key, state)| (key.trim(), state.trim()));
            let (key, state) = read.filter(|(key, _)| !key.is_empty()).ok_or(NotAKey { line })?;
            let state = STATES.iter().find(|(name, _)| *name == state).ok_or(NotAKey { line })?;
            Ok((key.to_owned(), state.1))
        });
        keys.collect::<Result<_, _>>().map(|keys| Self(Some(Arc::new(keys))))
    }

    /// Whether every key is fine, so that nobody need ask.
    pub(crate) fn are_all_fine(&self) -> bool {
        self.0.is_none()
    }

    /// Whether that key can be used, to encrypt something with it from now on (`is_new`) or for what is.
    ///
    /// # Errors
    /// `KmsAccessDeniedException`, `KmsThrottlingException`; `KmsInvalidStateException`, or of what is new
    /// `InvalidEncryptionConfiguration`.
    pub(crate) fn check(&self, key: &str, is_new: bool) -> Result<(), Failure> {
        usable(key, self.state(key), is_new)
    }

    fn state(&self, key: &str) -> State {
        match &self.0 {
            None => State::Enabled,
            Some(keys) => keys.get(key).copied().unwrap_or(State::Denied),
        }
    }
}

/// AWS's words are those of its API reference.
fn usable(key: &str, state: State, is_new: bool) -> Result<(), Failure> {
    match state {
        State::Enabled => Ok(()),
        State::Denied => Err(declared(
            ErrorKind::KmsAccessDeniedException,
            "Either your KMS key policy or API caller does not have the required permissions.",
        )),
        State::Throttled => Err(declared(
            ErrorKind::KmsThrottlingException,
            "Received when KMS returns ThrottlingException for a KMS call that Step Functions makes on behalf of the caller.",
        )),
        State::Unusable(state) if is_new => Err(declared(
            ErrorKind::InvalidEncryptionConfiguration,
            format!("Invalid Encryption Configuration: the KMS key '{key}' is not active: {state}."),
        )),
        State::Unusable(state) => {
            let message = "The KMS key is not in valid state, for example: Disabled or Deleted.";
            let error = ApiError::new(ErrorKind::KmsInvalidStateException, message);
            Err(Failure::Declared(error.with("kmsKeyState", state)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_state_each_key_is_in() {
        let keys = KmsKeys::read("# mine\n\nalias/a = enabled\n alias/b=pending-deletion \n").unwrap();
        assert_eq!(keys.state("alias/a"), State::Enabled);
        assert_eq!(keys.state("alias/b"), State::Unusable("PENDING_DELETION"));
        assert_eq!(keys.state("alias/c"), State::Denied);
        assert_eq!(KmsKeys::default().state("alias/c"), State::Enabled);
        for wrong in ["alias/a", "= enabled", "alias/a = Enabled", "a = enabled\nb = on"] {
            let line = wrong.lines().count();
            assert_eq!(KmsKeys::read(wrong).unwrap_err(), NotAKey { line }, "{wrong}");
        }
    }
}
