//! How a value differs from what was expected, place by place.

use serde_json::{Number, Value};

/// Most differences that are told.
const TOLD_MAX: usize = 10;
/// Longest value that is shown, in characters.
const CHARS_MAX: usize = 120;

/// How a value differs from what was expected: a line for each place, `$.total: expected 12, was 13`. Empty if it does not. Numbers
/// are the same if their values are: `1.0` is `1`.
pub fn differences(expected: &Value, was: &Value) -> Vec<String> {
    let mut told = Vec::new();
    compare("$", expected, was, &mut told);
    if told.len() > TOLD_MAX {
        let more = told.len() - TOLD_MAX;
        told.truncate(TOLD_MAX);
        told.push(format!("and {more} more"));
    }
    told
}

fn compare(place: &str, expected: &Value, was: &Value, told: &mut Vec<String>) {
    match (expected, was) {
        (Value::Object(expected), Value::Object(was)) => {
            for (name, expected) in expected {
                let place = member(place, name);
                match was.get(name) {
                    Some(was) => compare(&place, expected, was, told),
                    None => told.push(format!("{place}: expected {}, is missing", shown(expected))),
                }
            }
            for (name, was) in was.iter().filter(|(name, _)| !expected.contains_key(*name)) {
                told.push(format!("{}: not expected, was {}", member(place, name), shown(was)));
            }
        }
        (Value::Array(expected), Value::Array(was)) => {
            for (index, (expected, was)) in expected.iter().zip(was).enumerate() {
                compare(&format!("{place}[{index}]"), expected, was, told);
            }
            for (index, expected) in expected.iter().enumerate().skip(was.len()) {
                told.push(format!("{place}[{index}]: expected {}, is missing", shown(expected)));
            }
            for (index, was) in was.iter().enumerate().skip(expected.len()) {
                told.push(format!("{place}[{index}]: not expected, was {}", shown(was)));
            }
        }
        (Value::Number(one), Value::Number(other)) if is_same(one, other) => {}
        (expected, was) if expected == was => {}
        (expected, was) => told.push(format!("{place}: expected {}, was {}", shown(expected), shown(was))),
    }
}

/// Integers are compared exactly, whatever their size; 1 is the same as 1.0.
fn is_same(one: &Number, other: &Number) -> bool {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64() == other.as_f64(),
    }
}

fn member(place: &str, name: &str) -> String {
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain { format!("{place}.{name}") } else { format!("{place}[{}]", Value::from(name)) }
}

fn shown(value: &Value) -> String {
    shortened(&value.to_string(), CHARS_MAX)
}

/// The text, or its beginning and an ellipsis.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(expected: Value, was: Value, told: &[&str]) {
        assert_eq!(differences(&expected, &was), told);
    }

    #[test]
    fn each_place_that_differs_is_told_once() {
        check(json!({"a": [1, {"b": null}]}), json!({"a": [1.0, {"b": null}]}), &[]);
        check(
            json!({"a": 1, "b": 2}),
            json!({"b": 3, "c d": 4}),
            &["$.a: expected 1, is missing", "$.b: expected 2, was 3", "$[\"c d\"]: not expected, was 4"],
        );
        check(json!([1, 2]), json!([1]), &["$[1]: expected 2, is missing"]);
        check(json!([]), json!(["x"]), &["$[0]: not expected, was \"x\""]);
        check(json!({}), json!([]), &["$: expected {}, was []"]);
    }

    #[test]
    fn many_and_long_differences_are_shortened() {
        let expected: Vec<_> = (0..15).collect();
        let told = differences(&json!(expected), &json!([]));
        assert_eq!((told.len(), told[10].as_str()), (11, "and 5 more"));
        let told = differences(&json!(1), &json!("x".repeat(500)));
        assert!(told[0].chars().count() < 150 && told[0].ends_with('…'), "{}", told[0]);
    }
}
