//! Messages of a bus, rules in a store, and the executions that come of both.
#![allow(clippy::print_stdout, reason = "it is how the process that is killed says how far it is")]

mod failing;
mod killed;
mod resource;
mod shared;
mod started;
mod world;
