//! Executions through the participant's front door.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod foreign;
mod forgotten;
mod great;
mod map_runs;
mod nested;
mod redriven;
mod retention;
mod small;
mod tokens;
mod told;
mod traced;
mod upgraded;
