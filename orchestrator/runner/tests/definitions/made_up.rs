//! Inputs and results made up from what a definition reads and compares: every member that some path names, with values that some
//! rule asks for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// A little generator of random numbers: the same seed makes the same numbers.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below that.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }

    /// One of them.
    pub(crate) fn of<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.below(items.len())]
    }
}

/// What a definition reads.
#[derive(Default)]
pub(crate) struct Shape {
    members: BTreeMap<String, Shape>,
    is_list: bool,
}

/// What a definition reads, and what it compares with.
pub(crate) struct Made {
    shape: Shape,
    values: Vec<Value>,
}

impl Made {
    pub(crate) fn of(definition: &Value) -> Self {
        let (mut shape, mut values) = (Shape::default(), BTreeSet::new());
        let mut texts = Vec::new();
        strings(definition, &mut texts, &mut values);
        for text in &texts {
            read(text, &mut shape, &mut values);
        }
        let mut values: Vec<Value> = values.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        values.extend([json!(0), json!(1), json!(3), json!(true), json!(false), json!("a"), json!(null)]);
        Self { shape, values }
    }

    /// A result: everything that is read, or what is read below some member (where `ResultPath` puts it), or a single value.
    pub(crate) fn result(&self, chance: &mut Chance) -> Value {
        let parts: Vec<&Shape> =
            self.shape.members.values().filter(|shape| !shape.members.is_empty()).collect();
        match chance.below(5) {
            0 => chance.of(&self.values).clone(),
            1 | 2 if !parts.is_empty() => self.shaped(parts[chance.below(parts.len())], chance),
            _ => self.value(chance),
        }
    }

    /// An input.
    pub(crate) fn value(&self, chance: &mut Chance) -> Value {
        self.shaped(&self.shape, chance)
    }

    fn shaped(&self, shape: &Shape, chance: &mut Chance) -> Value {
        if shape.members.is_empty() {
            return match shape.is_list {
                true => (0..chance.below(3)).map(|_| chance.of(&self.values).clone()).collect(),
                false => chance.of(&self.values).clone(),
            };
        }
        let mut object = Map::new();
        for (name, member) in &shape.members {
            // Now and then something is missing.
            if chance.below(12) > 0 {
                object.insert(name.clone(), self.shaped(member, chance));
            }
        }
        match shape.is_list {
            true => (0..=chance.below(3)).map(|_| Value::Object(object.clone())).collect(),
            false => Value::Object(object),
        }
    }
}

/// The strings of a definition, and the constants of its comparisons.
fn strings(value: &Value, texts: &mut Vec<String>, values: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, texts, values)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            let compares =
                ["Equals", "LessThan", "GreaterThan", "Than"].iter().any(|end| name.ends_with(end));
            if compares && !name.starts_with("Error") {
                values.insert(member.to_string());
                if let Some(number) = member.as_f64() {
                    values.extend([json!(number + 1.0).to_string(), json!(number - 1.0).to_string()]);
                }
            }
            if name == "StringMatches" {
                values.insert(json!(member.as_str().unwrap_or_default().replace('*', "x")).to_string());
            }
            strings(member, texts, values);
            // What is iterated is a list.
            if let ("ItemsPath", Some(path)) = (name.as_str(), member.as_str()) {
                texts.push(format!("{path}[0]"));
            }
        }),
        _ => {}
    }
}

/// The paths and constants in a text: `$.a.b[0]`, `$states.input.a.b`, `'READY'`.
fn read(text: &str, shape: &mut Shape, values: &mut BTreeSet<String>) {
    for begin in ["$.", "$[0].", "$$.Execution.Input.", "$states.input.", "$states.result."] {
        for (at, _) in text.match_indices(begin) {
            let mut shape = &mut *shape;
            let mut rest = &text[at + begin.len()..];
            loop {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                if end == 0 {
                    break;
                }
                shape = shape.members.entry(rest[..end].to_owned()).or_default();
                rest = &rest[end..];
                if let Some((_, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                    shape.is_list = true;
                    rest = after;
                }
                let Some(next) = rest.strip_prefix('.') else { break };
                rest = next;
            }
        }
    }
    if text.starts_with("{%") {
        let quoted = text.split(['\'', '"']).skip(1).step_by(2);
        values.extend(quoted.filter(|part| part.len() < 40).map(|part| json!(part).to_string()));
    }
}
