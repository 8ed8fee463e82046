//! Keys in a file as `~/.aws/credentials` is.

use std::collections::HashMap;

/// What is wrong with a file of credentials. It says lines and names, and no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoCredentials {
    /// A line that is neither `[PROFILE]` nor `NAME = VALUE`.
    #[error("line {0} is neither [PROFILE] nor NAME = VALUE")]
    Line(usize),
    /// A setting before the first profile.
    #[error("line {0} stands before the first [PROFILE]")]
    Outside(usize),
    /// A profile that has only one half of a pair.
    #[error("profile [{profile}] has no {missing}")]
    Half {
        /// Its name.
        profile: String,
        /// The other half.
        missing: &'static str,
    },
    /// Two profiles with the same id and other secrets: only one of them could be right.
    #[error("profile [{0}] has another secret for a key that a profile before it has, too")]
    Twice(String),
    /// No profile has keys.
    #[error("no profile has aws_access_key_id and aws_secret_access_key")]
    None,
}

const ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";

/// A profile's pair, as far as it was read.
struct Profile {
    name: String,
    id: Option<String>,
    secret: Option<String>,
}

/// The secrets, by the keys' ids. All other settings are passed over (`aws_session_token`, too), so are profiles without keys.
///
/// # Errors
/// [`NoCredentials`].
pub(super) fn read(text: &str) -> Result<HashMap<String, String>, NoCredentials> {
    let mut profiles: Vec<Profile> = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let trimmed = line.trim();
        // What is indented belongs to the setting before it, and no key is written like that.
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) || line.starts_with([' ', '\t']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[') {
            let name = name.split_once(']').ok_or(NoCredentials::Line(number))?.0.trim().to_owned();
            profiles.push(Profile { name, id: None, secret: None });
            continue;
        }
        let (name, value) = trimmed.split_once('=').ok_or(NoCredentials::Line(number))?;
        let profile = profiles.last_mut().ok_or(NoCredentials::Outside(number))?;
        let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        match name.trim().to_ascii_lowercase().as_str() {
            ID => profile.id = value,
            SECRET => profile.secret = value,
            _ => {}
        }
    }
    let mut secrets = HashMap::new();
    for Profile { name, id, secret } in profiles {
        let half = |missing| NoCredentials::Half { profile: name.clone(), missing };
        let (id, secret) = match (id, secret) {
            (Some(id), Some(secret)) => (id, secret),
            (Some(_), None) => return Err(half(SECRET)),
            (None, Some(_)) => return Err(half(ID)),
            (None, None) => continue,
        };
        if secrets.get(&id).is_some_and(|known| *known != secret) {
            return Err(NoCredentials::Twice(name));
        }
        secrets.insert(id, secret);
    }
    if secrets.is_empty() { Err(NoCredentials::None) } else { Ok(secrets) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_is_a_pair_of_keys() {
        let text = "\
# of two people
[default]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key=wJalr/XUtn+FEMI=
aws_session_token = passed over
s3 =
  max_concurrent_requests = 20

[ other ]
AWS_ACCESS_KEY_ID=AKID2
aws_secret_access_key = s2
; a profile that has its keys elsewhere
[role]
role_arn = arn:aws:iam::123456789012:role/r
[again]
aws_access_key_id = AKID2
aws_secret_access_key = s2
";
        let expected = [("AKIDEXAMPLE", "wJalr/XUtn+FEMI="), ("AKID2", "s2")];
        let expected = expected.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
        assert_eq!(read(text), Ok(HashMap::from(expected)));
    }

    #[test]
    fn what_is_wrong_is_told_without_its_values() {
        let half = |missing| NoCredentials::Half { profile: "a".to_owned(), missing };
        for (text, expected) in [
            ("", NoCredentials::None),
            ("[a]\n", NoCredentials::None),
            ("aws_access_key_id = x", NoCredentials::Outside(1)),
            ("[a]\nsecret", NoCredentials::Line(2)),
            ("[a", NoCredentials::Line(1)),
            ("[a]\naws_access_key_id = x", half(SECRET)),
            ("[a]\naws_access_key_id = x\naws_secret_access_key =", half(SECRET)),
            ("[a]\naws_secret_access_key = secret", half(ID)),
            (
                "[a]\naws_access_key_id=x\naws_secret_access_key=secret\n[b]\naws_access_key_id=x\naws_secret_access_key=other",
                NoCredentials::Twice("b".to_owned()),
            ),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error, expected, "{text:?}");
            assert!(!error.to_string().contains("= secret"), "{error}");
        }
    }
}
