//! What the operators of a condition mean.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::budget::Budget;
use super::decimal::decimal;
use super::error::PathError;
use super::pattern::Pattern;
use super::syntax::Operator;
use crate::number;

/// One side of a comparison.
pub(super) enum Side<'v> {
    /// A path that led to nothing.
    Missing,
    Value(Cow<'v, Value>),
    Pattern(&'v Pattern),
}

impl Side<'_> {
    fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Pattern(_) => None,
        }
    }
}

/// Whether the comparison holds. What is missing, and what cannot be compared so, does not: not even with `!=`.
///
/// # Errors
/// [`PathError::Invalid`] if the right side is not what the operator needs: then the whole condition does not hold, whatever else it
/// says.
pub(super) fn holds(
    operator: Operator,
    left: &Side<'_>,
    right: &Side<'_>,
    budget: &Budget,
) -> Result<bool, PathError> {
    budget.spend(1)?;
    if operator == Operator::Matches {
        return matches(left, right, budget);
    }
    let (Some(left), Some(right)) = (left.value(), right.value()) else { return Ok(false) };
    let ordered = |accepts: fn(Ordering) -> bool| order(left, right).is_some_and(accepts);
    Ok(match operator {
        Operator::Equal => equal(left, right, budget)?,
        Operator::NotEqual => !equal(left, right, budget)?,
        Operator::Same => same_kind(left, right) && equal(left, right, budget)?,
        Operator::NotSame => !(same_kind(left, right) && equal(left, right, budget)?),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterEqual => ordered(Ordering::is_ge),
        Operator::In => contains(list(right)?, left, budget)?,
        Operator::NotIn => !contains(list(right)?, left, budget)?,
        Operator::All => left.is_array() && subset(list(right)?, list(left)?, budget)?,
        Operator::SubsetOf => left.is_array() && subset(list(left)?, list(right)?, budget)?,
        Operator::AnyOf => left.is_array() && common(list(left)?, list(right)?, budget)?,
        Operator::NoneOf => left.is_array() && !common(list(left)?, list(right)?, budget)?,
        Operator::Size => right.as_u64().is_some_and(|wanted| size(left) == usize::try_from(wanted).ok()),
        Operator::Empty => match right {
            Value::Bool(wanted) => is_empty(left) == Some(*wanted),
            _ => return Err(PathError::invalid("Expected boolean node")),
        },
        Operator::Contains => match (left, right) {
            (Value::String(text), Value::String(part)) => {
                budget.spend_text(text)?;
                text.contains(part.as_str())
            }
            (Value::Array(items), wanted) => contains(items, wanted, budget)?,
            _ => false,
        },
        Operator::Matches => false,
    })
}

/// A number and a text are equal if they count the same.
fn equal(left: &Value, right: &Value, budget: &Budget) -> Result<bool, PathError> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(number::compare(left, right).is_eq()),
        (Value::String(text), Value::Number(number)) | (Value::Number(number), Value::String(text)) => {
            Ok(decimal(text).is_some_and(|read| number::compare(&read, number).is_eq()))
        }
        (left, right) => identical(left, right, budget),
    }
}

/// Equality of values, in which an integer is no other number.
fn identical(left: &Value, right: &Value, budget: &Budget) -> Result<bool, PathError> {
    budget.spend(1)?;
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(right) {
                if !identical(left, right, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Object(left), Value::Object(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (name, left) in left {
                let Some(right) = right.get(name) else { return Ok(false) };
                if !identical(left, right, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::String(left), Value::String(right)) => {
            budget.spend_text(left)?;
            Ok(left == right)
        }
        (Value::Number(left), Value::Number(right)) => Ok(number::same(left, right)),
        (left, right) => Ok(left == right),
    }
}

fn same_kind(left: &Value, right: &Value) -> bool {
    let structured = |value: &Value| value.is_array() || value.is_object();
    std::mem::discriminant(left) == std::mem::discriminant(right) || structured(left) && structured(right)
}

/// Numbers by size, texts by their UTF-16 units, a number and a text as numbers. Nothing else has an order.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(number::compare(left, right)),
        (Value::String(left), Value::String(right)) => Some(order_of_texts(left, right)),
        (Value::String(left), Value::Number(right)) => {
            decimal(left).map(|left| number::compare(&left, right))
        }
        (Value::Number(left), Value::String(right)) => {
            decimal(right).map(|right| number::compare(left, &right))
        }
        _ => None,
    }
}

fn order_of_texts(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

fn list(value: &Value) -> Result<&[Value], PathError> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Object(_) => Ok(&[]),
        _ => Err(PathError::invalid("Expected value list node")),
    }
}

fn contains(items: &[Value], wanted: &Value, budget: &Budget) -> Result<bool, PathError> {
    for item in items {
        budget.spend(1)?;
        if equal(wanted, item, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn subset(part: &[Value], whole: &[Value], budget: &Budget) -> Result<bool, PathError> {
    for item in part {
        if !contains(whole, item, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn common(left: &[Value], right: &[Value], budget: &Budget) -> Result<bool, PathError> {
    for item in left {
        if contains(right, item, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn size(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::String(text) => Some(text.encode_utf16().count()),
        _ => None,
    }
}

fn is_empty(value: &Value) -> Option<bool> {
    match value {
        Value::Array(items) => Some(items.is_empty()),
        Value::Object(fields) => Some(fields.is_empty()),
        Value::String(text) => Some(text.is_empty()),
        _ => None,
    }
}

/// One side is a pattern, the other a text, a number or a Boolean.
fn matches(left: &Side<'_>, right: &Side<'_>, budget: &Budget) -> Result<bool, PathError> {
    let (pattern, other) = match (left, right) {
        (Side::Pattern(_), Side::Pattern(_)) => return Ok(false),
        (Side::Pattern(pattern), other) | (other, Side::Pattern(pattern)) => (pattern, other.value()),
        _ => return Ok(false),
    };
    let text = match other {
        Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Cow::Owned(value.to_string()),
        _ => return Ok(false),
    };
    budget.spend_text(&text)?;
    pattern.matches(&text).ok_or_else(|| PathError::invalid("a regular expression is too large"))
}
