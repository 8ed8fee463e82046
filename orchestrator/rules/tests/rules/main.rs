//! Patterns and transformers, case by case: the examples of AWS's documentation, and what it says in words.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod any;
mod patterns;
mod refused;
mod transformers;
