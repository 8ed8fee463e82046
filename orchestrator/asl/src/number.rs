//! Numbers keep their spelling; here they are compared by what they stand for, exactly, whatever their size and spelling.

use std::cmp::Ordering;

use serde_json::Number;

/// How two numbers compare: `1`, `1.0` and `1E0` are equal, and 9007199254740993 is greater than 9007199254740992.0.
pub(crate) fn compare(left: &Number, right: &Number) -> Ordering {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => Decimal::of(&left.to_string()).cmp(&Decimal::of(&right.to_string())),
    }
}

/// Whether two numbers are the same, as Java has it: `1.5` and `1.50` are, and `1` and `1.0`, of which one is an integer, are not,
/// though [`compare`] finds them equal.
pub(crate) fn same(left: &Number, right: &Number) -> bool {
    left == right || is_integer(left) == is_integer(right) && compare(left, right).is_eq()
}

/// A text that numbers share if they are the [`same`].
pub(crate) fn key(number: &Number) -> String {
    let decimal = Decimal::of(&number.to_string());
    let sign = if decimal.negative { "-" } else { "" };
    let kind = if is_integer(number) { 'i' } else { 'd' };
    format!("{sign}{}e{}{kind}", String::from_utf8_lossy(&decimal.digits), decimal.point)
}

/// Whether it is spelt without a fraction and an exponent.
fn is_integer(number: &Number) -> bool {
    number.as_i128().is_some() || !number.to_string().contains(['.', 'e', 'E'])
}

/// A number as its digits without zeros around them, and the place of the decimal point: `0.digits * 10^point`.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    point: i64,
    digits: Vec<u8>,
}

impl Decimal {
    fn of(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        // An exponent that no `i64` holds is as good as endless.
        let endless = if exponent.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 };
        let exponent: i64 = exponent.parse().unwrap_or(endless);
        let negative = mantissa.starts_with('-');
        let (whole, fraction) = mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa, ""));
        let whole = whole.trim_start_matches('-');
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros = all.iter().take_while(|digit| **digit == b'0').count();
        let end = all.iter().rposition(|digit| *digit != b'0').map_or(zeros, |last| last + 1);
        let digits = all[zeros..end].to_vec();
        if digits.is_empty() {
            return Self { negative: false, point: 0, digits };
        }
        let before_point = i64::try_from(whole.len()).unwrap_or(i64::MAX / 4);
        let zeros = i64::try_from(zeros).unwrap_or(i64::MAX / 4);
        Self { negative, point: exponent.saturating_add(before_point - zeros), digits }
    }

    fn sign(&self) -> i8 {
        if self.digits.is_empty() { 0 } else { 1 - 2 * i8::from(self.negative) }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = || self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits));
        self.sign().cmp(&other.sign()).then_with(|| if self.sign() < 0 { size().reverse() } else { size() })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_order_and_equals_whatever_their_spelling() {
        let order = [
            "-1e300",
            "-18446744073709551615",
            "-1.5",
            "-1",
            "-0.25",
            "0",
            "1e-300",
            "0.1",
            "1",
            "1.5",
            "10",
            "9007199254740992.0",
            "9007199254740993",
            "18446744073709551615",
            "12345678901234567890123",
            "1e300",
            "1e400",
            "1e401",
        ];
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        for (left_place, left) in order.iter().enumerate() {
            for (right_place, right) in order.iter().enumerate() {
                let expected = left_place.cmp(&right_place);
                assert_eq!(compare(&number(left), &number(right)), expected, "{left} and {right}");
            }
        }
        for (left, right) in
            [("1", "1.0"), ("1E3", "1000"), ("-0.0", "0"), ("0.10", "1e-1"), ("12.5e1", "125")]
        {
            assert_eq!(compare(&number(left), &number(right)), Ordering::Equal, "{left} and {right}");
        }
    }

    #[test]
    fn an_integer_is_the_same_as_no_other_number() {
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        let table = [
            ("1", "1", true),
            ("1", "1.0", false),
            ("1.5", "1.50", true),
            ("1E3", "1000.0", true),
            ("1E3", "1000", false),
            ("-0", "0", true),
            ("-0.0", "0.0", true),
            ("12345678901234567890123", "12345678901234567890123", true),
            ("12345678901234567890123", "12345678901234567890124", false),
            ("1e400", "1E+400", true),
        ];
        for (left, right, expected) in table {
            let (left, right) = (number(left), number(right));
            assert_eq!(same(&left, &right), expected, "{left} and {right}");
            assert_eq!(key(&left) == key(&right), expected, "{left} and {right}");
        }
    }
}
