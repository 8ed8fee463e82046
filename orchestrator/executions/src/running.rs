//! An execution in memory.

use engine::Execution;

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
