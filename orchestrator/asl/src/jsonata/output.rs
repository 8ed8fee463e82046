//! Results as JSON: integers without a fraction, data that was not touched as it was.

use std::rc::Rc;

use jlens_core::output::{Builder, Member};
use serde_json::{Map, Number, Value};

use super::limits::{NESTING_MAX, RESULT_BYTES_MAX};
use super::source::Data;

/// Writes the result of an evaluation.
pub(super) struct Results<'a> {
    data: Rc<Data<'a>>,
    /// Bytes of untouched data that may still be copied: the evaluator does not count these.
    left: usize,
    /// Whether the result was too large to be copied.
    pub(super) too_large: bool,
    /// How many members of the object that was finished last are functions.
    pub(super) functions: usize,
}

impl<'a> Results<'a> {
    pub(super) fn new(data: Rc<Data<'a>>) -> Self {
        Self { data, left: RESULT_BYTES_MAX, too_large: false, functions: 0 }
    }

    /// A copy of data; none where it is too large or too deep.
    fn copy(&mut self, value: &Value, depth: usize) -> Option<Value> {
        let bytes = match value {
            Value::String(text) => text.len() + 3,
            Value::Number(_) => 8,
            _ => 4,
        };
        self.left = self.left.checked_sub(bytes)?;
        if depth > NESTING_MAX {
            return None;
        }
        Some(match value {
            Value::Number(number) if number.is_f64() => {
                number.as_f64().map_or(Value::Null, |double| Value::Number(spelled(double)))
            }
            Value::Array(items) => {
                let items = items.iter().map(|item| self.copy(item, depth + 1));
                Value::Array(items.collect::<Option<_>>()?)
            }
            Value::Object(fields) => {
                let mut copy = Map::with_capacity(fields.len());
                for (key, value) in fields {
                    self.left = self.left.checked_sub(key.len() + 3)?;
                    copy.insert(key.clone(), self.copy(value, depth + 1)?);
                }
                Value::Object(copy)
            }
            other => other.clone(),
        })
    }
}

/// The double as JSON: without a fraction where it has none, and large ones with the digits that JavaScript writes. It is finite.
fn spelled(double: f64) -> Number {
    const EXACT_END: f64 = 9_007_199_254_740_992.0;
    let integer = (double.fract() == 0.0).then(|| {
        if double.abs() < EXACT_END {
            return Some(Number::from(double as i64));
        }
        let digits = (double.abs() < 1e20).then(|| double.to_string())?;
        digits.parse::<i64>().map(Number::from).or_else(|_| digits.parse::<u64>().map(Number::from)).ok()
    });
    integer.flatten().or_else(|| Number::from_f64(double)).unwrap_or_else(|| 0.into())
}

/// An object that is being built, and how many members the evaluator has for it.
pub(super) struct Object {
    members: usize,
    fields: Map<String, Value>,
}

impl Builder for Results<'_> {
    type Value = Value;
    type Array = Vec<Value>;
    type Object = Object;

    fn null(&mut self) -> Value {
        Value::Null
    }

    fn bool(&mut self, value: bool) -> Value {
        Value::Bool(value)
    }

    fn number(&mut self, value: f64) -> Value {
        Value::Number(self.data.exact(value).unwrap_or_else(|| spelled(value)))
    }

    fn string(&mut self, value: &str) -> Value {
        Value::String(value.to_owned())
    }

    fn array(&mut self, len: usize) -> Vec<Value> {
        Vec::with_capacity(len)
    }

    fn push(&mut self, array: &mut Vec<Value>, item: Value) {
        array.push(item);
    }

    fn end_array(&mut self, array: Vec<Value>) -> Value {
        Value::Array(array)
    }

    fn object(&mut self, len: usize) -> Object {
        Object { members: len, fields: Map::with_capacity(len) }
    }

    fn insert(&mut self, object: &mut Object, key: &str, value: Value) {
        object.fields.insert(key.to_owned(), value);
    }

    fn end_object(&mut self, object: Object) -> Value {
        self.functions = object.members - object.fields.len();
        Value::Object(object.fields)
    }

    fn input(&mut self, member: Member) -> Option<Value> {
        let value = Some(member)
            .filter(|member| member.of(&self.data))
            .and_then(|member| self.data.json(member.index()))?;
        if self.too_large {
            return Some(Value::Null);
        }
        let copy = self.copy(value, 0);
        self.too_large = copy.is_none();
        Some(copy.unwrap_or(Value::Null))
    }
}
