//! Running definitions, from outside: time, answers of every kind, and cases beside definitions.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod courses;
mod ends;
mod functions;
mod harness;
mod mocks;
mod run;
mod suite;
mod world;
