//! What a value is compared with.

use serde_json::Value;

use super::cidr::Cidr;
use super::number::{Millionths, Range};
use super::text::Text;

/// One of the things that a field may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Matcher {
    /// This value: a string, a number by its spelling, `true`, `false`, `null`.
    Is(Value),
    /// A string of which this is true.
    Text(Text),
    /// Any value that is no string of which one of these is true.
    NotText(Vec<Text>),
    /// Any value but these numbers.
    NotNumbers(Vec<Millionths>),
    /// One of these.
    Number(Range),
    /// An address.
    Cidr(Cidr),
    /// Any value.
    Present,
    /// No value: which of the pattern's fields it is that must be absent.
    Absent(usize),
}

impl Matcher {
    /// Whether it is true of a field that has that value, or one of its values if it has an array.
    pub(super) fn matches(&self, value: Option<&Value>, absent: &[bool]) -> bool {
        if let Self::Absent(index) = self {
            return absent.get(*index).copied().unwrap_or_default();
        }
        match value {
            None | Some(Value::Object(_)) => false,
            Some(Value::Array(items)) => items.iter().any(|item| self.matches(Some(item), absent)),
            Some(value) => self.is_true_of(value),
        }
    }

    fn is_true_of(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Is(expected) => match (expected, value) {
                (Value::Number(expected), Value::Number(found)) => expected.to_string() == found.to_string(),
                (expected, found) => expected == found,
            },
            Self::Text(one) => text.is_some_and(|text| one.is_true_of(text)),
            Self::NotText(all) => text.is_none_or(|text| !all.iter().any(|one| one.is_true_of(text))),
            Self::NotNumbers(numbers) => {
                Millionths::of(value).is_none_or(|number| !numbers.contains(&number))
            }
            Self::Number(range) => Millionths::of(value).is_some_and(|number| range.has(number)),
            Self::Cidr(cidr) => text.is_some_and(|text| cidr.has(text)),
            Self::Present => true,
            Self::Absent(_) => false,
        }
    }
}
