//! How long and how deep JSON is.

use std::fmt::{self, Write as _};

use serde_json::{Number, Value};

/// Deepest nesting of arrays and objects that data may have: what is stored is read back by a reader that goes no deeper than 128.
pub const NESTING_MAX: usize = 100;

/// Length of the value as compact JSON text in bytes, without writing the text.
pub fn json_len(value: &Value) -> usize {
    measured(value, usize::MAX).unwrap_or(usize::MAX)
}

/// The same, or `None` if the value is nested deeper than `levels`. However deep it is, no deeper than that is looked.
pub fn measured(value: &Value, levels: usize) -> Option<usize> {
    Some(match value {
        Value::Null => 4,
        Value::Bool(b) => 5 - usize::from(*b),
        Value::Number(n) => number_len(n),
        Value::String(s) => string_len(s),
        Value::Array(items) => {
            let levels = levels.checked_sub(1)?;
            items.iter().try_fold(0, |sum, item| Some(sum + measured(item, levels)? + 1))?.max(1) + 1
        }
        Value::Object(fields) => {
            let levels = levels.checked_sub(1)?;
            let member = |sum, (name, value): (&String, &Value)| {
                Some(sum + string_len(name) + measured(value, levels)? + 2)
            };
            fields.iter().try_fold(0, member)?.max(1) + 1
        }
    })
}

/// Whether the value takes at most so many bytes as compact JSON text and is nested no deeper than `levels`. Most values are far below what
/// they may be: that is seen without a look at the characters of their strings.
pub fn is_within(value: &Value, bytes: usize, levels: usize) -> bool {
    at_most(value, levels).is_some_and(|at_most| at_most <= bytes)
        || measured(value, levels).is_some_and(|measured| measured <= bytes)
}

/// Not less than [`measured`] says, found sooner.
fn at_most(value: &Value, levels: usize) -> Option<usize> {
    Some(match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(n) => number_len(n),
        Value::String(s) => escaped_len(s),
        Value::Array(items) => {
            let levels = levels.checked_sub(1)?;
            items.iter().try_fold(2, |sum, item| Some(sum + at_most(item, levels)? + 1))?
        }
        Value::Object(fields) => {
            let levels = levels.checked_sub(1)?;
            let member = |sum, (name, value): (&String, &Value)| {
                Some(sum + escaped_len(name) + at_most(value, levels)? + 2)
            };
            fields.iter().try_fold(2, member)?
        }
    })
}

/// Length of the string if each byte of it had to be escaped.
fn escaped_len(string: &str) -> usize {
    string.len() * 6 + 2
}

/// Length of the number as it is spelt, in bytes.
pub(crate) fn number_len(number: &Number) -> usize {
    match (number.as_u64(), number.as_i64()) {
        (Some(n), _) => n.checked_ilog10().unwrap_or(0) as usize + 1,
        (None, Some(n)) if n < 0 => n.unsigned_abs().ilog10() as usize + 2,
        _ => {
            let mut length = Length(0);
            // It takes whatever it is given.
            let _ = write!(length, "{number}");
            length.0
        }
    }
}

/// Counts bytes.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

fn string_len(string: &str) -> usize {
    let escapes: usize = string
        .bytes()
        .map(|b| match b {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 1,
            0..=31 => 5,
            _ => 0,
        })
        .sum();
    string.len() + escapes + 2
}
