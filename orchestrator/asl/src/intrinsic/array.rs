//! The functions of arrays.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::number;

/// Most elements that `States.ArrayRange` makes.
const RANGE_LEN_MAX: i128 = 1000;

/// The array in parts of that size; the last may be shorter.
pub(super) fn partition(array: Vec<Value>, size: i64) -> Result<Value, String> {
    let size = usize::try_from(size).ok().filter(|size| *size > 0);
    let size = size.ok_or_else(|| "the size of a part must be a positive integer".to_owned())?;
    let mut rest = array.into_iter();
    let mut parts = Vec::new();
    loop {
        let part: Vec<Value> = rest.by_ref().take(size).collect();
        if part.is_empty() {
            return Ok(Value::Array(parts));
        }
        parts.push(Value::Array(part));
    }
}

/// The numbers from the first to the last, both included.
pub(super) fn range(first: i64, last: i64, step: i64) -> Result<Value, String> {
    if step == 0 {
        return Err("the step must not be 0".to_owned());
    }
    let count = (i128::from(last) - i128::from(first)) / i128::from(step) + 1;
    if count > RANGE_LEN_MAX {
        return Err(format!("the range has more than {RANGE_LEN_MAX} elements"));
    }
    let inside = |n: &i64| if step > 0 { *n <= last } else { *n >= last };
    let numbers = std::iter::successors(Some(first), |n| n.checked_add(step)).take_while(inside);
    Ok(numbers.map(Value::from).collect())
}

pub(super) fn item(mut array: Vec<Value>, index: i64) -> Result<Value, String> {
    let place = usize::try_from(index).ok().filter(|place| *place < array.len());
    place
        .map(|place| array.swap_remove(place))
        .ok_or_else(|| format!("there is no element {index} in an array of {}", array.len()))
}

/// The elements without those that were there before.
pub(super) fn unique(array: Vec<Value>) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    array.into_iter().filter(|item| seen.insert(canonical(item))).collect()
}

/// Whether one of the elements is that value.
pub(super) fn contains(array: &[Value], wanted: &Value) -> bool {
    let wanted = canonical(wanted);
    array.iter().any(|item| canonical(item) == wanted)
}

/// A text that two values share if they are equal: members in the order of their names, numbers however they are spelt.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            fields.sort_unstable();
            format!("{{{}}}", fields.join(","))
        }
        Value::Number(number) => number::key(number),
        other => other.to_string(),
    }
}
