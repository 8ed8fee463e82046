//! The arguments of a call, taken in order. Their number was checked when the call was compiled.

use serde_json::{Map, Value};

pub(super) struct Arguments(std::vec::IntoIter<Value>);

impl Arguments {
    pub(super) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The next, if there is one.
    pub(super) fn next(&mut self) -> Option<Value> {
        self.0.next()
    }

    pub(super) fn any(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Null)
    }

    /// All that are left.
    pub(super) fn all(self) -> Vec<Value> {
        self.0.collect()
    }

    pub(super) fn string(&mut self) -> Result<String, String> {
        match self.any() {
            Value::String(text) => Ok(text),
            other => Err(format!("expected a string, found {other}")),
        }
    }

    /// A string of at most that many characters.
    pub(super) fn string_up_to(&mut self, chars_max: usize) -> Result<String, String> {
        let text = self.string()?;
        no_longer_than(chars_max, &text)?;
        Ok(text)
    }

    pub(super) fn array(&mut self) -> Result<Vec<Value>, String> {
        match self.any() {
            Value::Array(items) => Ok(items),
            other => Err(format!("expected an array, found {other}")),
        }
    }

    pub(super) fn object(&mut self) -> Result<Map<String, Value>, String> {
        match self.any() {
            Value::Object(fields) => Ok(fields),
            other => Err(format!("expected an object, found {other}")),
        }
    }

    /// An integer; a number with a fraction is rounded to the nearest, a half up, as Java does it.
    pub(super) fn integer(&mut self) -> Result<i64, String> {
        let value = self.any();
        let rounded = value.as_f64().map(|number| (number + 0.5).floor());
        let rounded = rounded.filter(|number| number.abs() < 9e15).map(|number| number as i64);
        value.as_i64().or(rounded).ok_or_else(|| format!("expected an integer, found {value}"))
    }
}

/// # Errors
/// The text has more characters.
pub(super) fn no_longer_than(chars_max: usize, text: &str) -> Result<(), String> {
    if text.len() > chars_max && text.chars().nth(chars_max).is_some() {
        return Err(format!("expected at most {chars_max} characters"));
    }
    Ok(())
}
