//! Each constraint that the model has is broken once, in a request that keeps all others.

use api::shape::{Kind, Member, ShapeId, Span};
use api::{Operation, SERVICE};
use serde_json::{Map, Value};

use crate::sample::{is_let_through, least, samples};
use crate::server::{Answer, At, Server};

/// A value that breaks constraints, and what AWS says to them.
struct Broken {
    value: Value,
    /// Where it is broken, in the value.
    path: String,
    /// What is broken there, and how the value is shown.
    constraints: Vec<String>,
    shown: String,
}

impl Broken {
    fn of(id: ShapeId, value: Value, constraints: Vec<String>) -> Self {
        let shown =
            if SERVICE.shape(id).is_sensitive { String::new() } else { format!("{} ", shown(&value)) };
        Self { value, path: String::new(), constraints, shown }
    }

    fn within(self, step: &str, value: impl FnOnce(Value) -> Value) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self { path: format!("{step}{dot}{}", self.path), value: value(self.value), ..self }
    }

    fn told(&self) -> Vec<String> {
        let Self { path, shown, .. } = self;
        let told =
            |constraint| format!("Value {shown}at '{path}' failed to satisfy constraint: {constraint}");
        self.constraints.iter().map(told).collect()
    }
}

/// As Java shows a value.
fn shown(value: &Value) -> String {
    fn plain(value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Array(list) => format!("[{}]", list.iter().map(plain).collect::<Vec<_>>().join(", ")),
            Value::Object(object) => {
                let members = object.iter().map(|(name, value)| format!("{name}={}", plain(value)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
            other => other.to_string(),
        }
    }
    if value.is_null() { "null".to_owned() } else { format!("'{}'", plain(value)) }
}

/// Values of a shape that break its constraints, each in one place.
fn broken(id: ShapeId) -> Vec<Broken> {
    match &SERVICE.shape(id).kind {
        Kind::Structure(members) => members.iter().flat_map(|member| in_structure(id, member)).collect(),
        Kind::List { of, len } => {
            let list = |len: u64| Value::from((0..len).map(|_| least(*of)).collect::<Vec<_>>());
            let too_long = len.max.map(|max| Broken::of(id, list(max + 1), vec![longest(max)]));
            let too_short = len.min.filter(|min| *min > 0);
            let too_short = too_short.map(|min| Broken::of(id, list(min - 1), vec![shortest(min)]));
            let elements = broken(*of).into_iter().map(|element| {
                element.within("1.member", |element| {
                    let rest = (1..len.min.unwrap_or(0)).map(|_| least(*of));
                    std::iter::once(element).chain(rest).collect::<Vec<_>>().into()
                })
            });
            too_long.into_iter().chain(too_short).chain(elements).collect()
        }
        Kind::Text { len, pattern, values } => {
            let mut texts = Vec::new();
            texts.extend(len.max.map(|max| "a".repeat(usize::try_from(max).unwrap() + 1)));
            texts.extend(
                len.min.filter(|min| *min > 0).map(|min| "a".repeat(usize::try_from(min).unwrap() - 1)),
            );
            texts.extend(pattern.map(|pattern| samples(pattern).1.to_owned()));
            texts.extend((!values.is_empty()).then(|| "NO_SUCH_VALUE".to_owned()));
            let told = |text: &str| text_constraints(text, *len, *pattern, values);
            texts.into_iter().map(|text| Broken::of(id, text.as_str().into(), told(&text))).collect()
        }
        Kind::Integer(span) | Kind::Long(span) => numbers(id, span.min, span.max),
        Kind::Float(span) => {
            // The model has whole ones.
            let whole = |bound: f64| format!("{bound}").parse::<i64>().unwrap();
            numbers(id, span.min.map(whole), span.max.map(whole))
        }
        Kind::Map { .. } | Kind::Boolean | Kind::Timestamp => Vec::new(),
    }
}

fn in_structure(id: ShapeId, member: &Member) -> Vec<Broken> {
    let with = |value: Option<Value>| {
        let Value::Object(mut object) = least(id) else { panic!("a structure is an object") };
        match value {
            Some(value) => drop(object.insert(member.name.to_owned(), value)),
            None => drop(object.shift_remove(member.name)),
        }
        Value::Object(object)
    };
    let missing = member.is_required.then(|| {
        let missing = Broken::of(member.shape, Value::Null, vec!["Member must not be null".to_owned()]);
        missing.within(member.name, |_| with(None))
    });
    let others = broken(member.shape);
    let others = others.into_iter().map(|other| other.within(member.name, |value| with(Some(value))));
    missing.into_iter().chain(others).collect()
}

fn longest(max: u64) -> String {
    format!("Member must have length less than or equal to {max}")
}

fn shortest(min: u64) -> String {
    format!("Member must have length greater than or equal to {min}")
}

/// All that a text breaks: one that is too short may break a pattern as well.
fn text_constraints(text: &str, len: Span<u64>, pattern: Option<&str>, values: &[&str]) -> Vec<String> {
    let count = text.chars().count() as u64;
    let mut broken = Vec::new();
    broken.extend(len.max.filter(|max| count > *max).map(longest));
    broken.extend(len.min.filter(|min| count < *min).map(shortest));
    let unmatched = pattern.filter(|pattern| !is_let_through(pattern, text));
    broken.extend(unmatched.map(|it| format!("Member must satisfy regular expression pattern: {it}")));
    if !values.is_empty() {
        broken.push(format!("Member must satisfy enum value set: [{}]", values.join(", ")));
    }
    broken
}

fn numbers(id: ShapeId, min: Option<i64>, max: Option<i64>) -> Vec<Broken> {
    let most = max.map(|max| {
        let told = format!("Member must have value less than or equal to {max}");
        Broken::of(id, (max + 1).into(), vec![told])
    });
    let least = min.map(|min| {
        let told = format!("Member must have value greater than or equal to {min}");
        Broken::of(id, (min - 1).into(), vec![told])
    });
    most.into_iter().chain(least).collect()
}

/// What is wrong with the answer, if it does not tell just this.
fn problem(answer: &Answer, told: &[String]) -> Option<String> {
    let errors = if told.len() == 1 { "error" } else { "errors" };
    let message = format!("{} validation {errors} detected: {}", told.len(), told.join("; "));
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let (kind, found) = (text("__type"), text("message"));
    let is_right =
        answer.status == 400 && kind == "com.amazon.coral.validate#ValidationException" && found == message;
    (!is_right).then(|| format!("{} {kind} {found:.400}\n  expected {message:.400}", answer.status))
}

#[tokio::test(start_paused = true)]
async fn each_constraint_is_told_in_the_words_of_aws_by_each_action_that_has_it() {
    let server = Server::new();
    let (mut count, mut wrong) = (0, Vec::new());
    for operation in Operation::ALL {
        let shape = operation.shape();
        for broken in broken(shape.input) {
            let answer = server.ask(At::Plain, shape.name, broken.value.to_string().into_bytes()).await;
            count += 1;
            if let Some(problem) = problem(&answer, &broken.told()) {
                wrong.push(format!("{} {}: {problem}", shape.name, broken.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    // Else the model has lost some, or this has lost sight of them.
    assert!(count >= 200, "{count}");
}

#[tokio::test(start_paused = true)]
async fn all_that_is_missing_is_told_at_once() {
    let server = Server::new();
    let mut several = 0;
    for operation in Operation::ALL {
        let shape = operation.shape();
        let Kind::Structure(members) = &SERVICE.shape(shape.input).kind else {
            panic!("an input is a structure")
        };
        let required = members.iter().filter(|member| member.is_required);
        let missing = required.map(|member| {
            let null = Broken::of(member.shape, Value::Null, vec!["Member must not be null".to_owned()]);
            null.within(member.name, |_| Map::new().into()).told()
        });
        let missing: Vec<String> = missing.flatten().collect();
        let answer = server.ask(At::Plain, shape.name, b"{}".to_vec()).await;
        match missing.len() {
            // Nothing is: a list, say, or what is refused for another reason.
            0 => assert!(answer.status == 200 || answer.json()["__type"].is_string(), "{answer:?}"),
            count => {
                several += usize::from(count > 1);
                assert_eq!(problem(&answer, &missing), None, "{}", shape.name);
            }
        }
    }
    assert!(several > 3, "{several}");
}
