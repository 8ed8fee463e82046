//! Intrinsic functions: `States.Format('{} of {}', $.a, $.b)`.
//!
//! All functions of the language are here but `States.Hash`, which is refused by name.

mod base64;
mod call;
mod eval;
mod syntax;

pub use call::{Call, NESTING_MAX};
