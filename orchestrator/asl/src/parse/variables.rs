//! Reading `Assign`, and the rules between the variables of a definition.

use std::collections::BTreeSet;

use super::builder::{Builder, NAME_CHARS_MAX, Place};
use super::fields::Fields;
use super::words;
use crate::problem::Code;
use crate::template::Template;

impl Builder<'_> {
    /// `Assign`, if it is given: an object whose members are variables.
    pub(super) fn assign(&mut self, fields: &Fields<'_>) -> Option<Template> {
        let field = fields.get("Assign")?;
        for (member, value) in field.members(&mut self.report)?.iter() {
            let name = match self.is_jsonata() {
                true => member.key.as_str(),
                false => member.key.strip_suffix(".$").unwrap_or(&member.key),
            };
            let place = Place { at: member.at, location: value.location };
            self.variable_name(name, &place);
            self.scopes[self.scope].written.push((name.to_owned(), place));
        }
        Some(self.template(&field))
    }

    fn variable_name(&mut self, name: &str, place: &Place) {
        let mut chars = name.chars();
        let is_identifier =
            chars.next().is_some_and(char::is_alphabetic) && chars.all(|c| c.is_alphanumeric() || c == '_');
        if name == "states" {
            self.problem(Code::ReservedVariableName, place, words::RESERVED_VARIABLE.to_owned());
        } else if !is_identifier {
            self.problem(Code::InvalidVariableName, place, words::invalid_variable(name));
        } else if name.chars().count() > NAME_CHARS_MAX {
            self.problem(Code::InvalidVariableName, place, words::long_variable(name, NAME_CHARS_MAX));
        }
    }

    pub(super) fn read_variable(&mut self, name: &str, place: Place) {
        if let Some(state) = self.within.state {
            self.variables_read.entry(state).or_default().insert(name.to_owned());
        }
        if let Some(scope) = self.scopes.get_mut(self.scope) {
            scope.read.push((name.to_owned(), place));
        }
    }

    /// No machine assigns a variable of a machine around it; and what is read was assigned somewhere.
    pub(super) fn between_variables(&mut self) {
        let scopes = std::mem::take(&mut self.scopes);
        let own: Vec<BTreeSet<&str>> = scopes
            .iter()
            .map(|scope| scope.written.iter().map(|(name, _)| name.as_str()).collect())
            .collect();
        let outer = |scope: usize| std::iter::successors(scopes[scope].parent, |outer| scopes[*outer].parent);
        for (number, scope) in scopes.iter().enumerate() {
            for (name, place) in &scope.written {
                if outer(number).any(|outer| own[outer].contains(name.as_str())) {
                    let message = format!(
                        "Variable '{name}' is assigned in an outer scope and can not be assigned in an inner scope."
                    );
                    self.problem(Code::Schema, place, message);
                }
            }
            for (name, place) in &scope.read {
                let mut seen = std::iter::once(number).chain(outer(number));
                if !seen.any(|scope| own[scope].contains(name.as_str())) {
                    let message = format!("Nothing assigns the variable '{name}'");
                    self.problem(Code::UnassignedVariable, place, message);
                }
            }
        }
    }
}
