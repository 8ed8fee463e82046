//! An execution in memory.

use asl::resource::{Pattern, ResourceKind};
use asl::{Definition, StateKind};
use engine::token::Token;
use engine::{Execution, TaskId};

use crate::due::Due;
use crate::standard::waits_for_executions;

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

/// Whether any task of the definition waits for an execution that it starts.
pub(crate) fn nests(definition: &Definition) -> bool {
    definition.states().any(
        |(_, state)| matches!(&state.kind, StateKind::Task(task) if waits_for_executions(&task.resource.arn)),
    )
}

/// The attempts that wait for executions that they have started.
pub(crate) fn nesting(definition: &Definition, execution: &Execution) -> Vec<TaskId> {
    let waits = |name: &str| {
        let kind = definition.state_named(name).map(|state| &state.kind);
        matches!(kind, Some(StateKind::Task(task)) if waits_for_executions(&task.resource.arn))
    };
    execution.pending_in_states().filter(|(_, state)| waits(state)).map(|(task, _)| task).collect()
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
    let mut pending = execution.pending_in_states();
    execution.has_given(token)
        && pending.find(|(task, _)| *task == token.task()).is_none_or(|(_, state)| hands_out(state))
}
