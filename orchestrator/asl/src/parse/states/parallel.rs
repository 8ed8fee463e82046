//! Reading a Parallel; its branches are machines.

use crate::parse::builder::{Builder, Names};
use crate::parse::fields::Fields;
use crate::parse::flow::Shapes;
use crate::syntax::{Parallel, StateKind};

impl Builder<'_> {
    pub(super) fn parallel(&mut self, fields: &Fields<'_>, names: &Names) -> Option<StateKind> {
        fields.require(&mut self.report, &["Branches"]);
        let io = self.flow(fields, Shapes { arguments: true, result: true });
        let recovery = self.recovery(fields, names);
        let transition = self.transition(fields, names);
        let branches = fields.get("Branches");
        let elements = branches.and_then(|field| field.some_elements(&mut self.report));
        let branches: Vec<_> = elements.iter().flatten().map(|element| self.branch(element)).collect();
        elements?;
        let branches: Option<Vec<_>> = branches.into_iter().collect();
        Some(StateKind::Parallel(Box::new(Parallel {
            io,
            recovery,
            branches: branches?,
            transition: transition?,
        })))
    }
}
