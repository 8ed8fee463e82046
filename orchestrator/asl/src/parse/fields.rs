//! Reading the fields of an object: a value and where it is.

use std::collections::BTreeSet;

use super::table::fields_of;
use super::words;
use crate::json::{Kind, Member, Node};
use crate::nearest::{hint, shortened};
use crate::problem::Code;
use crate::report::Report;
use crate::syntax::QueryLanguage;

/// A value and where it is.
#[derive(Clone)]
pub(super) struct Field<'n> {
    pub(super) node: &'n Node,
    pub(super) location: String,
}

impl<'n> Field<'n> {
    /// Reports what is wrong with the value.
    pub(super) fn wrong(
        &self,
        report: &mut Report<'_>,
        message: impl Into<String>,
        expected: Option<String>,
    ) {
        self.problem(report, Code::Schema, message, expected);
    }

    /// Reports a problem of that kind with the value.
    pub(super) fn problem(
        &self,
        report: &mut Report<'_>,
        code: Code,
        message: impl Into<String>,
        expected: Option<String>,
    ) {
        let value = if report.is_full() { String::new() } else { self.node.quoted() };
        report.add(code, self.node.at, Some(&self.location), message, Some(value), expected);
    }

    pub(super) fn text(&self) -> Option<&'n str> {
        match &self.node.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn string(&self, report: &mut Report<'_>) -> Option<&'n str> {
        let text = self.text();
        if text.is_none() {
            self.wrong(report, words::of_type("String"), None);
        }
        text
    }

    /// An integer in the range.
    pub(super) fn integer(&self, report: &mut Report<'_>, min: u64, max: u64) -> Option<u64> {
        let Kind::Number(number) = &self.node.kind else {
            self.wrong(report, words::of_type("Integer"), Some(range(min, max)));
            return None;
        };
        let message = match (number.as_u64(), number.as_i64()) {
            (Some(value), _) if value < min => words::minimum(min),
            (Some(value), _) if value > max => words::maximum(max),
            (Some(value), _) => return Some(value),
            (None, Some(_)) => words::minimum(min),
            (None, None) => words::of_type("Integer"),
        };
        self.wrong(report, message, Some(range(min, max)));
        None
    }

    /// A number in the range, which need not be an integer.
    pub(super) fn number(&self, report: &mut Report<'_>, min: u64, max: u64) -> Option<f64> {
        let value = match &self.node.kind {
            Kind::Number(number) => number.as_f64(),
            _ => None,
        };
        let message = match value {
            None => words::of_type("Number"),
            Some(value) if value < min as f64 => words::minimum(min),
            Some(value) if value > max as f64 => words::maximum(max),
            value => return value,
        };
        self.wrong(report, message, None);
        None
    }

    pub(super) fn boolean(&self, report: &mut Report<'_>) -> Option<bool> {
        match self.node.kind {
            Kind::Bool(value) => Some(value),
            _ => {
                self.wrong(report, words::of_type("Boolean"), None);
                None
            }
        }
    }

    /// One of the words, by its place among them.
    pub(super) fn one_of(&self, report: &mut Report<'_>, words: &[&str]) -> Option<usize> {
        let text = self.string(report)?;
        let place = words.iter().position(|word| *word == text);
        if place.is_none() {
            let near = crate::nearest::nearest(text, words.iter().copied());
            self.wrong(report, words::one_of(words), near.map(|near| format!("did you mean '{near}'?")));
        }
        place
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.node.kind, Kind::Null)
    }

    /// The elements of an array, which may be empty.
    pub(super) fn elements(&self, report: &mut Report<'_>) -> Option<Vec<Field<'n>>> {
        let Kind::Array(items) = &self.node.kind else {
            self.wrong(report, words::of_type("Array"), None);
            return None;
        };
        let element = |(index, node)| Field { node, location: format!("{}[{index}]", self.location) };
        Some(items.iter().enumerate().map(element).collect())
    }

    /// The elements of an array that must have some.
    pub(super) fn some_elements(&self, report: &mut Report<'_>) -> Option<Vec<Field<'n>>> {
        let elements = self.elements(report)?;
        if elements.is_empty() {
            self.wrong(report, words::EMPTY, Some("at least one element".to_owned()));
            return None;
        }
        Some(elements)
    }

    /// The members of an object that is read a second time elsewhere.
    pub(super) fn members(&self, report: &mut Report<'_>) -> Option<Fields<'n>> {
        let Kind::Object(members) = &self.node.kind else {
            self.wrong(report, words::of_type("Object"), None);
            return None;
        };
        Some(Fields { at: self.node.at, location: self.location.clone(), members })
    }

    /// The members of an object; duplicates are reported.
    pub(super) fn object(&self, report: &mut Report<'_>) -> Option<Fields<'n>> {
        let fields = self.members(report)?;
        let mut names = BTreeSet::new();
        for member in fields.members {
            if !names.insert(member.key.as_str()) {
                let location = child(&self.location, &member.key);
                let message = format!("Duplicate field '{}'", member.key);
                report.add(Code::InvalidJson, member.at, Some(&location), message, None, None);
            }
        }
        Some(fields)
    }

    /// Reports duplicates at any depth of a value that is taken as it is.
    pub(super) fn without_duplicates(&self, report: &mut Report<'_>) {
        match &self.node.kind {
            Kind::Array(items) => {
                for (index, node) in items.iter().enumerate() {
                    Field { node, location: format!("{}[{index}]", self.location) }
                        .without_duplicates(report);
                }
            }
            Kind::Object(_) => {
                for (_, field) in self.object(report).iter().flat_map(Fields::iter) {
                    field.without_duplicates(report);
                }
            }
            _ => {}
        }
    }

    /// The members of an object that may have the fields of `owner`, in that language. Others are reported.
    pub(super) fn fields_of(
        &self,
        report: &mut Report<'_>,
        owner: &str,
        language: QueryLanguage,
    ) -> Option<Fields<'n>> {
        let fields = self.object(report)?;
        fields.known(report, owner, language);
        Some(fields)
    }
}

fn range(min: u64, max: u64) -> String {
    format!("an integer from {min} to {max}")
}

/// The fields of an object.
pub(super) struct Fields<'n> {
    pub(super) at: usize,
    pub(super) location: String,
    members: &'n [Member],
}

impl<'n> Fields<'n> {
    /// The field of that name.
    pub(super) fn get(&self, name: &str) -> Option<Field<'n>> {
        let member = self.members.iter().find(|member| member.key == name)?;
        Some(Field { node: &member.node, location: child(&self.location, name) })
    }

    /// Reports what is wrong with the object as a whole.
    pub(super) fn wrong(
        &self,
        report: &mut Report<'_>,
        message: impl Into<String>,
        expected: Option<String>,
    ) {
        report.add(Code::Schema, self.at, Some(&self.location), message, None, expected);
    }

    /// Reports those of the fields that are not there.
    pub(super) fn require(&self, report: &mut Report<'_>, names: &[&str]) {
        let missing: Vec<&str> = names.iter().copied().filter(|name| self.get(name).is_none()).collect();
        if !missing.is_empty() {
            self.wrong(report, words::required(&missing), None);
        }
    }

    /// Of the fields that say the same in different ways, the one that is given. More than one is reported.
    pub(super) fn one_of(&self, report: &mut Report<'_>, names: &[&str]) -> Option<(usize, Field<'n>)> {
        let mut given = names.iter().enumerate().filter_map(|(i, name)| Some((i, self.get(name)?)));
        let first = given.next();
        if given.next().is_some() {
            self.wrong(report, words::one_at_most(names), None);
        }
        first
    }

    /// The same of fields of which one must be given.
    pub(super) fn exactly_one_of(
        &self,
        report: &mut Report<'_>,
        names: &[&str],
    ) -> Option<(usize, Field<'n>)> {
        let given = self.one_of(report, names);
        if given.is_none() {
            self.wrong(report, words::one_needed(names), None);
        }
        given
    }

    /// All members with their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'n Member, Field<'n>)> + use<'n, '_> {
        let field =
            |member: &'n Member| Field { node: &member.node, location: child(&self.location, &member.key) };
        self.members.iter().map(move |member| (member, field(member)))
    }

    /// Reports the fields that `owner` has not, or has only in the other language.
    pub(super) fn known(&self, report: &mut Report<'_>, owner: &str, language: QueryLanguage) {
        for member in self.members {
            match fields_of(owner).find(|field| field.name == member.key) {
                Some(field) => self.of_language(report, member, field.language, language),
                None => {
                    let names = fields_of(owner).map(|field| field.name);
                    self.unsupported(report, member, names);
                }
            }
        }
    }

    /// Reports a member that belongs to one language and stands in an object of the other.
    pub(super) fn of_language(
        &self,
        report: &mut Report<'_>,
        member: &Member,
        belongs: Option<QueryLanguage>,
        language: QueryLanguage,
    ) {
        if let Some(other) = belongs.filter(|other| *other != language) {
            let message = words::other_language(&member.key, language.name(), other.name());
            report.add(Code::Schema, member.at, Some(&self.location), message, None, None);
        }
    }

    /// Reports a member that nobody knows.
    pub(super) fn unsupported<'k>(
        &self,
        report: &mut Report<'_>,
        member: &Member,
        known: impl IntoIterator<Item = &'k str> + Clone,
    ) {
        let (message, expected) = match report.is_full() {
            true => (String::new(), None),
            false => (words::unsupported(&member.key), Some(hint(&member.key, known))),
        };
        report.add(Code::Schema, member.at, Some(&self.location), message, None, expected);
    }
}

/// Longest part of a member's name that a location shows, in characters: with it and the nesting a location is bounded.
const NAME_IN_LOCATION_CHARS_MAX: usize = 100;

/// The location of a member.
pub(super) fn child(location: &str, key: &str) -> String {
    if key.len() <= NAME_IN_LOCATION_CHARS_MAX {
        return format!("{location}/{key}");
    }
    format!("{location}/{}", shortened(key.to_owned(), NAME_IN_LOCATION_CHARS_MAX))
}
