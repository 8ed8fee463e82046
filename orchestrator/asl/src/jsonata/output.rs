//! Results as JSON: numbers are doubles and spelt as JavaScript does it, but for integers beyond 2^53 that were not touched, which
//! keep their digits.

use std::rc::Rc;

use jlens_core::output::{Builder, Member};
use serde_json::{Map, Value};

use super::limits::{NESTING_MAX, RESULT_BYTES_MAX};
use super::source::Data;
use crate::json_len::number_len;

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
            Value::Number(number) => number_len(number),
            _ => 4,
        };
        self.left = self.left.checked_sub(bytes)?;
        if depth > NESTING_MAX {
            return None;
        }
        Some(match value {
            Value::Number(number) if number.is_f64() => spelled(number.as_f64()?),
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

/// The double as JSON, spelt as JavaScript does it: `1` and not `1.0`, `100000000000000000000` and `1e+21`, `0.000001` and `1e-7`, and
/// `null` for what is not finite.
fn spelled(double: f64) -> Value {
    const EXACT_END: f64 = 9_007_199_254_740_992.0;
    if double.fract() == 0.0 && double.abs() < EXACT_END {
        return Value::from(double as i64);
    }
    let value = Value::from(double);
    // Those that Rust and JavaScript write alike, which are nearly all.
    if (0.001..EXACT_END).contains(&double.abs()) || value.is_null() {
        return value;
    }
    serde_json::from_str(&jlens_core::format_json(&value, false)).unwrap_or(value)
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
        self.data.exact(value).map_or_else(|| spelled(value), Value::Number)
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
