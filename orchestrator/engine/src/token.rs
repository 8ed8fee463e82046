//! Task tokens: what somebody outside hands in to say how a task went.

use crate::ids::TaskId;

/// The token of an attempt: it names the execution and the attempt, and so needs no place of its own.
pub fn encode(execution: &str, task: TaskId) -> String {
    format!("{}/{execution}", task.0)
}

/// The execution and the attempt that a token names, or `None` if it is no token.
pub fn decode(token: &str) -> Option<(&str, TaskId)> {
    let (task, execution) = token.split_once('/')?;
    Some((execution, TaskId(task.parse().ok()?)))
}
