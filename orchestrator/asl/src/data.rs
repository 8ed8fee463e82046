//! How data flows through a state: `InputPath` and `OutputPath` narrow it, `ResultPath` says where a result goes.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::cause;
use crate::error::{self, RuntimeError};
use crate::path::{Path, Root, Segment};
use crate::scope::Scope;

pub use crate::json_len::{NESTING_MAX, is_within, json_len, measured};

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
            Self::Part(path) if *path.root() == Root::Data && scope.data.is_null() => {
                Err(RuntimeError::new(error::RUNTIME, cause::null_input()))
            }
            Self::Part(path) => path
                .select(scope)
                .map_err(|why| RuntimeError::new(error::RUNTIME, cause::invalid_path(path, why))),
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
    At(Target),
}

/// Where in a state's input a result is put: a reference path that begins at `$`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(Path);

impl ResultPath {
    /// Puts results where the path leads.
    ///
    /// # Errors
    /// Why nothing can be put there, for people.
    pub fn at(path: Path) -> Result<Self, String> {
        match path.root() {
            Root::Context => Err("a result cannot be put in the context object".to_owned()),
            Root::Variable(name) => {
                Err(format!("a result cannot be put in the variable '{name}': that is what Assign is for"))
            }
            Root::Data if !path.is_reference() => Err("it may stand for more than one place".to_owned()),
            Root::Data if path.is_whole_data() => Ok(Self::Replace),
            Root::Data => Ok(Self::At(Target(path))),
        }
    }

    /// Whether the state's input is part of its output, and must be kept while the state is at work.
    pub fn keeps_input(&self) -> bool {
        !matches!(self, Self::Replace)
    }

    /// How many levels deeper than by itself a result is in the output.
    pub fn levels(&self) -> usize {
        match self {
            Self::Replace | Self::Discard => 0,
            Self::At(Target(path)) => path.segments().len(),
        }
    }

    /// Whether a result can be placed in that input.
    ///
    /// # Errors
    /// As [`ResultPath::place`].
    pub fn check(&self, input: &Value) -> Result<(), RuntimeError> {
        let Self::At(Target(path)) = self else { return Ok(()) };
        // `None` once the rest of the way is to be made, of objects.
        let mut value = Some(input);
        for segment in path.segments() {
            value = match (segment, value) {
                (Segment::Field(name), Some(Value::Object(object))) => object.get(name),
                (Segment::Field(_), None) => None,
                (segment, Some(Value::Array(items))) if place(segment, items.len()).is_some() => {
                    place(segment, items.len()).and_then(|place| items.get(place))
                }
                (segment, value) => return Err(no_place(segment, value)),
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
            Self::At(Target(path)) => {
                self.check(&input)?;
                let mut output = input;
                if let Some(slot) = slot(&mut output, path.segments()) {
                    *slot = result;
                }
                Ok(output)
            }
        }
    }
}

/// The place that the path names, made if objects are missing on the way; `None` if there is no such place.
fn slot<'v>(mut value: &'v mut Value, segments: &[Segment]) -> Option<&'v mut Value> {
    for segment in segments {
        value = match (segment, value) {
            (Segment::Field(name), Value::Object(object)) => {
                object.entry(name.as_str()).or_insert_with(|| Value::Object(Map::new()))
            }
            (segment, Value::Array(items)) => {
                let place = place(segment, items.len())?;
                items.get_mut(place)?
            }
            _ => return None,
        };
    }
    Some(value)
}

/// The element that the segment means in an array of that length.
fn place(segment: &Segment, len: usize) -> Option<usize> {
    match segment {
        Segment::Index(index) => usize::try_from(*index).ok().filter(|index| *index < len),
        _ => None,
    }
}

/// The segment leads nowhere in that value; in an object to be made if there is none.
fn no_place(segment: &Segment, value: Option<&Value>) -> RuntimeError {
    let to_be_made = Value::Object(Map::new());
    let input = value.unwrap_or(&to_be_made);
    let cause = match segment {
        Segment::Field(name) => cause::step_not_applicable(name, input),
        Segment::Index(index) => cause::step_not_applicable(index, input),
        other => cause::step_not_applicable(other, input),
    };
    RuntimeError::new(error::RESULT_PATH_MATCH_FAILURE, cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(path: &str, input: Value, expected: Result<Value, &str>) {
        let path = ResultPath::at(Path::parse(path).unwrap()).unwrap();
        let checked = path.check(&input).map_err(|e| e.to_string());
        let placed = path.place(input, json!("new")).map_err(|e| e.to_string());
        assert_eq!(checked, placed.as_ref().map(|_| ()).map_err(Clone::clone), "{path:?}");
        let expected = expected.map_err(|why| format!("States.ResultPathMatchFailure: {why}"));
        assert_eq!(placed, expected, "{path:?}");
    }

    #[test]
    fn a_result_is_placed_in_the_input() {
        check("$", json!({"a": 1}), Ok(json!("new")));
        check("$.a", json!({"a": 1, "b": 2}), Ok(json!({"a": "new", "b": 2})));
        check("$.x.y", json!({"a": 1}), Ok(json!({"a": 1, "x": {"y": "new"}})));
        check("$.a[1]", json!({"a": [1, 2]}), Ok(json!({"a": [1, "new"]})));
        check("$.a[0].b", json!({"a": [{}]}), Ok(json!({"a": [{"b": "new"}]})));
        check("$['x-y']", json!({}), Ok(json!({"x-y": "new"})));
        check("$.n", json!({"n": null}), Ok(json!({"n": "new"})));
    }

    #[test]
    fn where_there_is_no_place_the_step_and_what_is_there_are_named() {
        check("$.a[2]", json!({"a": [1, 2]}), Err("Unable to apply step \"2\" to input [1,2]"));
        check("$.a.b", json!({"a": 1}), Err("Unable to apply step \"b\" to input 1"));
        check("$.n.b", json!({"n": null}), Err("Unable to apply step \"b\" to input null"));
        check("$.a", json!([]), Err("Unable to apply step \"a\" to input []"));
        check(
            "$.someTaskResult",
            json!("input1"),
            Err("Unable to apply step \"someTaskResult\" to input \"input1\""),
        );
        check("$[0]", json!({}), Err("Unable to apply step \"0\" to input {}"));
        check("$.x[0]", json!({}), Err("Unable to apply step \"0\" to input {}"));
    }

    #[test]
    fn only_one_place_in_the_data_can_take_a_result() {
        for path in ["$$", "$$.Execution", "$name", "$.a[*]", "$..a", "$.a[-1]", "$['a','b']", "$[?(@.a)]"] {
            assert!(ResultPath::at(Path::parse(path).unwrap()).is_err(), "{path}");
        }
    }

    #[test]
    fn data_that_is_nested_too_deep_is_not_measured() {
        let nested = |levels| (0..levels).fold(json!(1), |inside, _| json!([inside]));
        assert_eq!(measured(&nested(NESTING_MAX), NESTING_MAX), Some(2 * NESTING_MAX + 1));
        assert_eq!(measured(&nested(NESTING_MAX + 1), NESTING_MAX), None);
        assert!(is_within(&nested(NESTING_MAX), usize::MAX, NESTING_MAX));
        assert!(!is_within(&nested(NESTING_MAX + 1), usize::MAX, NESTING_MAX));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?"
                .prop_map(|number| serde_json::from_str(&number).unwrap()),
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
            prop_assert_eq!(measured(&value, NESTING_MAX), Some(json_len(&value)));
            let length = json_len(&value);
            prop_assert!(is_within(&value, length, NESTING_MAX));
            prop_assert!(is_within(&value, 10 * length, NESTING_MAX));
            prop_assert!(!is_within(&value, length - 1, NESTING_MAX));
        }
    }
}
