//! Who may ask.

use std::net::SocketAddr;
use std::path::Path;

use actions::http::SIGNED_FOR;
use actions::signature::Keys;
use daemon::ConfigError;

/// Who may ask.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// Everybody on this machine.
    Local,
    /// Whoever signs with one of these keys.
    Signed(Keys),
}

impl Access {
    /// With the keys of that file, if there is one; without it only where nobody else can ask.
    ///
    /// # Errors
    /// The file cannot be used, or there is none where others can ask.
    pub(crate) fn new(credentials: Option<&Path>, listen: SocketAddr) -> Result<Self, ConfigError> {
        let Some(file) = credentials else {
            if listen.ip().is_loopback() {
                return Ok(Self::Local);
            }
            let expected = "127.0.0.1:PORT or [::1]:PORT: without --aws-credentials FILE everybody who reaches this server may \
                            start, read and stop everything";
            return Err(ConfigError::new("--listen", listen, expected));
        };
        let wrong = |reason: String| {
            let expected = format!("a file like ~/.aws/credentials ({reason})");
            ConfigError::new("--aws-credentials", file.display(), expected)
        };
        let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        Keys::of_profiles(SIGNED_FOR, &text).map(Self::Signed).map_err(|error| wrong(error.to_string()))
    }

    /// Whose requests are answered; `None`: everybody's.
    pub(crate) fn keys(&self) -> Option<&Keys> {
        match self {
            Self::Local => None,
            Self::Signed(keys) => Some(keys),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_credentials_nobody_else_is_listened_to() {
        for (listen, is_fine) in [
            ("127.0.0.1:8084", true),
            ("[::1]:0", true),
            ("0.0.0.0:8084", false),
            ("[::]:8084", false),
            ("192.168.1.7:8084", false),
        ] {
            match Access::new(None, listen.parse().unwrap()) {
                Ok(access) => assert!(is_fine && matches!(access, Access::Local), "{listen}"),
                Err(error) => {
                    assert!(!is_fine, "{listen}");
                    let said = error.to_string();
                    assert!(
                        said.starts_with(&format!("--listen: found {listen}, expected 127.0.0.1:PORT")),
                        "{said}"
                    );
                    assert!(said.contains("--aws-credentials FILE"), "{said}");
                }
            }
        }
    }

    #[test]
    fn a_file_of_credentials_must_be_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let listen = "0.0.0.0:8084".parse().unwrap();
        let told = |said: &str| {
            let error = Access::new(Some(&file), listen).unwrap_err().to_string();
            assert!(error.starts_with("--aws-credentials: found ") && error.contains(said), "{error}");
        };
        told("No such file");
        std::fs::write(&file, "[default]\naws_access_key_id = AKID\n").unwrap();
        told("profile [default] has no aws_secret_access_key");
        std::fs::write(&file, "[default]\naws_access_key_id = AKID\naws_secret_access_key = s\n").unwrap();
        assert!(matches!(Access::new(Some(&file), listen), Ok(Access::Signed(_))));
    }
}
