//! The AWS Step Functions API as a daemon: durable executions of any workflow, with everything around them in one process.
//!
//! [`ServeArgs`] are its flags, and `duet workflow serve` is its program. It is a participant like the others, with a store of its own;
//! its bus lives in the process, because its executions are moved by requests.
#![warn(missing_docs)]

mod access;
mod args;
mod connections;
mod event_log;
mod keep;
mod open;
mod serve;
mod spans;

pub use args::{DEFAULTS, ServeArgs, with_defaults};
