//! The rules that an execution goes by: those of the engine that began it, for as long as it lives.
//!
//! A journal has facts, and not what was decided upon them. Decided by other rules, the same facts lead elsewhere: an execution that was
//! stored would not be the one that its journal tells of, and what it waits for would never come. So the first fact of an execution
//! [says](crate::Fact::Started::rules) by which rules it goes, and the engine asks here, and nowhere else, what is different by earlier ones.
//!
//! Who changes what follows from a fact makes [`Rules::TODAY`] greater by one, writes down here what is different, as one question,
//! asks it at the one place that differs, and checks in a journal of before (`tests/engine/rules.rs`). Only what no execution can have gone on from
//! (a panic, a snapshot that could not be read back) may change without.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The rules that an execution goes by, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Rules(u16);

/// The number is that of no rules that are known: a later version of this program has begun the execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the execution goes by rules {0}; this program knows rules 1 to {today}", today = Rules::TODAY.0)]
pub struct UnknownRules(u16);

impl Rules {
    /// Those of all executions that say nothing of it: they began before there were numbers.
    pub(crate) const FIRST: Self = Self(1);

    /// Those that an execution begins with now.
    pub const TODAY: Self = Self(2);

    pub(crate) const fn first() -> Self {
        Self::FIRST
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
    pub(crate) fn are_first(&self) -> bool {
        *self == Self::FIRST
    }

    /// A Map run that did not end well goes on when its execution is redriven. By rules 1 another is begun.
    pub(crate) fn redrive_map_runs(self) -> bool {
        self >= Self(2)
    }

    /// The results of a Map run that fails are written once the children that it stops have ended. By rules 1 at once: who was stopped counts
    /// as aborted from then on.
    pub(crate) fn await_stopped_children(self) -> bool {
        self >= Self(2)
    }

    /// An object is mapped over in JSONPath, too. By rules 1 that is an error.
    pub(crate) fn map_objects_in_json_path(self) -> bool {
        self >= Self(2)
    }

    /// Only the members of an object that is mapped over have a key. By rules 1 each item has, in JSONata, that looks like one.
    pub(crate) fn tell_members_apart(self) -> bool {
        self >= Self(2)
    }
}

impl TryFrom<u16> for Rules {
    type Error = UnknownRules;

    fn try_from(number: u16) -> Result<Self, UnknownRules> {
        if (Self::FIRST.0..=Self::TODAY.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(UnknownRules(number))
        }
    }
}

impl From<Rules> for u16 {
    fn from(Rules(number): Rules) -> Self {
        number
    }
}
