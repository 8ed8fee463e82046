//! Who waits for an execution.

use std::sync::Arc;

use asl::map::Transformation;
use engine::{Identity, MapRunId, TaskId};

/// Who waits for an execution.
pub(crate) enum Parent {
    /// A Map in distributed mode.
    Map {
        /// Of which execution.
        execution: Arc<str>,
        run: MapRunId,
        index: u64,
        child: Box<ToldChild>,
    },
    /// A task, or nobody any more once it has begun.
    Task {
        /// Of which execution.
        execution: Arc<str>,
        task: TaskId,
        /// How its end is told; not at all if the task does not wait for it.
        told: Option<Told>,
        identity: Box<Identity>,
        /// As JSON text.
        input: String,
    },
}

/// What is to be told of a child when it has ended.
pub(crate) struct ToldChild {
    pub(crate) identity: Option<Box<Identity>>,
    pub(crate) express: bool,
    /// As JSON text.
    pub(crate) input: String,
    pub(crate) is_told_whole: bool,
    /// What is kept of it for its Map's results, if anything.
    pub(crate) written: Option<Transformation>,
}

/// How the end of an execution is told to the task that waits for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// `.sync`: input and output as text.
    AsText,
    /// `.sync:2`: input and output as JSON.
    AsJson,
}
