//! Who is told how an execution has ended.

use engine::{ChildStart, MapRunId, TaskId};
use serde::{Deserialize, Serialize};

/// Another execution that is told how this one has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Parent {
    /// A task that started it and waits for its end.
    #[serde(rename = "t")]
    Task {
        /// The key of its execution.
        #[serde(rename = "k")]
        key: String,
        /// When that began, in milliseconds since 1970: another one may have its key later. An earlier version of this program did not say.
        #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
        since_ms: Option<u64>,
        /// The attempt.
        #[serde(rename = "t")]
        task: TaskId,
        /// Whether input and output are told as JSON (`.sync:2`), and not as text.
        #[serde(rename = "j", default, skip_serializing_if = "std::ops::Not::not")]
        as_json: bool,
    },
    /// A Map in distributed mode that it is a child of.
    #[serde(rename = "m")]
    MapRun {
        /// The key of its execution.
        #[serde(rename = "k")]
        key: String,
        /// When that began, in milliseconds since 1970, as of a task.
        #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
        since_ms: Option<u64>,
        /// Which of the parent's Map runs it is.
        #[serde(rename = "r")]
        run: MapRunId,
        /// The run's name, by which its children are listed.
        #[serde(rename = "n")]
        name: String,
        /// Which of its children it is.
        #[serde(rename = "i")]
        index: u64,
        /// Whether its input is told, even if it has succeeded.
        #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
        is_told_whole: bool,
        /// Its input as JSON text, of an Express child: it has no journal that would tell it.
        #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
        input: Option<String>,
        /// What else it began with, of an Express child: without its input, and who it is.
        #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
        start: Option<Box<ChildStart>>,
        /// How many items it has.
        #[serde(rename = "c", default = "one", skip_serializing_if = "is_one")]
        items: u64,
        /// How often the parent had been redriven when it asked for it last.
        #[serde(rename = "a", default, skip_serializing_if = "is_first")]
        attempt: u32,
        /// How often it began anew, of an Express child.
        #[serde(rename = "f", default, skip_serializing_if = "is_first")]
        anew: u32,
    },
}

const fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_one(count: &u64) -> bool {
    *count == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_first(attempt: &u32) -> bool {
    *attempt == 0
}

impl Parent {
    /// Whether it is the same place of the same execution, whatever else is kept of it: an earlier version of this program kept less.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same_place = match (self, other) {
            (Self::Task { key, task, .. }, Self::Task { key: other, task: its, .. }) => {
                (key, task) == (other, its)
            }
            (
                Self::MapRun { key, run, index, .. },
                Self::MapRun { key: other, run: its, index: number, .. },
            ) => (key, run, index) == (other, its, number),
            _ => false,
        };
        is_same_place && other.since_ms().is_none_or(|since_ms| self.is_of(since_ms))
    }

    /// The key of its execution.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Task { key, .. } | Self::MapRun { key, .. } => key,
        }
    }

    /// When its execution began, in milliseconds since 1970, if that is known.
    pub(crate) fn since_ms(&self) -> Option<u64> {
        match self {
            Self::Task { since_ms, .. } | Self::MapRun { since_ms, .. } => *since_ms,
        }
    }

    /// Whether its execution is, as far as is known, the one under its key that began then, in milliseconds since 1970.
    pub(crate) fn is_of(&self, started_ms: u64) -> bool {
        self.since_ms().is_none_or(|since_ms| since_ms == started_ms)
    }

    /// The name of the Map run whose child it is, if it is one.
    #[must_use]
    pub fn map_run(&self) -> Option<&str> {
        match self {
            Self::MapRun { name, .. } => Some(name),
            Self::Task { .. } => None,
        }
    }

    /// Which child of a Map run it is, and how many items it has, if it is one.
    #[must_use]
    pub fn child(&self) -> Option<(u64, u64)> {
        match self {
            Self::MapRun { index, items, .. } => Some((*index, *items)),
            Self::Task { .. } => None,
        }
    }

    /// How often the parent of a child had been redriven when it asked for it last.
    pub(crate) fn attempt(&self) -> u32 {
        match self {
            Self::MapRun { attempt, .. } => *attempt,
            Self::Task { .. } => 0,
        }
    }

    /// How often a child began anew.
    pub(crate) fn begun_anew(&self) -> u32 {
        match self {
            Self::MapRun { anew, .. } => *anew,
            Self::Task { .. } => 0,
        }
    }

    /// A child begins anew.
    pub(crate) fn begins_anew(&mut self) {
        if let Self::MapRun { anew, .. } = self {
            *anew += 1;
        }
    }

    /// A child is asked for once more.
    pub(crate) fn asks_again(&mut self, now: u32) {
        match self {
            Self::MapRun { attempt, .. } => *attempt = now,
            Self::Task { .. } => {}
        }
    }
}
