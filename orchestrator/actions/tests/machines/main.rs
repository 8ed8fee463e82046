//! Machines, versions, aliases, tags and activities, by requests and answers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activities;
mod aliases;
#[path = "../common/mod.rs"]
mod common;
mod create;
mod delete;
mod describe;
mod executions_of;
mod lists;
mod tags;
mod target;
mod update;
mod validate;
mod versions;
