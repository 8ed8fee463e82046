//! The rules of a Choice state.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Number, Value};

use crate::error::{self, RuntimeError};
use crate::path::Path;
use crate::scope::Scope;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// All hold. Evaluated in order, up to the first that does not.
    And(Vec<Rule>),
    /// One holds. Evaluated in order, up to the first that does.
    Or(Vec<Rule>),
    /// It does not hold.
    Not(Box<Rule>),
    /// A test of one variable.
    Test(Path, Test),
}

/// What is asked of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It compares so to a constant. Never true of a value of another type.
    Compare(Order, Operand),
    /// It compares so to what the path selects, as that type.
    ComparePath(Kind, Order, Path),
    /// `StringMatches`
    Matches(Pattern),
    /// `IsPresent`
    IsPresent(bool),
    /// `IsNull`
    IsNull(bool),
    /// `IsString`, `IsNumeric`, `IsBoolean`, `IsTimestamp`
    Is(Kind, bool),
}

/// The types that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, compared by code points.
    String,
    /// A number.
    Numeric,
    /// `true` or `false`, for equality only.
    Boolean,
    /// Text in the RFC 3339 profile of ISO 8601, with an upper-case `T` and `Z`.
    Timestamp,
}

/// The comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `Equals`
    Equal,
    /// `LessThan`
    Less,
    /// `LessThanEquals`
    LessEqual,
    /// `GreaterThan`
    Greater,
    /// `GreaterThanEquals`
    GreaterEqual,
}

impl Order {
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::Less => ordering == Ordering::Less,
            Self::LessEqual => ordering != Ordering::Greater,
            Self::Greater => ordering == Ordering::Greater,
            Self::GreaterEqual => ordering != Ordering::Less,
        }
    }
}

/// A constant to compare to.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// Text.
    String(String),
    /// A number.
    Numeric(Number),
    /// `true` or `false`.
    Boolean(bool),
    /// A point in time.
    Timestamp(Timestamp),
}

impl Operand {
    /// The value as an operand of that type, if it is of that type.
    pub fn of(kind: Kind, value: &Value) -> Option<Self> {
        match (kind, value) {
            (Kind::String, Value::String(text)) => Some(Self::String(text.clone())),
            (Kind::Numeric, Value::Number(number)) => Some(Self::Numeric(number.clone())),
            (Kind::Boolean, Value::Bool(boolean)) => Some(Self::Boolean(*boolean)),
            (Kind::Timestamp, Value::String(text)) => timestamp(text).map(Self::Timestamp),
            _ => None,
        }
    }

    fn compare(&self, value: &Value) -> Option<Ordering> {
        match (self, value) {
            (Self::String(right), Value::String(left)) => Some(left.as_str().cmp(right)),
            (Self::Numeric(right), Value::Number(left)) => compare_numbers(left, right),
            (Self::Boolean(right), Value::Bool(left)) => Some(left.cmp(right)),
            (Self::Timestamp(right), Value::String(left)) => timestamp(left).map(|left| left.cmp(right)),
            _ => None,
        }
    }
}

/// The point in time that the text stands for, if it is a timestamp as the language has them.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    // The language narrows RFC 3339: 'T' between date and time, 'Z' or a numeric offset, both in upper case.
    let shaped = text.as_bytes().get(10) == Some(&b'T') && !text.contains(['z', '[', ' ']);
    if shaped { text.parse().ok() } else { None }
}

/// Integers are compared exactly, whatever their size; other numbers as `f64`.
fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

impl Rule {
    /// Whether the rule holds.
    ///
    /// # Errors
    /// `States.Runtime` if a path selects nothing, except in `IsPresent`.
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, RuntimeError> {
        match self {
            Self::And(rules) => {
                for rule in rules {
                    if !rule.holds(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(rules) => {
                for rule in rules {
                    if rule.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(rule) => rule.holds(scope).map(|holds| !holds),
            Self::Test(variable, Test::IsPresent(wanted)) => Ok(variable.select(scope).is_some() == *wanted),
            Self::Test(variable, test) => test.holds(selected(variable, scope)?.as_ref(), scope),
        }
    }

    /// Calls `see` with every path in the rule.
    pub fn paths(&self, see: &mut impl FnMut(&Path)) {
        match self {
            Self::And(rules) | Self::Or(rules) => rules.iter().for_each(|rule| rule.paths(see)),
            Self::Not(rule) => rule.paths(see),
            Self::Test(variable, test) => {
                see(variable);
                if let Test::ComparePath(_, _, path) = test {
                    see(path);
                }
            }
        }
    }
}

fn selected<'a>(path: &Path, scope: &Scope<'a>) -> Result<Cow<'a, Value>, RuntimeError> {
    path.select(scope).ok_or_else(|| {
        RuntimeError::new(
            error::RUNTIME,
            format!("the path '{path}' of a choice rule selects nothing in the input"),
        )
    })
}

impl Test {
    fn holds(&self, value: &Value, scope: &Scope<'_>) -> Result<bool, RuntimeError> {
        Ok(match self {
            Self::Compare(order, operand) => operand.compare(value).is_some_and(|o| order.accepts(o)),
            Self::ComparePath(kind, order, path) => Operand::of(*kind, selected(path, scope)?.as_ref())
                .and_then(|operand| operand.compare(value))
                .is_some_and(|o| order.accepts(o)),
            Self::Matches(pattern) => value.as_str().is_some_and(|text| pattern.matches(text)),
            Self::IsPresent(wanted) => *wanted,
            Self::IsNull(wanted) => value.is_null() == *wanted,
            Self::Is(kind, wanted) => is(*kind, value) == *wanted,
        })
    }
}

fn is(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::String => value.is_string(),
        Kind::Numeric => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Timestamp => value.as_str().is_some_and(|text| timestamp(text).is_some()),
    }
}

/// A compiled `StringMatches` pattern: `*` stands for any text, `\*` and `\\` for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What must be found between the asterisks. One piece: no asterisk at all.
    pieces: Vec<String>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with the text, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut piece = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '*' => pieces.push(std::mem::take(&mut piece)),
                '\\' => match chars.next() {
                    Some(escaped @ ('*' | '\\')) => piece.push(escaped),
                    _ => return Err("in a pattern, '\\' stands only before '*' or '\\'".to_owned()),
                },
                c => piece.push(c),
            }
        }
        pieces.push(piece);
        Ok(Self { pieces })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|only| only == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for piece in middle {
            let Some(at) = rest.find(piece.as_str()) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last.as_str())
    }
}
