//! What an execution asks for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::child::{RedriveChild, StartChild};
use crate::ids::{MapRunId, TaskId, TimerId};
use crate::map_run::MapRun;
use crate::requests::{ReadItems, WriteResults};
use crate::status::Status;

/// Something to be brought about, in order, together with storing the execution.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call what a task names.
    Call(Call),
    /// Report [`Fact::TimerFired`](crate::Fact::TimerFired) at that time, or later, not before.
    SetTimer {
        /// The one to be set; its id was never used before.
        timer: TimerId,
        /// When, in milliseconds since 1970.
        at_ms: u64,
    },
    /// The timer is not needed any more. It may fire all the same: that is stale.
    CancelTimer {
        /// The one that nobody waits for any more.
        timer: TimerId,
    },
    /// The execution has ended. Always the last effect of an execution.
    Finished {
        /// How.
        status: Status,
    },
    /// Start an execution on the same definition, and report how it ends with
    /// [`MapNews::ChildEnded`](crate::MapNews::ChildEnded).
    StartChild(Box<StartChild>),
    /// Have a child that ended without success run once more, and report how it ends as before.
    RedriveChild(Box<RedriveChild>),
    /// Stop executions that a Map run asked for.
    StopChildren {
        /// The Map run.
        run: MapRunId,
        /// The run's ARN.
        map_run_arn: String,
        /// Their ids.
        executions: Vec<String>,
    },
    /// Read items for a Map run.
    ReadItems(Box<ReadItems>),
    /// Write the results of a Map run.
    WriteResults(Box<WriteResults>),
    /// A Map run has begun, or goes on after a redrive: it can be asked about from now on.
    MapRunBegan {
        /// Which.
        run: MapRunId,
        /// Its ARN.
        map_run_arn: String,
    },
    /// A Map run has ended: what there is to be told of it from now on.
    MapRunEnded(Box<MapRun>),
}

/// A call of a resource, whatever it is: the engine knows no integration, and nor does this.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The attempt; the answer must name it.
    pub task: TaskId,
    /// The state whose task it is.
    pub state: Arc<str>,
    /// The `Resource` of the task, as it stands in the definition.
    pub resource: Arc<str>,
    /// What is passed to it.
    pub parameters: Value,
    /// Whether an answer is waited for. An answer to a call without would be stale.
    pub is_awaited: bool,
}

/// A call whose answer nobody waits for any more, without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The attempt.
    pub task: TaskId,
    /// The `Resource` of the task, as it stands in the definition.
    pub resource: Arc<str>,
}

/// What stands behind the resources that tasks call.
pub trait Integrations {
    /// Why a call cannot be sent (nobody offers what it names, for example), if so. Asked when a call is decided on; the answer is
    /// part of the journal, so that it need not be the same ever after.
    fn refusal(&self, call: &Call) -> Option<Refusal>;

    /// How far a call that is refused came: which event tells of it. Part of the journal as well.
    fn refused_at(&self, _call: &Call) -> RefusedAt {
        RefusedAt::Work
    }

    /// Why a Map run cannot be begun, if so: unless said otherwise nobody starts executions for it, and it would wait for ever. Asked
    /// and kept like the answer for a call.
    fn map_run_refusal(&self, _run: MapRunId) -> Option<Refusal> {
        let cause = "A Map in DISTRIBUTED mode is not run here yet: INLINE mode is.".to_owned();
        Some(Refusal { error: asl::error::RUNTIME.to_owned(), cause })
    }
}

/// How far a call came that is refused. Where what it calls has no event for it, the next one that it has tells of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusedAt {
    /// It could not be scheduled (`LambdaFunctionScheduleFailed`, `ActivityScheduleFailed`).
    #[serde(rename = "c")]
    Schedule,
    /// It was scheduled, and could not be started (`LambdaFunctionStartFailed`, `TaskStartFailed`).
    #[serde(rename = "s")]
    Start,
    /// It was started, and what it would wait for was not begun (`TaskSubmitFailed`).
    #[serde(rename = "b")]
    Submit,
    /// What it calls was asked, and failed (`LambdaFunctionFailed`, `ActivityFailed`, `TaskFailed`).
    #[default]
    #[serde(rename = "w")]
    Work,
}

/// An error with which a task fails at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The error name, for `Retry` and `Catch`.
    pub error: String,
    /// What happened, for people.
    pub cause: String,
}

/// Integrations that send whatever they are given.
#[derive(Debug, Clone, Copy)]
pub struct NoneRefused;

impl Integrations for NoneRefused {
    fn refusal(&self, _: &Call) -> Option<Refusal> {
        None
    }

    fn map_run_refusal(&self, _: MapRunId) -> Option<Refusal> {
        None
    }
}
