//! What a schema may be called.

/// What names of schemas look like, for messages.
pub(super) const NAMES: &str =
    "letters a-z, digits and underscores, at most 63, not starting with a digit or pg_";

/// Whether a schema may be called that. Such a name needs nothing escaped in quotes.
pub(super) fn is_name(name: &str) -> bool {
    let plain = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    let starts_well = name.starts_with(|first: char| !first.is_ascii_digit()) && !name.starts_with("pg_");
    plain && starts_well && name.len() <= 63
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_no_escaping() {
        for name in ["duet", "order_status", "_x", "a1"] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(64);
        for name in ["", "1a", "pg_x", "Duet", "a-b", "a\"b", "a;b", "ü", &long] {
            assert!(!is_name(name), "{name}");
        }
    }
}
