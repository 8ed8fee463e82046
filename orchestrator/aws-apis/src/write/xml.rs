//! The XML that REST has as its bodies.

use serde_json::{Map, Value};

use super::scalar;
use crate::model::{Flags, Format, Kind, Member, Ref, Service, Structure};

/// A document whose root has that name.
pub(crate) fn document(service: &Service, at: Ref, value: &Value, root: &str) -> Vec<u8> {
    let mut writer = Writer { service, out: String::new() };
    writer.value(at, value, root);
    writer.out.into_bytes()
}

/// A document of those members of a structure that are wanted.
pub(crate) fn members(
    service: &Service,
    at: Ref,
    structure: &Structure,
    object: &Map<String, Value>,
    is_wanted: impl Fn(&Member) -> bool,
) -> Vec<u8> {
    let there = object
        .iter()
        .filter(|(name, _)| structure.members.iter().any(|member| member.name == *name && is_wanted(member)));
    let there: Map<String, Value> = there.map(|(name, value)| (name.clone(), value.clone())).collect();
    document(service, at, &Value::Object(there), at.name.unwrap_or_default())
}

struct Writer<'s> {
    service: &'s Service,
    out: String,
}

impl Writer<'_> {
    fn open(&mut self, at: Ref, name: &str, attributes: &[(&str, String)]) {
        self.out.extend(["<", name]);
        if let Some((prefix, uri)) = at.namespace {
            let name = prefix.map_or("xmlns".to_owned(), |prefix| format!("xmlns:{prefix}"));
            self.attribute(&name, uri);
        }
        for (name, value) in attributes {
            self.attribute(name, value);
        }
        self.out.push('>');
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.extend([" ", name, "=\""]);
        self.text(value);
        self.out.push('"');
    }

    fn close(&mut self, name: &str) {
        self.out.extend(["</", name, ">"]);
    }

    fn text(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                // What reads it would make another end of a line of it.
                '\r' => self.out.push_str("&#xD;"),
                '\n' => self.out.push_str("&#xA;"),
                letter => self.out.push(letter),
            }
        }
    }

    fn value(&mut self, at: Ref, value: &Value, name: &str) {
        let service = self.service;
        let is_flat = at.flags.has(Flags::FLATTENED);
        match (&service.shape(at).kind, value) {
            (Kind::Structure(structure), Value::Object(object)) => {
                self.structure(at, structure, object, name);
            }
            (Kind::List(of), Value::Array(list)) => {
                if !is_flat {
                    self.open(at, name, &[]);
                }
                let element_name = if is_flat { name } else { of.name.unwrap_or("member") };
                for element in list {
                    self.value(*of, element, element_name);
                }
                if !is_flat {
                    self.close(name);
                }
            }
            (Kind::Map(key, of), Value::Object(object)) => {
                let entry = if is_flat { name } else { "entry" };
                if !is_flat {
                    self.open(at, name, &[]);
                }
                for (found, element) in object {
                    self.out.extend(["<", entry, ">"]);
                    self.value(*key, &Value::String(found.clone()), key.name.unwrap_or("key"));
                    self.value(*of, element, of.name.unwrap_or("value"));
                    self.close(entry);
                }
                if !is_flat {
                    self.close(name);
                }
            }
            (_, Value::Null) => {}
            _ => {
                let text = scalar::text(service, at, value, Format::Iso8601);
                self.open(at, name, &[]);
                self.text(&text);
                self.close(name);
            }
        }
    }

    fn structure(&mut self, at: Ref, structure: &Structure, object: &Map<String, Value>, name: &str) {
        let member = |name: &str| structure.members.iter().find(|member| member.name == name);
        let there = object.iter().filter_map(|(name, value)| Some((member(name)?, value)));
        let (attributes, children): (Vec<_>, Vec<_>) =
            there.partition(|(member, _)| member.at.flags.has(Flags::XML_ATTRIBUTE));
        let texts: Vec<(&str, String)> = attributes
            .into_iter()
            .map(|(member, value)| {
                (member.wire_name(), scalar::text(self.service, member.at, value, Format::Iso8601))
            })
            .collect();
        self.open(at, name, &texts);
        for (member, value) in children {
            self.value(member.at, value, member.wire_name());
        }
        self.close(name);
    }
}
