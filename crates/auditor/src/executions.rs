//! What the orchestrator has of an order, shown to the auditor by whoever knows the orchestrator.

use std::sync::Arc;

use store::{Entity, Read};

/// The orchestrator's store, and how to read it: the auditor does not know the orchestrator.
pub struct Executions {
    /// Where the executions stand.
    pub store: Arc<dyn Read>,
    /// What the entity of that key is: an execution (of the order whose id is the key), or nothing that the auditor has
    /// to look at. An error says why it cannot be read.
    pub view: Box<ViewExecution>,
}

/// Reads an execution out of the orchestrator's entity; see [`Executions::view`].
pub type ViewExecution = dyn Fn(&str, &Entity) -> Result<Option<ExecutionView>, String> + Send + Sync;

/// An execution, as far as the auditor is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionView {
    /// Whether it has ended.
    pub finished: bool,
    /// Whether it has ended well (in a `Succeed` state, or at its `End`).
    pub succeeded: bool,
    /// Whether it has ended before it did anything, because its order's id belongs to another order, or to this one in the
    /// other style.
    pub refused: bool,
}
