//! The definitions that executions run on, and what a store holds of both.
//!
//! A [`Definition`](asl::Definition) is known by the fingerprint of its text. [`Definitions`] are those at hand: the one that new
//! executions begin with, and those that earlier ones began with, which [`keep_definitions`] keeps in a store and loads from it.
//! [`stored`] reads what a store holds under an execution's key: the execution, its journal, and what it has asked for.
//!
//! [`machines`] are definitions by name, each with its versions, and [`mod@aim`] says which of them an execution begins with. [`activities`] are names
//! under which workers ask for tasks. Both are [`named`]. [`rules`] say which messages start executions.
//!
//! Nothing here knows what an execution is about.
#![warn(missing_docs)]

pub mod activities;
pub mod aim;
mod count;
mod definitions;
pub mod machines;
pub mod named;
pub mod rules;
pub mod stored;

pub use definitions::{Definitions, UnknownDefinition};
pub use stored::{JournalError, StoredError, keep_definitions};
