//! What the conductor leaves in its store, for the auditor and for operators. Executions stand under their orders' ids: a slash,
//! which tells definitions apart, is not allowed there.

use engine::Status;
use store::Entity;

use crate::execution::OrderExecution;

/// The execution that stands in an entity, or `None` where a definition does.
///
/// # Errors
/// What is stored is not an execution.
pub fn execution(key: &str, entity: &Entity) -> Result<Option<OrderExecution>, serde_json::Error> {
    registry::stored::execution(key, entity)
}

/// How an execution is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it runs, or how it ended.
    pub status: Status,
    /// Whether it failed because its order's id belongs to another order; see [`OrderExecution::was_refused`].
    pub refused: bool,
}

/// How the execution in an entity is doing; `None` where there is no execution. For the auditor and for operators.
///
/// # Errors
/// What is stored is not an execution; the text says why.
pub fn standing(key: &str, entity: &Entity) -> Result<Option<Standing>, String> {
    let stored = execution(key, entity).map_err(|error| error.to_string())?;
    Ok(stored.map(|stored| Standing { status: stored.execution.status(), refused: stored.was_refused() }))
}
