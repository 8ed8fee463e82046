//! What the tidy test looks at: the workspace's crates and how they depend on each other, the files of a crate and
//! what they import of each other, and the documents.
//!
//! - [`workspace`]: crates, as `cargo metadata` tells them; who depends on whom;
//! - [`table`]: what ARCHITECTURE.md says that a crate must not know;
//! - [`modules`], [`imports`]: a crate's files as modules, and which names which; [`circles`] among them;
//! - [`features`]: what is built with which features;
//! - [`tested`]: what has tests and examples, and what has none;
//! - [`docs`]: what documents say that there is; [`comments`]: doc comments that say nothing.
//!
//! The rules themselves are `tests/tidy.rs`.
#![allow(clippy::unwrap_used, reason = "helpers of a test fail like a test")]

pub mod circles;
pub mod comments;
pub mod docs;
pub mod features;
pub mod imports;
pub mod modules;
pub mod table;
pub mod tested;
pub mod workspace;
