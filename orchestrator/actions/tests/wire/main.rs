//! Every action over HTTP: each error that AWS's model declares, each constraint that it has, and whatever else somebody may send.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/carried.rs"]
mod carried;
mod cases;
mod constraints;
mod errors;
mod fuzz;
mod pages;
mod sample;
mod server;
