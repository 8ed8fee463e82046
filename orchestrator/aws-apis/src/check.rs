//! Whether parameters are what an action's model says, and what they are in the model's own words.
//!
//! Step Functions' names become the model's; `null` is as if it were not there; a value's type is checked, what is required, and the
//! least number or length (as botocore checks it). The values of enums, patterns and upper bounds are not: AWS knows newer ones.

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use crate::model::{Flags, Kind, Location, Member, Ref, Service, Structure};
use crate::problem::Mismatch;
use crate::{names, timestamp};

/// How deep values may lie in each other: as deep as `serde_json` reads them.
const DEPTH: usize = 128;

/// The parameters with the model's names, or all that is wrong with them. A required idempotency token need not be there, nor what is
/// named as given: whoever makes the request gives it.
pub(crate) fn parameters(
    service: &Service,
    input: Option<Ref>,
    value: &Value,
    given: Option<&str>,
) -> Result<Map<String, Value>, Vec<Mismatch>> {
    let mut checker = Checker { service, given, path: Vec::new(), wrong: Vec::new() };
    let object = match (value, input.and_then(|input| service.structure(input))) {
        (Value::Object(object), Some(structure)) => checker.structure(structure, object),
        (Value::Null, Some(structure)) => checker.structure(structure, &Map::new()),
        (Value::Object(object), None) if object.is_empty() => Map::new(),
        (Value::Null, None) => Map::new(),
        (Value::Object(_), None) => {
            checker.report(value, "none: the action takes no parameters");
            Map::new()
        }
        _ => {
            checker.report(value, "an object");
            Map::new()
        }
    };
    if checker.wrong.is_empty() { Ok(object) } else { Err(checker.wrong) }
}

enum Step {
    Name(String),
    Place(usize),
}

struct Checker<'s> {
    service: &'s Service,
    /// A member that need not be there because whoever makes the request gives it.
    given: Option<&'s str>,
    path: Vec<Step>,
    wrong: Vec<Mismatch>,
}

impl Checker<'_> {
    fn structure(&mut self, structure: &Structure, object: &Map<String, Value>) -> Map<String, Value> {
        let mut checked = Map::new();
        for (name, value) in object {
            let Some(member) = find(structure, name) else {
                let known: Vec<&str> = structure.members.iter().map(|member| &*member.sdk_name).collect();
                let expected = match nearest(name, &known) {
                    Some(nearest) => format!("nothing of that name ({nearest}?)"),
                    None if known.is_empty() => "no members".to_owned(),
                    None => format!("one of {}", known.join(", ")),
                };
                self.at(Step::Name(name.clone()), |checker| {
                    checker.report_as("an unknown member".to_owned(), expected);
                });
                continue;
            };
            if value.is_null() {
                continue;
            }
            let step = Step::Name(name.clone());
            let value = self.at(step, |checker| {
                let value = checker.value(member.at, value)?;
                if member.at.location == Some(Location::Uri) && value.as_str() == Some("") {
                    checker.report_as("empty text".to_owned(), "text for a request's path".to_owned());
                }
                Some(value)
            });
            if let Some(value) = value
                && checked.insert(member.name.to_owned(), value).is_some()
            {
                self.at(Step::Name(name.clone()), |checker| {
                    checker.report_as("a member twice".to_owned(), format!("{} alone", member.sdk_name));
                });
            }
        }
        let there =
            |member: &Member| object.iter().any(|(name, value)| !value.is_null() && is_called(member, name));
        for member in &structure.members {
            let is_needed =
                member.at.flags.has(Flags::REQUIRED) && !member.at.flags.has(Flags::IDEMPOTENCY_TOKEN);
            if is_needed && self.given != Some(member.name) && !there(member) {
                let expected = format!("{}, which is required", self.kind(member.at));
                self.at(Step::Name(member.sdk_name.to_string()), |checker| {
                    checker.report_as("nothing".to_owned(), expected);
                });
            }
        }
        if structure.is_union && checked.len() != 1 && self.wrong.is_empty() {
            let names: Vec<&str> = structure.members.iter().map(|member| &*member.sdk_name).collect();
            let expected = format!("exactly one of {}", names.join(", "));
            self.report_as(format!("{} members", checked.len()), expected);
        }
        checked
    }

    fn value(&mut self, at: Ref, value: &Value) -> Option<Value> {
        if self.path.len() >= DEPTH {
            self.report_as("a value in too many others".to_owned(), format!("at most {DEPTH}"));
            return None;
        }
        // jsonvalue: any JSON, which goes into a header as text.
        if at.flags.has(Flags::JSON_VALUE) && at.location == Some(Location::Header) {
            return Some(value.clone());
        }
        let shape = self.service.shape(at);
        match (&shape.kind, value) {
            (Kind::Structure(structure), value) if structure.is_document => Some(value.clone()),
            (Kind::Structure(structure), Value::Object(object)) => {
                Some(self.structure(structure, object).into())
            }
            (Kind::List(of), Value::Array(list)) => {
                self.least(shape.least, list.len() as i64, "elements");
                let checked = list.iter().enumerate().filter_map(|(place, element)| {
                    self.at(Step::Place(place), |checker| checker.element(*of, element, shape.is_sparse))
                });
                Some(Value::Array(checked.collect()))
            }
            (Kind::Map(_, of), Value::Object(object)) => {
                let checked = object.iter().filter_map(|(key, element)| {
                    let step = Step::Name(key.clone());
                    Some((
                        key.clone(),
                        self.at(step, |checker| checker.element(*of, element, shape.is_sparse))?,
                    ))
                });
                Some(Value::Object(checked.collect()))
            }
            (Kind::Text, Value::String(text)) => {
                // What becomes part of a host has at least one letter.
                let least = if at.flags.has(Flags::HOST_LABEL) { Some(1) } else { shape.least };
                self.least(least, text.chars().count() as i64, "characters");
                let last = text.rsplit('/').next().unwrap_or_default();
                Some(if at.flags.has(Flags::LAST_SEGMENT) { last.into() } else { value.clone() })
            }
            (Kind::Blob, Value::String(text)) => {
                self.least(shape.least, text.len() as i64, "bytes");
                Some(value.clone())
            }
            // A value where bytes belong is its JSON, as Step Functions takes the body of an object and the payload of a function.
            (Kind::Blob, Value::Object(_) | Value::Array(_)) => Some(value.to_string().into()),
            (Kind::Boolean, Value::Bool(_)) => Some(value.clone()),
            (Kind::Integer | Kind::Long, Value::Number(number)) if whole(number).is_some() => {
                let number = whole(number)?;
                self.least(shape.least, number, "");
                Some(number.into())
            }
            (Kind::Float | Kind::Double, Value::Number(number)) => {
                self.least(shape.least, number.as_f64().unwrap_or(f64::MAX).floor() as i64, "");
                Some(value.clone())
            }
            (Kind::Float | Kind::Double, Value::String(text))
                if ["NaN", "Infinity", "-Infinity"].contains(&text.as_str()) =>
            {
                Some(value.clone())
            }
            (Kind::Timestamp, value) if timestamp::read(value).is_some() => Some(value.clone()),
            _ => {
                let expected = self.kind(at);
                self.report(value, &expected);
                None
            }
        }
    }

    fn element(&mut self, of: Ref, element: &Value, is_sparse: bool) -> Option<Value> {
        if element.is_null() && is_sparse { Some(Value::Null) } else { self.value(of, element) }
    }

    fn least(&mut self, least: Option<i64>, found: i64, what: &str) {
        if let Some(least) = least.filter(|least| found < *least) {
            let with =
                |number: i64| if what.is_empty() { number.to_string() } else { format!("{number} {what}") };
            self.report_as(with(found), format!("at least {}", with(least)));
        }
    }

    fn at<T>(&mut self, step: Step, check: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = check(self);
        self.path.pop();
        result
    }

    fn report(&mut self, found: &Value, expected: &str) {
        let found = match found {
            Value::Null => "null".to_owned(),
            Value::Bool(truth) => truth.to_string(),
            Value::Number(number) => format!("the number {number}"),
            Value::String(_) => "text".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        self.report_as(found, expected.to_owned());
    }

    fn report_as(&mut self, found: String, expected: String) {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Name(name) if path.is_empty() => path.push_str(name),
                Step::Name(name) => path.extend([".", name]),
                Step::Place(place) => path.push_str(&format!("[{place}]")),
            }
        }
        self.wrong.push(Mismatch { path, found, expected });
    }

    fn kind(&self, at: Ref) -> String {
        let kind = match &self.service.shape(at).kind {
            Kind::Structure(structure) if structure.is_document => "JSON",
            Kind::Structure(_) | Kind::Map(..) => "an object",
            Kind::List(_) => "a list",
            Kind::Text => "text",
            Kind::Blob => "text (or JSON) for bytes",
            Kind::Boolean => "true or false",
            Kind::Integer | Kind::Long => "a whole number",
            Kind::Float | Kind::Double => "a number",
            Kind::Timestamp => "a time (ISO 8601 text, or seconds since 1970)",
        };
        kind.to_owned()
    }
}

/// A number without a fraction, however it is written.
fn whole(number: &Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let double = || number.as_f64().filter(|double| double.fract() == 0.0 && double.abs() <= EXACT);
    number.as_i64().or_else(|| double().map(|double| double as i64))
}

/// The moment that a checked value is.
pub(crate) fn moment(value: &Value) -> Timestamp {
    timestamp::read(value).unwrap_or_default()
}

fn find<'m>(structure: &'m Structure, name: &str) -> Option<&'m Member> {
    let called = |member: &&Member| *member.sdk_name == *name;
    structure
        .members
        .iter()
        .find(called)
        .or_else(|| structure.members.iter().find(|member| is_called(member, name)))
}

/// Step Functions' own name of a member, or the model's with a capital at its beginning.
fn is_called(member: &Member, name: &str) -> bool {
    *member.sdk_name == *name || names::capital(member.name) == name
}

fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    const ALIKE: f64 = 0.85;
    let likeness = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), &known.to_lowercase());
    let nearest = known.iter().copied().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(nearest) >= ALIKE).then_some(nearest)
}
