//! AWS Query, and EC2's kind of it: parameters as a form with names like `Filter.1.Value.2`.

use serde_json::{Map, Value};

use super::scalar;
use crate::model::{Flags, Format, Kind, Member, Ref, Service, Structure};
use crate::request::{Call, HttpRequest, form};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Query,
    Ec2,
}

pub(crate) fn write(call: &Call<'_>, request: &mut HttpRequest, dialect: Dialect) {
    let Call { service, operation, parameters, .. } = call;
    let mut writer = Writer { service, dialect, pairs: Vec::new() };
    writer.push("Action", operation.name);
    writer.push("Version", service.api_version);
    if let Some(structure) = operation.input.and_then(|input| service.structure(input)) {
        writer.structure(structure, parameters, "");
    }
    let form_type = "application/x-www-form-urlencoded; charset=utf-8";
    request.headers.push(("Content-Type".to_owned(), form_type.to_owned()));
    request.body = form(&writer.pairs).into_bytes();
}

struct Writer<'s> {
    service: &'s Service,
    dialect: Dialect,
    pairs: Vec<(String, String)>,
}

impl Writer<'_> {
    fn push(&mut self, name: &str, value: &str) {
        self.pairs.push((name.to_owned(), value.to_owned()));
    }

    /// What a member is called: EC2 has names of its own for Query, and writes those of XML with a capital.
    fn name(&self, member: &Member) -> String {
        match (self.dialect, member.at.query_name, member.at.name) {
            (Dialect::Ec2, Some(name), _) => name.to_owned(),
            (Dialect::Ec2, None, Some(name)) => crate::names::capital(name),
            (_, _, name) => name.unwrap_or(member.name).to_owned(),
        }
    }

    fn structure(&mut self, structure: &Structure, object: &Map<String, Value>, prefix: &str) {
        for (name, value) in object {
            if let Some(member) = structure.members.iter().find(|member| member.name == name) {
                let name = self.name(member);
                let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
                self.value(member.at, value, &name);
            }
        }
    }

    fn value(&mut self, at: Ref, value: &Value, prefix: &str) {
        let service = self.service;
        match (&service.shape(at).kind, value) {
            (Kind::Structure(structure), Value::Object(object)) => self.structure(structure, object, prefix),
            (Kind::List(of), Value::Array(list)) => self.list(at, *of, list, prefix),
            (Kind::Map(key, of), Value::Object(object)) => {
                let is_flat = at.flags.has(Flags::FLATTENED);
                let entry = if is_flat { prefix.to_owned() } else { format!("{prefix}.entry") };
                for (place, (name, value)) in object.iter().enumerate() {
                    let entry = format!("{entry}.{}", place + 1);
                    self.push(&format!("{entry}.{}", key.name.unwrap_or("key")), name);
                    self.value(*of, value, &format!("{entry}.{}", of.name.unwrap_or("value")));
                }
            }
            (_, Value::Null) => {}
            _ => {
                let text = scalar::text(service, at, value, Format::Iso8601);
                self.push(prefix, &text);
            }
        }
    }

    fn list(&mut self, at: Ref, of: Ref, list: &[Value], prefix: &str) {
        if list.is_empty() && self.dialect == Dialect::Query {
            return self.push(prefix, "");
        }
        let prefix = if self.dialect == Dialect::Ec2 {
            prefix.to_owned()
        } else if !at.flags.has(Flags::FLATTENED) {
            format!("{prefix}.{}", of.name.unwrap_or("member"))
        } else if let Some(name) = of.name {
            // The elements' name stands instead of the list's.
            prefix.rsplit_once('.').map_or(name.to_owned(), |(before, _)| format!("{before}.{name}"))
        } else {
            prefix.to_owned()
        };
        for (place, element) in list.iter().enumerate() {
            self.value(of, element, &format!("{prefix}.{}", place + 1));
        }
    }
}
