//! Every constraint of AWS's model is kept: for each there is a request that breaks it, and nothing else, and AWS's message for that.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use api::shape::{Kind, Shape, ShapeId};
use api::{Failure, Operation, SERVICE, request};
use serde_json::{Map, Value, json};

/// A value that keeps all constraints.
fn valid(id: ShapeId) -> Value {
    let Shape { kind, .. } = SERVICE.shape(id);
    match kind {
        Kind::Structure(members) => {
            let required = members.iter().filter(|member| member.is_required);
            Value::Object(required.map(|member| (member.name.to_owned(), valid(member.shape))).collect())
        }
        Kind::List { of, len } => vec![valid(*of); len.min.unwrap_or(0).max(1) as usize].into(),
        Kind::Map { value, .. } => json!({"a": valid(*value)}),
        Kind::Text { values: [first, ..], .. } => json!(first),
        Kind::Text { .. } => json!("a"),
        Kind::Integer(span) | Kind::Long(span) => json!(span.min.unwrap_or(1).max(1)),
        Kind::Float(_) => json!(1),
        Kind::Boolean => json!(true),
        Kind::Timestamp => json!(0),
    }
}

/// A request, and where and how it breaks a constraint.
struct Broken {
    body: Value,
    path: String,
    value: Value,
    constraint: String,
    is_sensitive: bool,
}

/// All ways to break one constraint of a shape.
fn broken(id: ShapeId) -> Vec<Broken> {
    let Shape { kind, is_sensitive, .. } = SERVICE.shape(id);
    let here = |value: Value, constraint: String| Broken {
        body: value.clone(),
        path: String::new(),
        value,
        constraint,
        is_sensitive: *is_sensitive,
    };
    let mut all = Vec::new();
    match kind {
        Kind::Structure(members) => {
            let whole = valid(id);
            for member in *members {
                let put = |value: Option<Value>| {
                    let mut object: Map<String, Value> = whole.as_object().unwrap().clone();
                    match value {
                        Some(value) => object.insert(member.name.to_owned(), value),
                        None => object.remove(member.name),
                    };
                    Value::Object(object)
                };
                if member.is_required {
                    all.push(Broken {
                        body: put(None),
                        path: member.name.to_owned(),
                        value: Value::Null,
                        constraint: "Member must not be null".to_owned(),
                        is_sensitive: SERVICE.shape(member.shape).is_sensitive,
                    });
                }
                all.extend(broken(member.shape).into_iter().map(|inner| Broken {
                    body: put(Some(inner.body)),
                    path: joined(member.name, &inner.path),
                    ..inner
                }));
            }
        }
        Kind::List { of, len } => {
            if let Some(max) = len.max {
                let value = Value::from(vec![valid(*of); max as usize + 1]);
                all.push(here(value, format!("Member must have length less than or equal to {max}")));
            }
            if let Some(min) = len.min.filter(|min| *min > 0) {
                let value = Value::from(vec![valid(*of); min as usize - 1]);
                all.push(here(value, format!("Member must have length greater than or equal to {min}")));
            }
            let least = len.min.unwrap_or(0).max(1) as usize;
            all.extend(broken(*of).into_iter().map(|inner| {
                let mut list = vec![valid(*of); least];
                list[0] = inner.body;
                Broken { body: list.into(), path: joined("1.member", &inner.path), ..inner }
            }));
        }
        Kind::Map { .. } => {}
        Kind::Text { len, pattern, values } => {
            if let Some(max) = len.max {
                let value = json!("a".repeat(max as usize + 1));
                all.push(here(value, format!("Member must have length less than or equal to {max}")));
            }
            if let Some(min) = len.min.filter(|min| *min > 0 && pattern.is_none()) {
                let value = json!("a".repeat(min as usize - 1));
                all.push(here(value, format!("Member must have length greater than or equal to {min}")));
            }
            if let Some(pattern) = pattern {
                all.push(here(
                    json!("\u{e9}"),
                    format!("Member must satisfy regular expression pattern: {pattern}"),
                ));
            }
            if !values.is_empty() {
                let set = values.join(", ");
                all.push(here(json!("a"), format!("Member must satisfy enum value set: [{set}]")));
            }
        }
        Kind::Integer(span) | Kind::Long(span) => {
            all.extend(span.max.map(|max| {
                here(json!(max + 1), format!("Member must have value less than or equal to {max}"))
            }));
            all.extend(span.min.map(|min| {
                here(json!(min - 1), format!("Member must have value greater than or equal to {min}"))
            }));
        }
        Kind::Float(span) => {
            all.extend(span.max.map(|max| {
                here(json!(max + 0.5), format!("Member must have value less than or equal to {max}"))
            }));
            all.extend(span.min.map(|min| {
                here(json!(min - 0.5), format!("Member must have value greater than or equal to {min}"))
            }));
        }
        Kind::Boolean | Kind::Timestamp => {}
    }
    all
}

fn joined(first: &str, rest: &str) -> String {
    if rest.is_empty() { first.to_owned() } else { format!("{first}.{rest}") }
}

fn read(operation: Operation, body: &Value) -> Result<(), Failure> {
    request::read(&format!("AWSStepFunctions.{}", operation.name()), body.to_string().as_bytes()).map(drop)
}

#[test]
fn each_request_that_breaks_one_constraint_is_told_so_in_awss_words() {
    let mut count = 0;
    for operation in Operation::ALL {
        let input = operation.shape().input;
        assert_eq!(read(operation, &valid(input)), Ok(()), "{operation:?}");
        for Broken { body, path, value, constraint, is_sensitive } in broken(input) {
            let shown = match &value {
                _ if is_sensitive => String::new(),
                Value::Null => "null ".to_owned(),
                Value::String(text) => format!("'{text}' "),
                // Of lists, the beginning shall do.
                Value::Array(_) => String::new(),
                other => format!("'{other}' "),
            };
            let failure = read(operation, &body).expect_err(&format!("{operation:?} {path}: {constraint}"));
            let Failure::Constraints(message) = failure else { panic!("{operation:?} {path}: {failure:?}") };
            let is_list = value.is_array();
            let expected = format!(
                "1 validation error detected: Value {shown}at '{path}' failed to satisfy constraint: {constraint}"
            );
            let is_told = if is_list {
                message.ends_with(&format!("at '{path}' failed to satisfy constraint: {constraint}"))
            } else {
                message == expected
            };
            assert!(is_told, "{operation:?}: {message}\nexpected: {expected}");
            count += 1;
        }
    }
    assert!(count > 200, "the model has more constraints than {count}");
}
