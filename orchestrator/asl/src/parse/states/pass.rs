//! Reading a Pass.

use crate::parse::builder::{Builder, Names};
use crate::parse::fields::Fields;
use crate::parse::flow::Shapes;
use crate::syntax::{Pass, StateKind};

impl Builder<'_> {
    pub(super) fn pass(&mut self, fields: &Fields<'_>, names: &Names) -> Option<StateKind> {
        let arguments = !self.is_jsonata();
        let io = self.flow(fields, Shapes { arguments, result: false });
        let result = fields.get("Result").map(|field| {
            self.suspect_result(&field);
            field.without_duplicates(&mut self.report);
            field.node.to_value()
        });
        let transition = self.transition(fields, names);
        Some(StateKind::Pass(Box::new(Pass { io, result, transition: transition? })))
    }
}
