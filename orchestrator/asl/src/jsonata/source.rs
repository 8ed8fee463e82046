//! Data as the evaluator reads it: an array or object at a time, when the evaluation gets there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use jlens_core::input::{Sink, Source, Sources};
use serde_json::{Number, Value};

use super::program::STATES;
use crate::scope::Scope;

/// An array or object that was handed to the evaluator.
#[derive(Clone, Copy)]
enum Member<'a> {
    /// All that an expression can see.
    Scope,
    /// `$states`.
    States,
    /// Data.
    Json(&'a Value),
}

/// The arrays and objects of a scope, by the number under which the evaluator knows them.
pub(super) struct Data<'a> {
    scope: Scope<'a>,
    members: RefCell<Vec<Member<'a>>>,
    large: RefCell<HashMap<u64, Option<&'a Number>>>,
    this: Weak<Self>,
}

/// The number of [`Member::Scope`].
const SCOPE: u32 = 0;
/// The parts of `$states`, in the order of AWS's documentation.
const PARTS: [&str; 4] = ["input", "result", "errorOutput", "context"];
/// From here on not every integer is a double.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl<'a> Data<'a> {
    pub(super) fn new(scope: Scope<'a>) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            scope,
            members: RefCell::new(vec![Member::Scope]),
            large: RefCell::default(),
            this: this.clone(),
        })
    }

    /// The data that the evaluator knows as `index`; none where it is no data but the scope.
    pub(super) fn json(&self, index: u32) -> Option<&'a Value> {
        match self.members.borrow().get(index as usize) {
            Some(Member::Json(value)) => Some(value),
            _ => None,
        }
    }

    /// The integer that was read as this double, where there was one and only one: doubles do not hold them all.
    pub(super) fn exact(&self, double: f64) -> Option<Number> {
        if double.abs() < EXACT_MAX {
            return None;
        }
        self.large.borrow().get(&double.to_bits()).copied().flatten().cloned()
    }

    fn number(&self, number: &'a Number) -> f64 {
        // What is larger than any double is infinite, as in JavaScript.
        let double = number.as_f64().or_else(|| number.to_string().parse().ok()).unwrap_or(f64::NAN);
        if double.abs() >= EXACT_MAX && !number.is_f64() {
            let mut large = self.large.borrow_mut();
            let known = large.entry(double.to_bits()).or_insert(Some(number));
            *known = known.filter(|known| *known == number);
        }
        double
    }

    fn member(&self, member: Member<'a>) -> u32 {
        let mut members = self.members.borrow_mut();
        members.push(member);
        u32::try_from(members.len() - 1).unwrap_or(u32::MAX)
    }

    /// Hands a value to the evaluator.
    pub(super) fn put(&self, value: &'a Value, sink: &mut Sink<'_, 'a>) {
        match value {
            Value::Null => sink.null(),
            Value::Bool(bool) => sink.bool(*bool),
            Value::Number(number) => sink.number(self.number(number)),
            Value::String(text) => sink.string(text),
            Value::Array(_) => self.put_member(Member::Json(value), true, sink),
            Value::Object(_) => self.put_member(Member::Json(value), false, sink),
        }
    }

    fn put_member(&self, member: Member<'a>, array: bool, sink: &mut Sink<'_, 'a>) {
        // It is there: somebody is calling a method of it.
        let Some(this) = self.this.upgrade() else { return };
        let index = self.member(member);
        if array { sink.array_of(&this, index) } else { sink.object_of(&this, index) }
    }

    /// A part of `$states`.
    fn part(&self, name: &str) -> Option<&'a Value> {
        let scope = &self.scope;
        match name {
            "input" => Some(scope.data),
            "result" => scope.result,
            "errorOutput" => scope.error_output,
            "context" => Some(scope.context.value()),
            _ => None,
        }
    }

    fn get(&self, index: u32) -> Option<Member<'a>> {
        self.members.borrow().get(index as usize).copied()
    }
}

impl<'a> Sources<'a> for Data<'a> {
    fn read(&self, index: u32, sink: &mut Sink<'_, 'a>) -> Result<(), String> {
        match self.get(index) {
            Some(Member::Json(Value::Array(items))) => {
                sink.reserve(items.len());
                items.iter().for_each(|item| self.put(item, sink));
            }
            Some(Member::Json(Value::Object(fields))) => {
                sink.reserve(fields.len());
                for (key, value) in fields {
                    sink.key(key);
                    self.put(value, sink);
                }
            }
            Some(Member::States) => {
                for key in PARTS {
                    if let Some(value) = self.part(key) {
                        sink.key(key);
                        self.put(value, sink);
                    }
                }
            }
            // A scope is read by name only.
            Some(Member::Scope | Member::Json(_)) | None => {}
        }
        Ok(())
    }

    fn read_field(&self, index: u32, key: &str, sink: &mut Sink<'_, 'a>) -> Result<bool, String> {
        let value = match self.get(index) {
            Some(Member::Scope) if key == STATES => {
                self.put_member(Member::States, false, sink);
                None
            }
            Some(Member::Scope) => self.scope.variables.get(key),
            Some(Member::States) => self.part(key),
            Some(Member::Json(Value::Object(fields))) => fields.get(key),
            _ => return Ok(false),
        };
        if let Some(value) = value {
            self.put(value, sink);
        }
        Ok(true)
    }

    fn length(&self, index: u32) -> Option<usize> {
        match self.get(index) {
            Some(Member::Json(Value::Array(items))) => Some(items.len()),
            _ => None,
        }
    }

    fn read_item(&self, index: u32, item: usize, sink: &mut Sink<'_, 'a>) -> Result<bool, String> {
        match self.get(index) {
            Some(Member::Json(Value::Array(items))) => {
                if let Some(value) = items.get(item) {
                    self.put(value, sink);
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// The input of an evaluation.
pub(super) struct Input<'a>(pub(super) Rc<Data<'a>>);

impl<'a> Source<'a> for Input<'a> {
    fn read(&self, sink: &mut Sink<'_, 'a>) -> Result<(), String> {
        sink.object_of(&self.0, SCOPE);
        Ok(())
    }
}
