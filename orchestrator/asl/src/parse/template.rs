//! Reading payload templates.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::builder::Builder;
use super::fields::Field;
use crate::json::Kind;
use crate::template::{Expression, Template};

impl Builder<'_> {
    /// A template; a problem in it leaves a `null` in its place.
    pub(super) fn template(&mut self, field: &Field<'_>) -> Template {
        match &field.node.kind {
            Kind::Object(_) => self.template_object(field),
            Kind::Array(items) => {
                let items = items.iter().enumerate().map(|(index, node)| {
                    self.template(&Field { node, pointer: format!("{}/{index}", field.pointer) })
                });
                let items: Vec<Template> = items.collect();
                if items.iter().all(is_literal) {
                    Template::Literal(Value::Array(items.into_iter().filter_map(literal).collect()))
                } else {
                    Template::Array(items)
                }
            }
            _ => Template::Literal(field.node.to_value()),
        }
    }

    fn template_object(&mut self, field: &Field<'_>) -> Template {
        let Some(fields) = field.object(&mut self.report) else { return Template::Literal(Value::Null) };
        let mut members: Vec<(String, Template)> = Vec::new();
        let mut names = BTreeSet::new();
        for (member, value) in fields.iter() {
            let (name, template) = match member.key.strip_suffix(".$") {
                Some(name) => (name, self.expression(&value).map_or(NULL, Template::Dynamic)),
                None => (member.key.as_str(), self.template(&value)),
            };
            // Of two fields that are the same to the letter, `object` has told already.
            let is_second = !names.insert(name) && !self.report.is_full();
            if is_second && fields.peek(&format!("{name}.$")).is_some() {
                let message = format!("both '{name}' and '{name}.$' are given");
                self.report.add(
                    member.at,
                    &value.pointer,
                    message,
                    None,
                    Some("only one of them".to_owned()),
                );
            }
            members.push((name.to_owned(), template));
        }
        if members.iter().all(|(_, template)| is_literal(template)) {
            let object: Map<String, Value> = members
                .into_iter()
                .filter_map(|(name, template)| literal(template).map(|value| (name, value)))
                .collect();
            return Template::Literal(Value::Object(object));
        }
        Template::Object(members)
    }

    /// A path or an intrinsic function.
    pub(super) fn expression(&mut self, field: &Field<'_>) -> Option<Expression> {
        let text = field.string(&mut self.report)?;
        match Expression::parse(text) {
            Ok(expression) => {
                self.reads_execution_input |= expression.reads_execution_input();
                Some(expression)
            }
            Err(why) => {
                field.wrong(&mut self.report, why, None);
                None
            }
        }
    }
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
