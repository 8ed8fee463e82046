//! The orders that a system is given: [generated](generate) from a seed, or [read](orders_file) from a user's file.
#![warn(missing_docs)]

pub mod generate;
pub mod orders_file;
