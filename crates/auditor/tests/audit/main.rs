//! The auditor against a small world in memory.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod faults;
mod verdict;
mod world;
