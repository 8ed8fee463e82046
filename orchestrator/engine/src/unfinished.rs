//! What an execution that did not end well has left undone: where it goes on when it is redriven.

use asl::map::Mode;
use asl::{Definition, StateKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::gathered::{Gathered, Iterations};
use crate::ids::NUMBER_MAX;
use crate::map_run::MapRun;
use crate::sparse::is_default;
use crate::state_ref::StateRef;
use crate::thread::{Thread, ThreadId};

/// The threads that had not ended well, the outermost first. Of an execution that can be redriven this is never empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unfinished {
    pub(crate) threads: Vec<Left>,
}

/// A thread that was left, and the state that it was left in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Left {
    #[serde(rename = "h")]
    pub(crate) thread: Thread,
    #[serde(rename = "s")]
    pub(crate) state: StateRef,
    /// The state's input.
    #[serde(rename = "d", default, skip_serializing_if = "Value::is_null")]
    pub(crate) data: Value,
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    pub(crate) entered_ms: u64,
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub(crate) entered_event: u64,
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    pub(crate) last_event: u64,
    #[serde(rename = "w")]
    pub(crate) way: WayOn,
}

/// How a thread goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum WayOn {
    /// It enters the state.
    #[serde(rename = "e")]
    Enter,
    /// The state, which it has entered, does what it does once more.
    #[serde(rename = "b")]
    Begin,
    /// It waits for those branches that have not ended.
    #[serde(rename = "g")]
    Branches(Gathered),
    /// It waits for those iterations that have not ended.
    #[serde(rename = "m")]
    Iterations(Box<Iterations>),
    /// The Map run goes on with the children that did not succeed, and the items that have had none.
    #[serde(rename = "d")]
    MapRun(Box<MapRun>),
}

impl Unfinished {
    /// What is left by those threads; `None` if there are none.
    pub(crate) fn of(mut threads: Vec<Left>) -> Option<Box<Self>> {
        threads.sort_by_key(|left| left.thread.id);
        (!threads.is_empty()).then(|| Box::new(Self { threads }))
    }

    /// The greatest number that one of its threads has.
    pub(crate) fn last(&self) -> ThreadId {
        self.threads.last().map_or(ThreadId::ROOT, |left| left.thread.id)
    }

    /// Whether it can be of that definition.
    pub(crate) fn fits(&self, definition: &Definition) -> bool {
        self.threads.iter().all(|left| {
            let Some(state) = left.state.of(definition) else { return false };
            match (&left.way, &state.kind) {
                (WayOn::Enter | WayOn::Begin, _) | (WayOn::Iterations(_), StateKind::Map(_)) => true,
                (WayOn::MapRun(_), StateKind::Map(map)) => map.mode != Mode::Inline,
                (WayOn::Branches(gathered), StateKind::Parallel(parallel)) => {
                    gathered.len() == parallel.branches.len()
                }
                _ => false,
            }
        })
    }

    /// Whether its threads can be those of one execution.
    ///
    /// # Errors
    /// What they cannot be.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let rises = self.threads.windows(2).all(|pair| pair[0].thread.id < pair[1].thread.id);
        let waits = |id: ThreadId| {
            let place = self.threads.binary_search_by_key(&id, |left| left.thread.id).ok();
            place.is_some_and(|place| {
                matches!(self.threads[place].way, WayOn::Branches(_) | WayOn::Iterations(_))
            })
        };
        let is_part = |thread: &Thread| match thread.parent {
            None => thread.id == ThreadId::ROOT,
            Some((parent, _)) => parent < thread.id && thread.id.0 <= NUMBER_MAX && waits(parent),
        };
        if !rises || !self.threads.iter().all(|left| is_part(&left.thread)) {
            return Err("a thread that was left is part of none that there is");
        }
        let is_sound = |left: &Left| match &left.way {
            WayOn::Enter | WayOn::Begin => true,
            WayOn::Branches(gathered) => gathered.is_sound(),
            WayOn::Iterations(iterations) => iterations.is_sound(),
            WayOn::MapRun(run) => run.is_sound() && run.is_idle(),
        };
        if !self.threads.iter().all(is_sound) {
            return Err("a count of branches or iterations that were left is wrong");
        }
        Ok(())
    }
}
