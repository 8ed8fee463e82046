//! What may be written and is probably not meant: the warnings of AWS.

use super::builder::Builder;
use super::fields::Field;
use super::words;
use crate::json::{Kind, Node};
use crate::problem::Code;

impl Builder<'_> {
    /// A text in a template that looks as if it were to be evaluated.
    pub(super) fn suspect_dollar(&mut self, field: &Field<'_>, text: &str) {
        if !self.is_jsonata() && (is_path(text) || is_call(text)) {
            field.problem(&mut self.report, Code::NoDollar, words::MISSING_DOLLAR, None);
        }
    }

    /// A text of a field that is taken as it is, and looks like a path.
    pub(super) fn suspect_path(&mut self, field: &Field<'_>) {
        if !self.is_jsonata() && field.text().is_some_and(is_path) {
            field.problem(&mut self.report, Code::NoPath, words::MISSING_PATH, None);
        }
    }

    /// The `Result` of a Pass state.
    pub(super) fn suspect_result(&mut self, field: &Field<'_>) {
        if has_path(field.node) {
            field.problem(&mut self.report, Code::PassResultIsStatic, words::STATIC_RESULT, None);
        }
    }
}

fn is_path(text: &str) -> bool {
    ["$.", "$[", "$$."].iter().any(|begin| text.starts_with(begin))
}

fn is_call(text: &str) -> bool {
    text.strip_prefix("States.").is_some_and(|rest| rest.contains('(') && rest.ends_with(')'))
}

fn has_path(node: &Node) -> bool {
    match &node.kind {
        Kind::Array(items) => items.iter().any(has_path),
        Kind::Object(members) => {
            members.iter().any(|member| member.key.ends_with(".$") || has_path(&member.node))
        }
        Kind::String(text) => is_path(text),
        _ => false,
    }
}
