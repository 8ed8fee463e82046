//! What may be given to a client by somebody who does not run it.

use hyper::Uri;

use crate::header_of;

/// Headers by which a message is framed, or that are about one connection: whoever sets them says where another message begins, or whom
/// it is for.
const FRAMING: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether a header is the client's own to set.
#[must_use]
pub fn is_framing(name: &str) -> bool {
    FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing))
}

/// Whether a header can be sent.
///
/// # Errors
/// It cannot be, or is the client's own to set. It is named, and its value, which may be secret, is not.
pub fn check_header(name: &str, value: &str) -> Result<(), String> {
    if is_framing(name) {
        return Err(format!("the header {name:?} cannot be set"));
    }
    header_of(name, value).map(drop)
}

/// Whether that is a URL that can be asked for, without a user, whose password would be told with it, and without a fragment, which
/// nobody is sent.
#[must_use]
pub fn check_url(url: &str) -> bool {
    let has_host = |uri: Uri| {
        matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some_and(|it| !it.is_empty())
    };
    let authority =
        url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next()).unwrap_or("@");
    url.parse().is_ok_and(has_host) && !authority.contains('@') && !url.contains('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_run_it_says_nothing_of_framing_and_hosts() {
        for name in ["Host", "content-length", "Transfer-Encoding", "Connection", "EXPECT"] {
            assert!(check_header(name, "x").is_err(), "{name}");
        }
        assert_eq!(check_header("x-key", "v"), Ok(()));
        for (name, value) in [("x key", "v"), ("", "v"), ("x", "a\nb")] {
            let why = check_header(name, value).unwrap_err();
            assert!(why.contains("cannot have its value") && !why.contains("a\nb"), "{why}");
        }
    }

    #[test]
    fn a_url_has_a_host_and_no_user() {
        for url in ["https://h", "http://h:1/a?b", "https://[::1]/"] {
            assert!(check_url(url), "{url}");
        }
        for url in
            ["", "h", "ftp://h", "https://", "https://u:p@h/", "https://h/#a", "http://h/a b", "https://u@/"]
        {
            assert!(!check_url(url), "{url}");
        }
    }
}
