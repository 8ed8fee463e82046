//! What may be told of a URL, and of an error.

use std::error::Error;

/// The longest part of a URL that is told, in characters.
const CHARS_MAX: usize = 200;

/// A URL without what may be a secret: who asks, its query and fragment.
#[must_use]
pub fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let url = match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            format!("{scheme}://{}/{path}", host.rsplit('@').next().unwrap_or_default())
        }
        None => url.to_owned(),
    };
    url.chars().take(CHARS_MAX).collect()
}

/// What is under all that was said of an error: a client's own layers tell nobody more.
#[must_use]
pub fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_url_are_not_told() {
        for (url, expected) in [
            ("http://127.0.0.1:9000/f", "http://127.0.0.1:9000/f"),
            ("http://me:secret@host/f/g?token=secret#x", "http://host/f/g"),
            ("http://host?token=secret", "http://host/"),
            ("/f?token=secret", "/f"),
        ] {
            assert_eq!(shown(url), expected);
        }
        assert_eq!(shown(&format!("http://host/{}", "x".repeat(1_000))).len(), CHARS_MAX);
    }
}
