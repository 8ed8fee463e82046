//! A state that waits for something, and what it waits for.

use std::sync::Arc;

use asl::{Definition, StateKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{TaskId, Timer, TimerId};
use crate::state_ref::StateRef;

/// A state that waits for something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Which state waits, by its name.
    #[serde(rename = "s")]
    pub(crate) state: StateRef,
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
    pub awaited: Awaited,
}

/// What a state waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Awaited {
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
    /// What the branches of a Parallel state still do, or gave.
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

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Task(TaskId),
    Timer(TimerId),
}

impl Frame {
    /// The name of the state; `None` in a snapshot of layout 1 that was not [brought up to
    /// date](crate::Execution::brought_up_to_date).
    pub fn state_name(&self) -> Option<&Arc<str>> {
        match &self.state {
            StateRef::Named(name) => Some(name),
            StateRef::Numbered(_) => None,
        }
    }

    /// Names the states that are numbered, in this frame and all under it. Whether the definition has all of them.
    pub(crate) fn name_states(&mut self, definition: &Definition) -> bool {
        let Some(state) = self.state.of(definition) else { return false };
        self.state = StateRef::Named(Arc::clone(&state.name));
        let Awaited::Branches(branches) = &mut self.awaited else { return true };
        branches.iter_mut().all(|branch| match branch {
            Branch::Running(frame) => frame.name_states(definition),
            Branch::Done(_) => true,
        })
    }

    /// Whether the frame or one under it waits for that.
    pub(crate) fn awaits(&self, target: Target) -> bool {
        match (&self.awaited, target) {
            (Awaited::Task { task, .. }, Target::Task(wanted)) => *task == wanted,
            (Awaited::Branches(branches), _) => branches.iter().any(|branch| branch.awaits(target)),
            (_, Target::Timer(wanted)) => self.timers().any(|timer| timer.id == wanted),
            _ => false,
        }
    }

    /// The frame's own timers.
    pub(crate) fn timers(&self) -> impl Iterator<Item = Timer> + use<> {
        let (first, second) = match &self.awaited {
            Awaited::Task { timeout, heartbeat, .. } => (*timeout, *heartbeat),
            Awaited::BackOff(timer) | Awaited::Wait(timer) => (Some(*timer), None),
            Awaited::Branches(_) => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// Calls `see` with this frame and all under it.
    pub(crate) fn each(&self, see: &mut dyn FnMut(&Frame)) {
        see(self);
        if let Awaited::Branches(branches) = &self.awaited {
            for branch in branches {
                if let Branch::Running(frame) = branch {
                    frame.each(see);
                }
            }
        }
    }

    /// Whether the frame can be one of that definition.
    pub(crate) fn fits(&self, definition: &Definition) -> bool {
        let Some(state) = self.state.of(definition) else { return false };
        let retriers = match &state.kind {
            StateKind::Task(task) => task.recovery.retry.len(),
            StateKind::Parallel(parallel) => parallel.recovery.retry.len(),
            _ => 0,
        };
        let fits = match (&self.awaited, &state.kind) {
            (Awaited::Task { .. }, StateKind::Task(_))
            | (Awaited::BackOff(_), StateKind::Task(_) | StateKind::Parallel(_))
            | (Awaited::Wait(_), StateKind::Wait(_)) => true,
            (Awaited::Branches(branches), StateKind::Parallel(parallel)) => {
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
