//! Reading templates.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::builder::Builder;
use super::fields::Field;
use super::words;
use crate::json::Kind;
use crate::template::Template;

impl Builder<'_> {
    /// A template in the language of the state in hand; a problem in it leaves a `null` in its place.
    pub(super) fn template(&mut self, field: &Field<'_>) -> Template {
        match &field.node.kind {
            Kind::Object(_) if self.is_jsonata() => self.jsonata_object(field),
            Kind::Object(_) => self.path_object(field),
            Kind::Array(items) => {
                let items = items.iter().enumerate().map(|(index, node)| {
                    self.template(&Field { node, location: format!("{}[{index}]", field.location) })
                });
                let items: Vec<Template> = items.collect();
                if items.iter().all(is_literal) {
                    Template::Literal(Value::Array(items.into_iter().filter_map(literal).collect()))
                } else {
                    Template::Array(items)
                }
            }
            Kind::String(_) if self.looks_jsonata(field) => self.query(field).map_or(NULL, Template::Dynamic),
            Kind::String(text) => {
                self.suspect_dollar(field, text);
                Template::Literal(Value::String(text.clone()))
            }
            _ => Template::Literal(field.node.to_value()),
        }
    }

    fn jsonata_object(&mut self, field: &Field<'_>) -> Template {
        let Some(fields) = field.object(&mut self.report) else { return NULL };
        let members = fields.iter().map(|(member, value)| (member.key.clone(), self.template(&value)));
        let members = members.collect();
        object(members)
    }

    fn path_object(&mut self, field: &Field<'_>) -> Template {
        let Some(fields) = field.object(&mut self.report) else { return NULL };
        let mut members: Vec<(String, Template)> = Vec::new();
        let mut names = BTreeSet::new();
        for (member, value) in fields.iter() {
            let (name, template) = match member.key.strip_suffix(".$") {
                Some(name) => {
                    let expression = self.expression(&value, &member.key, &field.location);
                    (name, expression.map_or(NULL, Template::Dynamic))
                }
                None => (member.key.as_str(), self.template(&value)),
            };
            // Of two fields that are the same to the letter, `object` has told already.
            let is_second = !names.insert(name) && !self.report.is_full();
            if is_second && fields.get(&format!("{name}.$")).is_some() {
                let given = format!("{name}.$");
                let message = words::one_at_most(&[name, &given]);
                value.wrong(&mut self.report, message, None);
            }
            members.push((name.to_owned(), template));
        }
        object(members)
    }
}

/// An object of those members, which is a literal if all of them are.
fn object(members: Vec<(String, Template)>) -> Template {
    if !members.iter().all(|(_, template)| is_literal(template)) {
        return Template::Object(members);
    }
    let object: Map<String, Value> = members
        .into_iter()
        .filter_map(|(name, template)| literal(template).map(|value| (name, value)))
        .collect();
    Template::Literal(Value::Object(object))
}

const NULL: Template = Template::Literal(Value::Null);

fn is_literal(template: &Template) -> bool {
    matches!(template, Template::Literal(_))
}

fn literal(template: Template) -> Option<Value> {
    match template {
        Template::Literal(value) => Some(value),
        _ => None,
    }
}
