//! How data flows through a state: `InputPath` and `OutputPath` narrow it, `ResultPath` says where a result goes.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::error::{self, RuntimeError};
use crate::path::{Path, Segment};
use crate::scope::Scope;

/// An `InputPath` or `OutputPath`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Narrow {
    /// `$`, or absent: everything.
    #[default]
    All,
    /// `null`: the empty object.
    Nothing,
    /// What the path selects of it.
    Part(Path),
}

impl Narrow {
    /// The part of borrowed data that is let through.
    ///
    /// # Errors
    /// `States.Runtime` if the path selects nothing.
    pub fn of<'a>(&self, scope: &Scope<'a>) -> Result<Cow<'a, Value>, RuntimeError> {
        match self {
            Self::All => Ok(Cow::Borrowed(scope.data)),
            Self::Nothing => Ok(Cow::Owned(Value::Object(Map::new()))),
            Self::Part(path) => path.select(scope).ok_or_else(|| {
                RuntimeError::new(
                    error::RUNTIME,
                    format!("the path '{path}' selects nothing in the state's data"),
                )
            }),
        }
    }
}

/// A `ResultPath`: what becomes of a state's result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ResultPath {
    /// `$`, or absent: the result replaces the state's input.
    #[default]
    Replace,
    /// `null`: the result is dropped, the input goes on.
    Discard,
    /// The result is put there in the input.
    At(Vec<Segment>),
}

impl ResultPath {
    /// Whether the state's input is part of its output, and must be kept while the state is at work.
    pub fn keeps_input(&self) -> bool {
        !matches!(self, Self::Replace)
    }

    /// Whether a result can be placed in that input.
    ///
    /// # Errors
    /// As [`ResultPath::place`].
    pub fn check(&self, input: &Value) -> Result<(), RuntimeError> {
        let Self::At(segments) = self else { return Ok(()) };
        // `None` once the rest of the way is to be made, of objects.
        let mut value = Some(input);
        for segment in segments {
            value = match (segment, value) {
                (Segment::Field(name), Some(Value::Object(object))) => object.get(name),
                (Segment::Field(_), None) => None,
                (Segment::Index(index), Some(Value::Array(items))) if *index < items.len() => {
                    items.get(*index)
                }
                (segment, _) => return Err(no_place(segment)),
            };
        }
        Ok(())
    }

    /// Combines a state's input and its result. Nothing is copied.
    ///
    /// # Errors
    /// `States.ResultPathMatchFailure` if the input has something else than an object (or, for an index, an array that
    /// is long enough) where the path goes through.
    pub fn place(&self, input: Value, result: Value) -> Result<Value, RuntimeError> {
        match self {
            Self::Replace => Ok(result),
            Self::Discard => Ok(input),
            Self::At(segments) => {
                let mut output = input;
                *slot(&mut output, segments)? = result;
                Ok(output)
            }
        }
    }
}

/// The place that the path names, made if objects are missing on the way.
fn slot<'v>(mut value: &'v mut Value, segments: &[Segment]) -> Result<&'v mut Value, RuntimeError> {
    for segment in segments {
        value = match (segment, value) {
            (Segment::Field(name), Value::Object(object)) => {
                object.entry(name.as_str()).or_insert_with(|| Value::Object(Map::new()))
            }
            (Segment::Index(index), Value::Array(items)) => {
                items.get_mut(*index).ok_or_else(|| no_place(segment))?
            }
            (segment, _) => return Err(no_place(segment)),
        };
    }
    Ok(value)
}

fn no_place(segment: &Segment) -> RuntimeError {
    let cause = match segment {
        Segment::Field(name) => {
            format!("ResultPath cannot make the field '{name}' in something that is no object")
        }
        Segment::Index(index) => format!("ResultPath finds no array with an element {index}"),
    };
    RuntimeError::new(error::RESULT_PATH_MATCH_FAILURE, cause)
}

/// Length of the value as compact JSON text in bytes, without writing the text.
pub fn json_len(value: &Value) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(b) => 5 - usize::from(*b),
        Value::Number(n) => number_len(n),
        Value::String(s) => string_len(s),
        Value::Array(items) => items.iter().map(|item| json_len(item) + 1).sum::<usize>().max(1) + 1,
        Value::Object(fields) => {
            fields.iter().map(|(k, v)| string_len(k) + json_len(v) + 2).sum::<usize>().max(1) + 1
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(path: &str, input: Value, expected: Result<Value, &str>) {
        let path = match Path::parse(path).unwrap().segments() {
            [] => ResultPath::Replace,
            segments => ResultPath::At(segments.to_vec()),
        };
        let checked = path.check(&input).map_err(|e| e.name);
        let placed = path.place(input, json!("new")).map_err(|e| e.name);
        assert_eq!(checked, placed.as_ref().map(|_| ()).map_err(|e| *e), "{path:?}");
        assert_eq!(placed, expected, "{path:?}");
    }

    #[test]
    fn a_result_is_placed_in_the_input() {
        let failure = Err(error::RESULT_PATH_MATCH_FAILURE);
        check("$", json!({"a": 1}), Ok(json!("new")));
        check("$.a", json!({"a": 1, "b": 2}), Ok(json!({"a": "new", "b": 2})));
        check("$.x.y", json!({"a": 1}), Ok(json!({"a": 1, "x": {"y": "new"}})));
        check("$.a[1]", json!({"a": [1, 2]}), Ok(json!({"a": [1, "new"]})));
        check("$.a[2]", json!({"a": [1, 2]}), failure.clone());
        check("$.a.b", json!({"a": 1}), failure.clone());
        check("$.a", json!([]), failure.clone());
        check("$[0]", json!({}), failure);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_length_is_that_of_the_text(value in any_json()) {
            prop_assert_eq!(json_len(&value), value.to_string().len());
        }
    }
}
