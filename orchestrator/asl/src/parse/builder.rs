//! What is built while a definition is read, and what it may be at the most.

use std::collections::BTreeMap;

use crate::problem::Report;
use crate::state_id::StateId;
use crate::syntax::{Machine, State};

/// Longest definition that is read, in bytes; the limit of AWS.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Longest name of a state, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// Longest time that a definition may give, in seconds; the limit of AWS.
pub const SECONDS_MAX: u64 = 99_999_999;

/// The states of one machine by name.
pub(super) type Names = BTreeMap<String, StateId>;

/// Where something stands in the text.
pub(super) struct Place {
    pub(super) at: usize,
    pub(super) pointer: String,
}

/// A machine that was read, with what is needed to report on it.
pub(super) struct Placed {
    pub(super) machine: Machine,
    pub(super) states_place: Place,
    /// Of the machine's own states, by number.
    pub(super) places: Vec<Place>,
}

/// What is built while the text is read. States get their numbers before they are read, so that `Next` can name a
/// state that comes later.
pub(super) struct Builder<'t> {
    pub(super) report: Report<'t>,
    pub(super) states: Vec<Option<State>>,
    /// Every name of the definition, and the pointer to where it is used.
    pub(super) names: BTreeMap<String, String>,
    /// Every machine of the definition.
    pub(super) machines: Vec<Placed>,
    /// Every function that is named: where, by offset and pointer, and its name.
    pub(super) functions: Vec<(usize, String, String)>,
    pub(super) reads_execution_input: bool,
}
