//! The functions of texts.

use md5::{Digest, Md5};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::arguments::{Arguments, no_longer_than};

/// Longest text that is hashed, encoded or decoded, in characters.
pub(super) const TEXT_CHARS_MAX: usize = 10_000;

/// The first argument with each `{}` replaced by the next.
pub(super) fn format(mut arguments: Arguments) -> Result<Value, String> {
    let template = arguments.string()?;
    let mut text = String::with_capacity(template.len() + 16);
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&escaped @ ('{' | '}' | '\\' | '\''))) => {
                text.push(escaped);
                chars.next();
            }
            ('{', Some('}')) => {
                chars.next();
                match arguments.next().ok_or("there are more '{}' than arguments")? {
                    Value::String(argument) => text.push_str(&argument),
                    argument @ (Value::Array(_) | Value::Object(_)) => {
                        return Err(format!("an argument is no string, number, Boolean or null: {argument}"));
                    }
                    argument => text.push_str(&argument.to_string()),
                }
            }
            ('{' | '}', _) => return Err("a brace that is not '{}' needs a '\\' before it".to_owned()),
            (c, _) => text.push(c),
        }
    }
    if arguments.next().is_some() {
        Err("there are more arguments than '{}'".into())
    } else {
        Ok(Value::String(text))
    }
}

/// Splits at each of the characters of the separator; empty parts are left out, as AWS does.
pub(super) fn split(text: &str, separators: &str) -> Value {
    let parts = text.split(|c| separators.contains(c)).filter(|part| !part.is_empty());
    parts.map(Value::from).collect()
}

/// The hash of a text, or of the JSON of another value, in hexadecimal.
pub(super) fn hash(data: &Value, algorithm: &str) -> Result<Value, String> {
    let text = match data {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    no_longer_than(TEXT_CHARS_MAX, &text)?;
    let hashed = match algorithm {
        "MD5" => hex(&Md5::digest(&text)),
        "SHA-1" => hex(&Sha1::digest(&text)),
        "SHA-256" => hex(&Sha256::digest(&text)),
        "SHA-384" => hex(&Sha384::digest(&text)),
        "SHA-512" => hex(&Sha512::digest(&text)),
        other => {
            return Err(format!(
                "there is no algorithm '{other}': expected MD5, SHA-1, SHA-256, SHA-384 or SHA-512"
            ));
        }
    };
    Ok(Value::String(hashed))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
