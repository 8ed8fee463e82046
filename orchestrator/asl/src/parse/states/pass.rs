//! Reading a Pass.

use crate::parse::builder::{Builder, Names};
use crate::parse::fields::Fields;
use crate::syntax::{Pass, StateKind};

impl Builder<'_> {
    pub(super) fn pass(&mut self, fields: &mut Fields<'_>, names: &Names) -> Option<StateKind> {
        let io = self.flow(fields, false);
        let result = fields.take("Result").map(|field| field.node.to_value());
        let transition = self.transition(fields, names);
        Some(StateKind::Pass(Box::new(Pass { io, result, transition: transition? })))
    }
}
