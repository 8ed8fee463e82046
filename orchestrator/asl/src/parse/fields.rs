//! Reading the fields of an object: each is taken by name, what is left over is unknown.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::json::{Kind, Member, Node};
use crate::problem::{Report, nearest};

/// A value and the JSON pointer to it.
#[derive(Clone)]
pub(super) struct Field<'n> {
    pub(super) node: &'n Node,
    pub(super) pointer: String,
}

impl<'n> Field<'n> {
    /// Reports what is wrong with the value.
    pub(super) fn wrong(
        &self,
        report: &mut Report<'_>,
        message: impl Into<String>,
        expected: Option<String>,
    ) {
        let value = if report.is_full() { String::new() } else { self.node.quoted() };
        report.add(self.node.at, &self.pointer, message, Some(value), expected);
    }

    fn wrong_type(&self, report: &mut Report<'_>, expected: &str) {
        self.wrong(report, "a value of the wrong type", Some(expected.to_owned()));
    }

    pub(super) fn string(&self, report: &mut Report<'_>) -> Option<&'n str> {
        match &self.node.kind {
            Kind::String(text) => Some(text),
            _ => {
                self.wrong_type(report, "a string");
                None
            }
        }
    }

    /// An integer in the range.
    pub(super) fn integer(&self, report: &mut Report<'_>, min: u64, max: u64) -> Option<u64> {
        let value = match &self.node.kind {
            Kind::Number(number) => number.as_u64().filter(|n| (min..=max).contains(n)),
            _ => None,
        };
        if value.is_none() {
            self.wrong(
                report,
                "not a number that can stand here",
                Some(format!("an integer from {min} to {max}")),
            );
        }
        value
    }

    pub(super) fn boolean(&self, report: &mut Report<'_>) -> Option<bool> {
        match self.node.kind {
            Kind::Bool(value) => Some(value),
            _ => {
                self.wrong_type(report, "true or false");
                None
            }
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.node.kind, Kind::Null)
    }

    /// The elements of an array that must not be empty.
    pub(super) fn elements(&self, report: &mut Report<'_>) -> Vec<Field<'n>> {
        match &self.node.kind {
            Kind::Array(items) if !items.is_empty() => items
                .iter()
                .enumerate()
                .map(|(index, node)| Field { node, pointer: format!("{}/{index}", self.pointer) })
                .collect(),
            _ => {
                self.wrong(
                    report,
                    "not a list that can stand here",
                    Some("an array with at least one element".into()),
                );
                Vec::new()
            }
        }
    }

    /// The members of an object that is read a second time elsewhere.
    pub(super) fn members(&self, report: &mut Report<'_>) -> Option<Fields<'n>> {
        let Kind::Object(members) = &self.node.kind else {
            self.wrong_type(report, "an object");
            return None;
        };
        Some(Fields { at: self.node.at, pointer: self.pointer.clone(), members, taken: Vec::new() })
    }

    /// The members of an object; duplicates are reported.
    pub(super) fn object(&self, report: &mut Report<'_>) -> Option<Fields<'n>> {
        let fields = self.members(report)?;
        let mut names = BTreeSet::new();
        for member in fields.members {
            if !names.insert(member.key.as_str()) {
                let pointer = child(&self.pointer, &member.key);
                report.add(
                    member.at,
                    &pointer,
                    format!("the field '{}' is given twice", member.key),
                    None,
                    None,
                );
            }
        }
        Some(fields)
    }
}

/// The fields of an object, and which of them are known.
pub(super) struct Fields<'n> {
    pub(super) at: usize,
    pub(super) pointer: String,
    members: &'n [Member],
    taken: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The field of that name, which is known from now on.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Field<'n>> {
        self.taken.push(name);
        self.peek(name)
    }

    pub(super) fn peek(&self, name: &str) -> Option<Field<'n>> {
        let member = self.members.iter().find(|member| member.key == name)?;
        Some(Field { node: &member.node, pointer: child(&self.pointer, name) })
    }

    /// The field of that name; if there is none, that is reported.
    pub(super) fn require(
        &mut self,
        name: &'static str,
        report: &mut Report<'_>,
        what: &str,
    ) -> Option<Field<'n>> {
        let field = self.take(name);
        if field.is_none() {
            self.missing(report, format!("the field '{name}' is missing"), what);
        }
        field
    }

    /// Reports that the object lacks something.
    pub(super) fn missing(&self, report: &mut Report<'_>, message: impl Into<String>, expected: &str) {
        report.add(self.at, &self.pointer, message, None, Some(expected.to_owned()));
    }

    /// Of the fields that say the same in different ways, the one that is given. More than one is reported.
    pub(super) fn one_of(
        &mut self,
        names: &[&'static str],
        report: &mut Report<'_>,
    ) -> Option<(usize, Field<'n>)> {
        let given: Vec<_> =
            names.iter().enumerate().filter_map(|(i, name)| Some((i, self.take(name)?))).collect();
        if let [(_, _), (_, second), ..] = given.as_slice() {
            let message = format!("more than one of {}", names.join(", "));
            second.wrong(report, message, Some("only one of them".to_owned()));
        }
        given.into_iter().next()
    }

    /// All members with their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'n Member, Field<'n>)> + use<'n, '_> {
        self.members
            .iter()
            .map(|member| (member, Field { node: &member.node, pointer: child(&self.pointer, &member.key) }))
    }

    /// Reports the fields that nobody took. `special` explains some of them.
    pub(super) fn close(self, report: &mut Report<'_>, owner: &str, special: &[(&str, &str)]) {
        for member in self.members.iter().filter(|member| !self.taken.contains(&member.key.as_str())) {
            let pointer = child(&self.pointer, &member.key);
            let name = &member.key;
            if let Some((_, why)) = special.iter().find(|(known, _)| known == name) {
                report.add(member.at, &pointer, *why, None, None);
                continue;
            }
            if report.is_full() {
                report.add(member.at, &pointer, "", None, None);
                continue;
            }
            let expected = match nearest(name, self.taken.iter().copied()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("one of {}", self.taken.join(", ")),
            };
            report.add(member.at, &pointer, format!("{owner} has no field '{name}'"), None, Some(expected));
        }
    }
}

/// Longest part of a member's name that a pointer shows, in characters: with it and the nesting a pointer is bounded.
const NAME_IN_POINTER_CHARS_MAX: usize = 100;

/// The JSON pointer to a member.
pub(super) fn child(pointer: &str, key: &str) -> String {
    match key.char_indices().nth(NAME_IN_POINTER_CHARS_MAX) {
        Some((end, _)) => format!("{pointer}/{}…", escaped(&key[..end])),
        None => format!("{pointer}/{}", escaped(key)),
    }
}

fn escaped(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1").into() } else { key.into() }
}
