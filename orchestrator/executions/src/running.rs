//! An execution in memory.

use asl::resource::{Pattern, ResourceKind};
use asl::{Definition, StateKind};
use engine::token::Token;
use engine::{Execution, Frame};

use crate::due::Due;

/// An execution between two facts, with its timers in order.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) execution: Execution,
    pub(crate) due: Due,
}

impl From<Execution> for Running {
    fn from(execution: Execution) -> Self {
        Self { due: Due::of(&execution), execution }
    }
}

/// Whether somebody was given that token: it is the execution's own, and its task, if it is awaited, is one that hands out a token.
pub(crate) fn has_given(definition: &Definition, execution: &Execution, token: &Token) -> bool {
    let hands_out = |state: &str| {
        let kind = definition.state_named(state).map(|state| &state.kind);
        matches!(kind, Some(StateKind::Task(task)) if match &task.resource.kind {
            ResourceKind::Activity => true,
            ResourceKind::Integration(it) => it.pattern == Pattern::WaitForTaskToken,
            ResourceKind::Function => false,
        })
    };
    let awaiting = execution.awaiting_task(token.task());
    execution.has_given(token) && awaiting.and_then(Frame::state_name).is_none_or(|state| hands_out(state))
}
