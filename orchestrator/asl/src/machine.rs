//! A set of states, what follows a state, and what is done about its errors: what states are made of that contain states.

use std::ops::Range;

use crate::retry::{Catcher, Retrier};
use crate::state_id::StateId;

/// A set of states with a start: the whole definition, or a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// `StartAt`
    pub start: StateId,
    pub(crate) own: Range<u32>,
}

impl Machine {
    /// The states of this machine, without those of branches in it.
    pub fn states(&self) -> impl Iterator<Item = StateId> + use<> {
        self.own.clone().map(StateId)
    }
}

/// What follows a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// `Next`
    Next(StateId),
    /// `End`
    End,
}

/// What is done about errors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recovery {
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
}
