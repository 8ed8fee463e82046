//! The real binaries, started as a user would. One program: most of these tests wait most of the time, so they are to run side by side.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a test may say what it finds")]

mod brokers;
mod browsers;
mod cli;
mod compare;
mod dashboards;
mod first_order;
mod full_disk;
mod kill;
mod load;
mod once;
mod order_api;
mod probes;
mod replay;
mod rules;
mod traces;
mod up;
mod workflows;
