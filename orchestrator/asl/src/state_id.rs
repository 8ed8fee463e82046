//! The number of a state.

/// A state of a definition, by a number that means something only together with the definition it came from, and only in this
/// program: what is stored has the state's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateId(pub(crate) u32);
