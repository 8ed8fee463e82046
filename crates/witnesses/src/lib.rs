//! The stores of a system's participants as the auditor asks them, whether it is simulated, measured or runs.
//!
//! The auditor is shown executions through a trait, because it does not know the orchestrator. This is the one place that
//! knows both.
#![warn(missing_docs)]

use std::sync::Arc;

use auditor::{ExecutionView, Executions, Witnesses};
use contract::groups;
use order_flow::{Status, stored};
use store::{Entity, Read};

/// What the auditor asks, with each participant's store opened by `reader`, which is given its name.
///
/// # Errors
/// The first one of `reader`.
pub fn of<E>(mut reader: impl FnMut(&'static str) -> Result<Arc<dyn Read>, E>) -> Result<Witnesses, E> {
    Ok(Witnesses {
        order_history: reader(groups::ORDER_HISTORY)?,
        order_status: reader(groups::ORDER_STATUS)?,
        notifications: reader(groups::NOTIFICATIONS)?,
        orchestrator: Some(Executions { store: reader(groups::ORCHESTRATOR)?, view: Box::new(view) }),
    })
}

fn view(key: &str, entity: &Entity) -> Result<Option<ExecutionView>, String> {
    let standing = stored::standing(key, entity)?;
    Ok(standing.map(|standing| ExecutionView {
        finished: standing.status != Status::Running,
        succeeded: standing.status == Status::Succeeded,
        refused: standing.refused,
    }))
}
