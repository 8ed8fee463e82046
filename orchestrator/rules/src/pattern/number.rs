//! Numbers as `numeric` compares them.

use serde_json::Value;

/// The greatest number that is compared, and, negative, the least.
pub(super) const LIMIT: f64 = 5.0e9;
/// What is told of it.
pub(super) const EXPECTED: &str = "a number from -5.0e9 to 5.0e9";

/// A number in millionths: six digits behind the point are looked at, and 15 in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Millionths(i64);

impl Millionths {
    /// Of a number within the limits; `None` of all else.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else { return None };
        let number = number.as_f64().filter(|number| number.abs() <= LIMIT)?;
        // Rounded: what was written with six digits is not quite that as a double. 5e15 is exact as a double.
        Some(Self((number * 1e6).round() as i64))
    }
}

/// From where to where, and whether the ends belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: Option<(Millionths, bool)>,
    pub(super) to: Option<(Millionths, bool)>,
}

impl Range {
    pub(super) fn has(&self, number: Millionths) -> bool {
        let above = self.from.is_none_or(|(from, is_in)| number > from || is_in && number == from);
        let below = self.to.is_none_or(|(to, is_in)| number < to || is_in && number == to);
        above && below
    }
}
