//! Whether a request is what its shape says: first its types, then its constraints.
//!
//! The rules are those of Smithy (<https://smithy.io/2.0/spec/constraint-traits.html>) and the words are AWS's. Members that the
//! model does not have are passed over, and `null` is as if it were not there. A value that the model calls sensitive is not
//! repeated in a message.

use std::fmt::{self, Write as _};

use serde_json::Value;

use crate::shape::{Kind, Member, Service, ShapeId, Span};

/// The shape has another type than the value: what AWS says to that, if anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistyped(pub Option<String>);

/// Whether a value has the types that its shape says.
///
/// # Errors
/// The first that has another.
pub fn types(service: &Service, shape: ShapeId, value: &Value) -> Result<(), Mistyped> {
    let shape = service.shape(shape);
    match (&shape.kind, value) {
        (_, Value::Null)
        | (Kind::Text { .. }, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Float(_) | Kind::Timestamp, Value::Number(_)) => Ok(()),
        (Kind::Structure(members), Value::Object(object)) => {
            for (name, value) in object {
                if let Some(member) = members.iter().find(|member| member.name == name) {
                    types(service, member.shape, value)?;
                }
            }
            Ok(())
        }
        (Kind::List { of, .. }, Value::Array(list)) => {
            list.iter().try_for_each(|value| types(service, *of, value))
        }
        (Kind::Map { value, .. }, Value::Object(object)) => {
            object.values().try_for_each(|member| types(service, *value, member))
        }
        (Kind::Integer(_), Value::Number(number)) if number.as_i64().is_some_and(is_i32) => Ok(()),
        (Kind::Long(_), Value::Number(number)) if number.is_i64() => Ok(()),
        (kind, value) => Err(Mistyped(mistyped(kind, value))),
    }
}

fn is_i32(number: i64) -> bool {
    i32::try_from(number).is_ok()
}

/// What AWS's reader says.
fn mistyped(kind: &Kind, value: &Value) -> Option<String> {
    let wanted = match kind {
        // It is told by what it is not, and without a word of what it is.
        Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. } => {
            return match value {
                Value::Array(_) => Some("Start of list found where not expected".to_owned()),
                Value::Object(_) => Some("Start of structure or map found where not expected.".to_owned()),
                _ => Some("Expected null".to_owned()),
            };
        }
        Kind::Text { .. } => "a String",
        Kind::Integer(_) => "an Integer",
        Kind::Long(_) => "a Long",
        Kind::Float(_) => "a Float",
        Kind::Boolean => "a Boolean",
        Kind::Timestamp => "milliseconds since epoch",
    };
    let found = match value {
        Value::Array(_) => return Some("Start of list found where not expected".to_owned()),
        Value::Object(_) => return Some("Start of structure or map found where not expected.".to_owned()),
        Value::String(_) => "STRING_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Null => return None,
    };
    Some(format!("{found} can not be converted to {wanted}"))
}

/// A constraint that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Violation {
    /// The value as AWS shows it; `None` if it is sensitive.
    shown: Option<String>,
    path: String,
    constraint: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value ")?;
        if let Some(shown) = &self.shown {
            write!(f, "{shown} ")?;
        }
        write!(f, "at '{}' failed to satisfy constraint: {}", self.path, self.constraint)
    }
}

/// Whether a request whose types are right keeps all constraints.
///
/// # Errors
/// AWS's message, which tells all that are broken.
pub fn constraints(service: &Service, shape: ShapeId, value: &Value) -> Result<(), String> {
    let mut checker = Checker { service, path: String::new(), violations: Vec::new() };
    checker.check(shape, value);
    match checker.violations.as_slice() {
        [] => Ok(()),
        violations => {
            let errors = if violations.len() == 1 { "error" } else { "errors" };
            let all: Vec<_> = violations.iter().map(Violation::to_string).collect();
            Err(format!("{} validation {errors} detected: {}", violations.len(), all.join("; ")))
        }
    }
}

struct Checker<'s> {
    service: &'s Service,
    /// Where the value stands that is being looked at.
    path: String,
    violations: Vec<Violation>,
}

impl Checker<'_> {
    fn check(&mut self, id: ShapeId, value: &Value) {
        let shape = self.service.shape(id);
        match (&shape.kind, value) {
            (Kind::Structure(members), Value::Object(object)) => {
                for member in *members {
                    self.member(member, object.get(member.name).unwrap_or(&Value::Null));
                }
            }
            (Kind::List { of, len }, Value::Array(list)) => {
                self.length(list.len() as u64, *len, id, value);
                for (index, element) in list.iter().enumerate() {
                    // As AWS counts: from 1.
                    self.at(format_args!("{}.member", index + 1), |checker| checker.check(*of, element));
                }
            }
            (Kind::Map { key, value: of }, Value::Object(object)) => {
                for (name, member) in object {
                    self.at(format_args!("{name}.key"), |checker| {
                        checker.check(*key, &Value::String(name.clone()));
                    });
                    self.at(format_args!("{name}.value"), |checker| checker.check(*of, member));
                }
            }
            (Kind::Text { len, pattern, values }, Value::String(text)) => {
                self.length(text.chars().count() as u64, *len, id, value);
                if let Some(pattern) = pattern
                    && !matches(pattern, text)
                {
                    self.broken(
                        id,
                        value,
                        format!("Member must satisfy regular expression pattern: {pattern}"),
                    );
                }
                if !values.is_empty() && !values.contains(&text.as_str()) {
                    self.broken(
                        id,
                        value,
                        format!("Member must satisfy enum value set: [{}]", values.join(", ")),
                    );
                }
            }
            (Kind::Integer(span) | Kind::Long(span), Value::Number(number)) => {
                if let Some(number) = number.as_i64() {
                    self.number(number, *span, id, value);
                }
            }
            (Kind::Float(span), Value::Number(number)) => {
                self.number(number.as_f64().unwrap_or(f64::MAX), *span, id, value);
            }
            _ => {}
        }
    }

    fn member(&mut self, member: &Member, value: &Value) {
        self.at(format_args!("{}", member.name), |checker| match value {
            Value::Null if member.is_required => {
                checker.broken(member.shape, value, "Member must not be null".to_owned());
            }
            Value::Null => {}
            value => checker.check(member.shape, value),
        });
    }

    fn at(&mut self, step: fmt::Arguments<'_>, check: impl FnOnce(&mut Self)) {
        let len = self.path.len();
        let dot = if len == 0 { "" } else { "." };
        // Writing to a string cannot fail.
        let _ = write!(self.path, "{dot}{step}");
        check(self);
        self.path.truncate(len);
    }

    fn length(&mut self, len: u64, Span { min, max }: Span<u64>, id: ShapeId, value: &Value) {
        if let Some(max) = max.filter(|max| len > *max) {
            self.broken(id, value, format!("Member must have length less than or equal to {max}"));
        }
        if let Some(min) = min.filter(|min| len < *min) {
            self.broken(id, value, format!("Member must have length greater than or equal to {min}"));
        }
    }

    fn number<T: PartialOrd + fmt::Display>(&mut self, number: T, span: Span<T>, id: ShapeId, value: &Value) {
        if let Some(max) = span.max.filter(|max| number > *max) {
            self.broken(id, value, format!("Member must have value less than or equal to {max}"));
        }
        if let Some(min) = span.min.filter(|min| number < *min) {
            self.broken(id, value, format!("Member must have value greater than or equal to {min}"));
        }
    }

    fn broken(&mut self, id: ShapeId, value: &Value, constraint: String) {
        let shown = (!self.service.shape(id).is_sensitive).then(|| shown(value));
        self.violations.push(Violation { shown, path: self.path.clone(), constraint });
    }
}

/// Whether all of the text matches. A pattern that is none, or that cannot be decided within the library's limit, is not kept.
fn matches(pattern: &str, text: &str) -> bool {
    fancy_regex::Regex::new(&format!("^(?:{pattern})\\z"))
        .and_then(|regex| regex.is_match(text))
        .unwrap_or(false)
}

/// A value as Java shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => format!("'{text}'"),
        other => format!("'{}'", unquoted(other)),
    }
}

fn unquoted(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(unquoted).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let members: Vec<_> =
                object.iter().map(|(name, value)| format!("{name}={}", unquoted(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}
