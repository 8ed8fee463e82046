//! How long and how deep JSON is.

use serde_json::Value;

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

fn number_len(number: &serde_json::Number) -> usize {
    match (number.as_u64(), number.as_i64()) {
        (Some(n), _) => n.checked_ilog10().unwrap_or(0) as usize + 1,
        (None, Some(n)) => n.unsigned_abs().ilog10() as usize + 2,
        (None, None) => number.to_string().len(),
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
