//! The commands: a file each, with its flags, what it prints and its exit codes.

pub(crate) mod audit;
pub(crate) mod bus;
pub(crate) mod cell;
pub(crate) mod compare;
pub(crate) mod control;
pub(crate) mod dead_letters;
pub(crate) mod down;
pub(crate) mod launch;
pub(crate) mod limit;
pub(crate) mod load;
pub(crate) mod probe;
pub(crate) mod replay;
pub(crate) mod scale;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod switch;
pub(crate) mod up;
pub(crate) mod workflow;
