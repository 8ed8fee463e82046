//! Reading a Choice; its rules are read in `rule.rs`.

use crate::parse::builder::{Builder, Names};
use crate::parse::fields::Fields;
use crate::syntax::{Choice, StateKind};

impl Builder<'_> {
    pub(super) fn choices(&mut self, fields: &Fields<'_>, names: &Names) -> Option<StateKind> {
        fields.require(&mut self.report, &["Choices"]);
        let io = self.ends(fields);
        let choices = fields.get("Choices");
        let elements = choices.and_then(|field| field.some_elements(&mut self.report));
        let rules: Vec<_> = elements.iter().flatten().map(|element| self.choice(element, names)).collect();
        let default = match fields.get("Default") {
            None => None,
            Some(field) => Some(self.target(&field, names)?),
        };
        elements?;
        let rules: Option<Vec<_>> = rules.into_iter().collect();
        Some(StateKind::Choice(Choice { io, rules: rules?, default }))
    }
}
