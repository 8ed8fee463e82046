//! Where an execution stands.

use asl::{Definition, StateId, StateKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::fact::{TaskId, TimerId};

/// The version of the snapshot's layout.
const LAYOUT: u8 = 1;

/// How an execution is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It has not ended.
    Running,
    /// It ended with an output.
    Succeeded,
    /// It ended with an error that nothing caught.
    Failed,
    /// It took longer than the definition's `TimeoutSeconds`.
    TimedOut,
    /// It was stopped from outside.
    Aborted,
}

/// A run of a definition, between two facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    #[serde(rename = "v")]
    layout: u8,
    #[serde(rename = "h")]
    pub(crate) head: Head,
    #[serde(rename = "p")]
    pub(crate) phase: Phase,
}

/// What stays the same or only grows. Fields have names of one letter: this is written at every step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    #[serde(rename = "x")]
    pub(crate) id: String,
    #[serde(rename = "d")]
    pub(crate) definition: String,
    #[serde(rename = "s")]
    pub(crate) seed: u64,
    #[serde(rename = "t")]
    pub(crate) started_ms: u64,
    /// The next id of a task or timer.
    #[serde(rename = "n")]
    pub(crate) next_id: u64,
    #[serde(rename = "e")]
    pub(crate) history_len: u64,
    /// Kept only if the definition looks at it.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Value>,
    /// The definition's `TimeoutSeconds`.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<Timer>,
}

/// Running or ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// It waits for something.
    #[serde(rename = "r")]
    Running(Frame),
    /// It is over.
    #[serde(rename = "e")]
    Ended(Ending),
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// Never [`Status::Running`].
    #[serde(rename = "s")]
    pub status: Status,
    /// When, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub at_ms: u64,
    /// The output, if it succeeded.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// The error name, if it failed.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What happened, if it failed.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// A state that waits for something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The state.
    #[serde(rename = "s")]
    pub state: StateId,
    /// The state's input; `null` if nothing that can still happen needs it.
    #[serde(rename = "d", default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// When the state was entered, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub entered_ms: u64,
    /// The last event of the history on this path.
    #[serde(rename = "e")]
    pub last_event: u64,
    /// How often each of the state's retriers has been used.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub retries: Vec<u32>,
    /// What the state waits for.
    #[serde(rename = "a")]
    pub activity: Activity,
}

/// What a state waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Activity {
    /// The answer to a task.
    #[serde(rename = "t")]
    Task {
        /// The attempt.
        #[serde(rename = "t")]
        task: TaskId,
        /// When it is given up.
        #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
        timeout: Option<Timer>,
        /// When it is given up unless it sends a heartbeat.
        #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
        heartbeat: Option<Timer>,
    },
    /// The time for another attempt.
    #[serde(rename = "b")]
    BackOff(Timer),
    /// The end of a Wait state.
    #[serde(rename = "w")]
    Wait(Timer),
    /// Its branches.
    #[serde(rename = "p")]
    Branches(Vec<Branch>),
}

/// A branch of a Parallel state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Branch {
    /// At work.
    #[serde(rename = "r")]
    Running(Frame),
    /// Done, with its output.
    #[serde(rename = "d")]
    Done(Value),
}

/// A timer that is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Its id.
    #[serde(rename = "i")]
    pub id: TimerId,
    /// When it fires, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub at_ms: u64,
}

/// Bytes that are no snapshot.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// They cannot be read.
    #[error("the stored execution cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// They were written by another version.
    #[error("the stored execution has layout {0}; this program reads layout {LAYOUT}")]
    Layout(u8),
}

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Task(TaskId),
    Timer(TimerId),
}

impl Execution {
    pub(crate) fn new(head: Head, phase: Phase) -> Self {
        Self { layout: LAYOUT, head, phase }
    }

    /// The id of the execution.
    pub fn id(&self) -> &str {
        &self.head.id
    }

    /// The fingerprint of the definition it runs on.
    pub fn definition(&self) -> &str {
        &self.head.definition
    }

    /// When it began, in milliseconds since 1970.
    pub fn started_ms(&self) -> u64 {
        self.head.started_ms
    }

    /// The id that its next task or timer will have: none so great was ever used.
    pub fn next_id(&self) -> u64 {
        self.head.next_id
    }

    /// How many events its history has.
    pub fn history_len(&self) -> u64 {
        self.head.history_len
    }

    /// Where it stands.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// How it is doing.
    pub fn status(&self) -> Status {
        match &self.phase {
            Phase::Running(_) => Status::Running,
            Phase::Ended(ending) => ending.status,
        }
    }

    /// The attempts whose answers are awaited.
    pub fn pending_tasks(&self) -> Vec<TaskId> {
        let mut tasks = Vec::new();
        self.visit(&mut |frame| {
            if let Activity::Task { task, .. } = frame.activity {
                tasks.push(task);
            }
        });
        tasks
    }

    /// The timers that are set.
    pub fn pending_timers(&self) -> Vec<Timer> {
        let mut timers = Vec::new();
        if let Phase::Running(_) = self.phase {
            timers.extend(self.head.limit);
        }
        self.visit(&mut |frame| frame.timers().for_each(|timer| timers.push(timer)));
        timers
    }

    fn visit(&self, see: &mut dyn FnMut(&Frame)) {
        if let Phase::Running(frame) = &self.phase {
            frame.visit(see);
        }
    }

    /// The snapshot as bytes (JSON).
    pub fn encode(&self) -> Vec<u8> {
        // Serialising to memory fails only for maps whose keys are no strings, and there are none.
        serde_json::to_vec(self).expect("an execution has only string keys")
    }

    /// The execution of a snapshot.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are no snapshot of this layout.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let execution: Self = serde_json::from_slice(bytes)?;
        if execution.layout == LAYOUT { Ok(execution) } else { Err(DecodeError::Layout(execution.layout)) }
    }
}

impl Frame {
    /// Whether the frame or one under it waits for that.
    pub(crate) fn awaits(&self, target: Target) -> bool {
        match (&self.activity, target) {
            (Activity::Task { task, .. }, Target::Task(wanted)) => *task == wanted,
            (Activity::Branches(branches), _) => branches.iter().any(|branch| branch.awaits(target)),
            (_, Target::Timer(wanted)) => self.timers().any(|timer| timer.id == wanted),
            _ => false,
        }
    }

    /// The frame's own timers.
    pub(crate) fn timers(&self) -> impl Iterator<Item = Timer> + use<> {
        let (first, second) = match &self.activity {
            Activity::Task { timeout, heartbeat, .. } => (*timeout, *heartbeat),
            Activity::BackOff(timer) | Activity::Wait(timer) => (Some(*timer), None),
            Activity::Branches(_) => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// Calls `see` with this frame and all under it.
    pub(crate) fn visit(&self, see: &mut dyn FnMut(&Frame)) {
        see(self);
        if let Activity::Branches(branches) = &self.activity {
            for branch in branches {
                if let Branch::Running(frame) = branch {
                    frame.visit(see);
                }
            }
        }
    }

    /// Whether the frame can be one of that definition.
    pub(crate) fn fits(&self, definition: &Definition) -> bool {
        let Some(state) = definition.state(self.state) else { return false };
        let retriers = match &state.kind {
            StateKind::Task(task) => task.recovery.retry.len(),
            StateKind::Parallel(parallel) => parallel.recovery.retry.len(),
            _ => 0,
        };
        let fits = match (&self.activity, &state.kind) {
            (Activity::Task { .. }, StateKind::Task(_))
            | (Activity::BackOff(_), StateKind::Task(_) | StateKind::Parallel(_))
            | (Activity::Wait(_), StateKind::Wait(_)) => true,
            (Activity::Branches(branches), StateKind::Parallel(parallel)) => {
                branches.len() == parallel.branches.len()
                    && branches.iter().all(|branch| branch.fits(definition))
            }
            _ => false,
        };
        fits && (self.retries.is_empty() || self.retries.len() == retriers)
    }
}

impl Branch {
    fn awaits(&self, target: Target) -> bool {
        matches!(self, Self::Running(frame) if frame.awaits(target))
    }

    fn fits(&self, definition: &Definition) -> bool {
        match self {
            Self::Running(frame) => frame.fits(definition),
            Self::Done(_) => true,
        }
    }

    /// The branch's frame, if it is the one that waits for that.
    pub(crate) fn take(&mut self, target: Target) -> Option<Frame> {
        if !self.awaits(target) {
            return None;
        }
        match std::mem::replace(self, Self::Done(Value::Null)) {
            Self::Running(frame) => Some(frame),
            Self::Done(_) => None,
        }
    }
}
