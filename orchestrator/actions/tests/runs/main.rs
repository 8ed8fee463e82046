//! The actions about executions, as clients call them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod histories;
mod lists;
mod map_runs;
mod open;
mod redrives;
mod start;
mod stop;
mod sync;
mod tasks;
