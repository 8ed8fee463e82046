//! A state that waits for something, and what it waits for.

use std::sync::Arc;

use asl::map::Mode;
use asl::{Definition, StateKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::gathered::{Gathered, Iterations};
use crate::ids::{MapRunId, TaskId, Timer, TimerId};
use crate::map_run::MapRun;
use crate::sparse::is_default;
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
    /// The event of the history that tells of its entry; 0 in a snapshot from before it was kept.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub entered_event: u64,
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
        /// What is known of it besides, if anything.
        #[serde(rename = "p", default, skip_serializing_if = "is_default")]
        progress: Progress,
    },
    /// The time for another attempt.
    #[serde(rename = "b")]
    BackOff(Timer),
    /// The end of a Wait state.
    #[serde(rename = "w")]
    Wait(Timer),
    /// The branches of a Parallel.
    #[serde(rename = "g")]
    Branches(Gathered),
    /// The iterations of a Map.
    #[serde(rename = "m")]
    Iterations(Box<Iterations>),
    /// The children of a Map in distributed mode.
    #[serde(rename = "d")]
    MapRun(Box<MapRun>),
}

/// What is known of a task that is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Seconds until it is given up, of an activity that nobody has taken on.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_s: Option<u64>,
    /// Seconds between heartbeats.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub(crate) heartbeat_s: Option<u64>,
    /// Whether a worker has taken it on, or what it called has answered: that happens once.
    #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_under_way: bool,
}

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Task(TaskId),
    Timer(TimerId),
    MapRun(MapRunId),
}

impl Target {
    /// Tasks, timers and Map runs have their ids from one sequence.
    pub(crate) fn id(self) -> u64 {
        match self {
            Self::Task(task) => task.0,
            Self::Timer(timer) => timer.0,
            Self::MapRun(run) => run.0,
        }
    }
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

    /// Names the state if it is numbered. Whether the definition has it.
    pub(crate) fn name_state(&mut self, definition: &Definition) -> bool {
        let Some(state) = self.state.of(definition) else { return false };
        self.state = StateRef::Named(Arc::clone(&state.name));
        true
    }

    /// Whether it waits for that.
    pub(crate) fn awaits(&self, target: Target) -> bool {
        match (&self.awaited, target) {
            (Awaited::Task { task, .. }, Target::Task(wanted)) => *task == wanted,
            (Awaited::MapRun(run), Target::MapRun(wanted)) => run.id == wanted,
            (_, Target::Timer(wanted)) => self.timers().any(|timer| timer.id == wanted),
            _ => false,
        }
    }

    /// The task that it waits for.
    pub(crate) fn task(&self) -> Option<TaskId> {
        match self.awaited {
            Awaited::Task { task, .. } => Some(task),
            _ => None,
        }
    }

    /// The Map run that it waits for.
    pub(crate) fn map_run(&self) -> Option<&MapRun> {
        match &self.awaited {
            Awaited::MapRun(run) => Some(run),
            _ => None,
        }
    }

    /// Those that are set for it: at most two.
    pub(crate) fn timers(&self) -> impl Iterator<Item = Timer> + use<> {
        let (first, second) = match &self.awaited {
            Awaited::Task { timeout, heartbeat, .. } => (*timeout, *heartbeat),
            Awaited::BackOff(timer) | Awaited::Wait(timer) => (Some(*timer), None),
            Awaited::Branches(_) | Awaited::Iterations(_) | Awaited::MapRun(_) => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// The ids of what it waits for.
    pub(crate) fn ids(&self) -> impl Iterator<Item = u64> + use<> {
        let run = self.map_run().map(|run| run.id.0);
        run.into_iter().chain(self.task().map(|task| task.0)).chain(self.timers().map(|timer| timer.id.0))
    }

    /// Whether the frame can be one of that definition.
    pub(crate) fn fits(&self, definition: &Definition) -> bool {
        let Some(state) = self.state.of(definition) else { return false };
        let retriers = state.kind.recovery().map_or(0, |recovery| recovery.retry.len());
        let fits = match (&self.awaited, &state.kind) {
            (Awaited::Task { .. }, StateKind::Task(_))
            | (Awaited::BackOff(_), StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_))
            | (Awaited::Wait(_), StateKind::Wait(_))
            | (Awaited::Iterations(_), StateKind::Map(_)) => true,
            (Awaited::MapRun(_), StateKind::Map(map)) => map.mode != Mode::Inline,
            (Awaited::Branches(gathered), StateKind::Parallel(parallel)) => {
                gathered.len() == parallel.branches.len()
            }
            _ => false,
        };
        fits && (self.retries.is_empty() || self.retries.len() == retriers)
    }
}
