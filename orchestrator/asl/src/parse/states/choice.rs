//! Reading a Choice; its rules are read in `rule.rs`.

use crate::parse::builder::{Builder, Names};
use crate::parse::fields::Fields;
use crate::syntax::{Choice, Condition, StateKind};

impl Builder<'_> {
    pub(super) fn choices(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let io = self.ends(fields);
        let choices = fields.require("Choices", &mut self.report, "an array of rules, each with 'Next'");
        let elements = choices.map(|field| field.elements(&mut self.report)).unwrap_or_default();
        let rules: Vec<_> = elements.iter().map(|element| self.choice(element, names)).collect();
        let default = match fields.take("Default") {
            None => None,
            Some(field) => Some(self.target(&field, names)?),
        };
        for rule in rules.iter().flatten() {
            if let Condition::Rule(rule) = &rule.condition {
                rule.paths(&mut |path| self.reads_execution_input |= path.reads_execution_input());
            }
        }
        let rules: Option<Vec<_>> = rules.into_iter().collect();
        Some(StateKind::Choice(Choice { io, rules: rules?, default }))
    }
}
