//! The engine, from outside: the order flow, every type of state, every kind of error, and properties of any run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod distributed;
mod errors;
mod facts;
mod harness;
mod order;
mod properties;
mod states;
