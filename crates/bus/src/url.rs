//! What the URLs of buses have in common.

use percent_encoding::percent_decode_str;

/// The text behind percent-encoding; `None` where a percent sign begins no two hexadecimal digits (the library would leave it as it
/// stands), or where it is not UTF-8.
#[must_use]
pub fn percent_decoded(text: &str) -> Option<String> {
    let digits = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count();
    if text.split('%').skip(1).any(|rest| digits(rest) < 2) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_and_what_is_broken_is_refused() {
        assert_eq!(percent_decoded("a%40b%2Fc+%C3%BC").as_deref(), Some("a@b/c+ü"));
        for broken in ["%", "%4", "%zz", "%%41", "%+1", "%ff"] {
            assert_eq!(percent_decoded(broken), None, "{broken}");
        }
    }
}
