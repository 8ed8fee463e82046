//! Reading paths, calls and JSONata expressions, and what they read.

use super::builder::{Builder, Place, Sees};
use super::fields::Field;
use super::words;
use crate::jsonata;
use crate::path::Path;
use crate::problem::Code;
use crate::template::Expression;

impl Builder<'_> {
    /// What the field selects, if it is one that can be compiled.
    pub(super) fn path(&mut self, field: &Field<'_>) -> Option<Path> {
        match Path::parse(field.string(&mut self.report)?) {
            Ok(path) => {
                self.reads_path(field, &path);
                Some(path)
            }
            Err(why) => {
                field.wrong(
                    &mut self.report,
                    words::NO_PATH,
                    Some(format!("a path such as $.order.id ({why})")),
                );
                None
            }
        }
    }

    /// A path of a field that the documentation calls a reference path: `Variable` of a rule, what a comparison compares to, and
    /// `ItemsPath`. AWS reads them with the same reader as every other path, and so takes filters, slices and wildcards there
    /// (public definitions use them); only `ResultPath`, which is written to, must name one place
    /// ([`ResultPath::at`](crate::data::ResultPath::at)).
    pub(super) fn reference(&mut self, field: &Field<'_>) -> Option<Path> {
        let text = field.string(&mut self.report)?;
        let why = match Path::parse(text) {
            Ok(path) => {
                self.reads_path(field, &path);
                return Some(path);
            }
            Err(_) if !text.starts_with('$') => "Reference path didn't start with '$'".to_owned(),
            Err(why) => why,
        };
        let expected = Some("a path such as $.order.id".to_owned());
        field.wrong(&mut self.report, words::no_reference(&why), expected);
        None
    }

    /// A path or an intrinsic function; `name` is that of its field.
    pub(super) fn expression(&mut self, field: &Field<'_>, name: &str, owner: &str) -> Option<Expression> {
        let (why, value) = match field.text() {
            Some(text) => match Expression::parse(text) {
                Ok(expression) => {
                    self.reads(field, &expression);
                    return Some(expression);
                }
                Err(why) => (format!("one that can be read: {why}"), field.node.quoted()),
            },
            None => ("a string".to_owned(), field.node.quoted()),
        };
        let (at, message) = (field.node.at, words::no_expression(name));
        self.report.add(Code::Schema, at, Some(owner), message, Some(value), Some(why));
        None
    }

    /// The text between `{%` and `%}`, if it is one. A text with only one of the signs is reported.
    pub(super) fn jsonata<'n>(&mut self, field: &Field<'n>) -> Option<&'n str> {
        let text = field.text()?;
        if !text.starts_with("{%") && !text.ends_with("%}") {
            return None;
        }
        let inner = text.strip_prefix("{%").and_then(|rest| rest.strip_suffix("%}"));
        if inner.is_none() {
            field.wrong(&mut self.report, words::JSONATA_SIGNS, None);
        }
        inner
    }

    /// Whether the value is meant to be JSONata, rightly written or not.
    pub(super) fn looks_jsonata(&self, field: &Field<'_>) -> bool {
        self.is_jsonata() && field.text().is_some_and(|text| text.starts_with("{%") || text.ends_with("%}"))
    }

    /// A JSONata expression, the signs around it included.
    pub(super) fn query(&mut self, field: &Field<'_>) -> Option<Expression> {
        let text = self.jsonata(field)?.trim();
        match jsonata::Expression::parse(text) {
            Ok(expression) => {
                self.sees(field, &expression);
                self.noted(field, Expression::Jsonata(expression))
            }
            Err(error) => {
                self.no_jsonata(field, text, error);
                None
            }
        }
    }

    fn no_jsonata(&mut self, field: &Field<'_>, text: &str, error: jsonata::SyntaxError) {
        let whole = field.text().unwrap_or_default();
        let begin = whole.find(text).unwrap_or_default();
        let at =
            error.offset.map_or(field.node.at, |at| self.report.within(field.node.at, whole, begin + at));
        let (location, value) = (Some(field.location.as_str()), Some(field.node.quoted()));
        match (&error.code, error.offset.and_then(|at| text.get(at..))) {
            (None, Some(rest)) => {
                let message = words::no_input(first_word(rest));
                let expected = Some("a path that begins with $states.input or a variable".to_owned());
                self.report.add(Code::UnsupportedJsonata, at, location, message, value, expected);
            }
            _ => self.report.add(Code::InvalidJsonata, at, location, error.message, value, None),
        }
    }

    /// Reports parts of `$states` that are not there where the expression is evaluated.
    fn sees(&mut self, field: &Field<'_>, expression: &jsonata::Expression) {
        let read = expression.states();
        let parts =
            [(read.result, Sees::Result, "result"), (read.error_output, Sees::ErrorOutput, "errorOutput")];
        for (_, _, part) in parts.into_iter().filter(|(is_read, sees, _)| *is_read && *sees != self.here.sees)
        {
            let message = words::no_part(part);
            let expected = match part {
                "result" => "it in Output or Assign of a Task, Parallel or Map state",
                _ => "it in Output or Assign of a Catch",
            };
            field.problem(&mut self.report, Code::UnsupportedJsonata, message, Some(expected.to_owned()));
        }
    }

    /// The expression, once it is noted what it reads.
    pub(super) fn noted(&mut self, field: &Field<'_>, expression: Expression) -> Option<Expression> {
        self.reads(field, &expression);
        Some(expression)
    }

    fn reads_path(&mut self, field: &Field<'_>, path: &Path) {
        self.reads(field, &Expression::Path(path.clone()));
    }

    /// Notes what an expression reads.
    fn reads(&mut self, field: &Field<'_>, expression: &Expression) {
        self.reads_execution_input |= expression.reads_execution_input();
        for name in expression.variables() {
            let place = Place { at: field.node.at, location: field.location.clone() };
            self.read_variable(name, place);
        }
    }
}

/// The name that a text begins with.
fn first_word(text: &str) -> &str {
    if let Some((name, _)) = text.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        return name;
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    text.split(|c| !is_part(c)).next().unwrap_or_default()
}
