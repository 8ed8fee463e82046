//! The engine, from outside: the order flow, every type of state, every kind of error, and properties of any run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod any_machine;
mod distributed;
#[path = "../drive/mod.rs"]
mod drive;
mod errors;
mod facts;
mod harness;
mod limits;
mod map_redrive;
mod order;
mod properties;
mod redrive;
mod rules;
mod states;
mod trial;
