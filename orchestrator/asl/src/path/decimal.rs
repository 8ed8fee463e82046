//! Numbers as Java reads them (`BigDecimal`): `.85`, `5.`, `+25` and `020` besides those of JSON.

use serde_json::Number;

/// The number that the text is, if it is one.
pub(super) fn decimal(text: &str) -> Option<Number> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = match digits.find(['e', 'E']) {
        Some(at) => digits.split_at(at),
        None => (digits, ""),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    serde_json::from_str(&format!("{sign}{whole}{point}{fraction}{exponent}")).ok()
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn what_java_takes_for_a_number() {
        for (text, number) in [
            ("0", Some("0")),
            ("-1.5", Some("-1.5")),
            (".85", Some("0.85")),
            ("-.5", Some("-0.5")),
            ("5.", Some("5")),
            ("+25", Some("25")),
            ("020", Some("20")),
            ("00.10", Some("0.10")),
            ("2e1", Some("2e1")),
            (".", None),
            ("", None),
            ("-", None),
            ("1.2.3", None),
            ("1e", None),
            ("0x10", None),
            (" 5", None),
            ("NaN", None),
        ] {
            let expected = number.map(|number| serde_json::from_str(number).unwrap());
            assert_eq!(decimal(text), expected, "{text:?}");
        }
    }
}
