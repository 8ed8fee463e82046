//! What of an execution took time, told when it is over: for traces.

use std::sync::Arc;

use asl::error::{HEARTBEAT_TIMEOUT, TIMEOUT};
use engine::{Awaited, Execution, Fact, Status, TaskId, Timer, TimerId};

use crate::parent::Parent;
use crate::stored::{Begun, ending};

/// Something of an execution that took time, and is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The ARN of the execution.
    pub execution_arn: String,
    /// The header of the trace that its execution was begun with, if it was any: as it was given.
    pub trace_header: Option<String>,
    /// How often the execution had been redriven: each time is a run of its own.
    pub redrives: u32,
    /// What took time.
    pub of: Stretched,
    /// From when, in milliseconds since 1970.
    pub began_ms: u64,
    /// Until when, in milliseconds since 1970.
    pub ended_ms: u64,
    /// The error that it came to, if it did.
    pub error: Option<String>,
}

/// What took time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stretched {
    /// The execution itself, from its beginning; or from when it was redriven.
    Execution {
        /// What its machine is called.
        machine: String,
        /// How it ended.
        status: Status,
    },
    /// An attempt of a task that was waited for, from when its state was entered.
    Task {
        /// The attempt.
        task: TaskId,
        /// The state that it is an attempt of, by name.
        state: Arc<str>,
    },
}

/// Who records what took time.
pub trait Spans: Send + Sync + 'static {
    /// It is over, and that is committed. Must not wait.
    fn record(&self, stretch: Stretch);
}

/// A task that is waited for, and may be over with a fact.
pub(crate) struct Attempt {
    task: TaskId,
    state: Arc<str>,
    began_ms: u64,
    error: Option<String>,
}

/// What ends an attempt.
enum End {
    Told(TaskId),
    Timer(TimerId),
}

/// The attempt that the fact is the end of.
pub(crate) fn attempt(execution: Option<&Execution>, fact: &Fact) -> Option<Attempt> {
    let (end, told) = match fact {
        Fact::FunctionReturned { task, .. } | Fact::TaskSucceeded { task, .. } => (End::Told(*task), None),
        Fact::TaskFailed { task, error, .. } | Fact::TaskSubmitFailed { task, error, .. } => {
            (End::Told(*task), Some(error.clone()))
        }
        Fact::TimerFired { timer } => (End::Timer(*timer), None),
        _ => return None,
    };
    let execution = execution?;
    let frame = match end {
        End::Told(task) => execution.awaiting_task(task),
        End::Timer(timer) => execution.awaiting_timer(timer),
    }?;
    // A timer may be one of a state that waits for nothing else.
    let Awaited::Task { task, timeout, heartbeat, .. } = &frame.awaited else { return None };
    let is_set = |set: &Option<Timer>, fired| set.is_some_and(|set| set.id == fired);
    let error = match end {
        End::Told(_) => told,
        End::Timer(fired) if is_set(timeout, fired) => Some(TIMEOUT.to_owned()),
        End::Timer(fired) if is_set(heartbeat, fired) => Some(HEARTBEAT_TIMEOUT.to_owned()),
        End::Timer(_) => return None,
    };
    let state = Arc::clone(frame.state_name()?);
    Some(Attempt { task: *task, state, began_ms: frame.entered_ms, error })
}

/// What is over after a step to that execution, which an attempt was the end of, or not.
pub(crate) fn over(
    attempt: Option<Attempt>,
    execution: &Execution,
    begun: &Begun,
    now_ms: u64,
) -> impl Iterator<Item = Stretch> + use<> {
    let identity = execution.identity();
    let redrives = execution.redrives() + begun.parent.as_deref().map_or(0, Parent::begun_anew);
    let stretch = |of, began_ms, error| {
        Some(Stretch {
            execution_arn: identity?.execution_arn.clone(),
            trace_header: begun.given.as_deref().and_then(|given| given.trace_header.clone()),
            redrives,
            of,
            began_ms,
            ended_ms: now_ms,
            error,
        })
    };
    let run_ms = execution.redriven_ms().unwrap_or(begun.started_ms);
    let task = attempt.and_then(|Attempt { task, state, began_ms, error }| {
        // A task that is redriven is in the state that was entered before.
        stretch(Stretched::Task { task, state }, began_ms.max(run_ms), error)
    });
    let whole = ending(execution).and_then(|ending| {
        let (machine, status) = (identity?.machine_name.clone(), ending.status);
        let error = (status != Status::Succeeded)
            .then(|| ending.error.clone().unwrap_or_else(|| status.name().to_owned()));
        stretch(Stretched::Execution { machine, status }, run_ms, error)
    });
    task.into_iter().chain(whole)
}
