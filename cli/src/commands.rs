//! The commands, each with its flags.

pub(crate) mod bus;
pub(crate) mod compare;
pub(crate) mod simulate;
