//! Sealing: AES-256 with GCM, a fresh nonce each time, and the name of what is sealed bound to it, so that a seal is good nowhere else.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use thiserror::Error;

/// Bytes that a key has.
const KEY_LEN: usize = 32;

/// What seals and opens secrets.
pub struct Key(LessSafeKey);

/// Text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a key is 32 bytes: 64 hexadecimal digits (openssl rand -hex 32), or their Base64")]
pub struct NoKey;

/// Something cannot be sealed, or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It was sealed with another key, for something else, or was changed since.
    #[error("it was sealed with another key")]
    Other,
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    NoRandom,
}

/// Without what it is.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// The key that is written like that; white space around it is passed over.
    ///
    /// # Errors
    /// It is none. What was read is not told.
    pub fn read(text: &str) -> Result<Self, NoKey> {
        let text = text.trim();
        let bytes = if text.len() == 2 * KEY_LEN { unhex(text) } else { BASE64_STANDARD.decode(text).ok() };
        let bytes = bytes.filter(|bytes| bytes.len() == KEY_LEN).ok_or(NoKey)?;
        UnboundKey::new(&AES_256_GCM, &bytes).map(|key| Self(LessSafeKey::new(key))).map_err(|_| NoKey)
    }

    /// Seals it for what is called so: Base64 of nonce, what is sealed, and tag.
    ///
    /// # Errors
    /// [`KeyError::NoRandom`].
    pub fn seal(&self, name: &str, secret: &[u8]) -> Result<String, KeyError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| KeyError::NoRandom)?;
        let mut sealed = secret.to_vec();
        let nonced = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(nonced, Aad::from(name), &mut sealed)
            .map_err(|_| KeyError::NoRandom)?;
        Ok(BASE64_STANDARD.encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed for what is called so.
    ///
    /// # Errors
    /// [`KeyError::Other`].
    pub fn open(&self, name: &str, sealed: &str) -> Result<Vec<u8>, KeyError> {
        let mut bytes = BASE64_STANDARD.decode(sealed).map_err(|_| KeyError::Other)?;
        if bytes.len() < NONCE_LEN {
            return Err(KeyError::Other);
        }
        let mut sealed = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| KeyError::Other)?;
        let opened =
            self.0.open_in_place(nonce, Aad::from(name), &mut sealed).map_err(|_| KeyError::Other)?;
        Ok(opened.to_vec())
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|it| u8::try_from(it).ok())).collect();
    Some(digits?.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";

    #[test]
    fn what_is_sealed_is_opened_with_the_same_key_for_the_same_name() {
        let key = Key::read(HEX).unwrap();
        let sealed = key.seal("a", b"secret").unwrap();
        assert_eq!(key.open("a", &sealed).unwrap(), b"secret");
        assert_ne!(key.seal("a", b"secret").unwrap(), sealed, "each time with another nonce");
        assert_eq!(key.open("b", &sealed), Err(KeyError::Other));
        let other = Key::read(&HEX.replace("00", "01")).unwrap();
        assert_eq!(other.open("a", &sealed), Err(KeyError::Other));
        for broken in ["", "AAAA", "?", &sealed[..sealed.len() - 4]] {
            assert_eq!(key.open("a", broken), Err(KeyError::Other), "{broken}");
        }
    }

    #[test]
    fn a_key_is_hexadecimal_or_base64() {
        let base64 = " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
        let sealed = Key::read(base64).unwrap().seal("a", b"x").unwrap();
        assert_eq!(Key::read(HEX).unwrap().open("a", &sealed).unwrap(), b"x");
        for wrong in ["", "secret", &HEX[1..], &HEX.replace('0', "x"), "AAEC"] {
            assert_eq!(Key::read(wrong).err(), Some(NoKey), "{wrong}");
        }
        assert_eq!(format!("{:?}", Key::read(HEX).unwrap()), "Key");
    }
}
