//! The canonical form of a request, over which its signature goes.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest as _, Sha256};

use super::claim::{Claim, SIGNATURE};
use super::received::Received;

/// What is encoded: all but the characters that RFC 3986 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The canonical request. Header values need not be UTF-8, so neither is this.
pub(super) fn request(request: &Received<'_>, claim: &Claim) -> Vec<u8> {
    let mut text =
        format!("{}\n{}\n{}\n", request.method, path(request.path), query(request.query)).into_bytes();
    let mut names: Vec<&str> = claim.signed_headers.iter().map(String::as_str).collect();
    names.sort_unstable();
    for name in &names {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        for (at, value) in request.headers.get_all(*name).iter().enumerate() {
            if at > 0 {
                text.push(b',');
            }
            append_trimmed(&mut text, value.as_bytes());
        }
        text.push(b'\n');
    }
    let payload = hex(&Sha256::digest(request.body));
    text.extend_from_slice(format!("\n{}\n{payload}", names.join(";")).as_bytes());
    text
}

/// Without white space at either end, and with one space where there are several.
fn append_trimmed(text: &mut Vec<u8>, value: &[u8]) {
    let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    text.extend_from_slice(words.next().unwrap_or_default());
    for word in words {
        text.push(b' ');
        text.extend_from_slice(word);
    }
}

/// Without empty, `.` and `..` segments, each encoded (once more, if it came encoded).
fn path(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(encoded(segment.as_bytes())),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

/// Sorted by name and value, without the signature itself.
fn query(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let recoded = |text: &str| encoded(&percent_decode_str(text).collect::<Vec<_>>());
    let mut pairs: Vec<_> = pairs.map(|(name, value)| (recoded(name), recoded(value))).collect();
    pairs.retain(|(name, _)| name != SIGNATURE);
    pairs.sort();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn encoded(bytes: &[u8]) -> String {
    percent_encode(bytes, ENCODED).to_string()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_came_encoded_is_encoded_once_more() {
        assert_eq!(
            path("/test/@connections/JBDvjfGEIAMCERw%3D"),
            "/test/%40connections/JBDvjfGEIAMCERw%253D"
        );
        assert_eq!(path("/a//b/./../c/"), "/a/c/");
        assert_eq!(path("/"), "/");
        assert_eq!(path("/.."), "/");
    }

    #[test]
    fn a_query_is_sorted_without_its_signature() {
        assert_eq!(query("b=%2f&a=2&X-Amz-Signature=00&a=1&c&&d=e f"), "a=1&a=2&b=%2F&c=&d=e%20f");
    }
}
