//! Reading a Parallel; its branches are machines.

use crate::parse::builder::{Builder, Names};
use crate::parse::fields::Fields;
use crate::syntax::{Parallel, StateKind};

impl Builder<'_> {
    pub(super) fn parallel(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let io = self.flow(fields, true);
        let recovery = self.recovery(fields, names);
        let transition = self.transition(fields, names);
        let branches = fields.require("Branches", &mut self.report, "an array of machines");
        let elements = branches.map(|field| field.elements(&mut self.report)).unwrap_or_default();
        let branches: Vec<_> = elements.iter().map(|element| self.branch(element)).collect();
        let branches: Option<Vec<_>> = branches.into_iter().collect();
        Some(StateKind::Parallel(Box::new(Parallel {
            io,
            recovery,
            branches: branches?,
            transition: transition?,
        })))
    }
}
