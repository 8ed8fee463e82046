//! Intrinsic functions: `States.Format('{} of {}', $.a, $.b)`.

mod arguments;
mod array;
mod base64;
mod call;
mod eval;
mod math;
mod syntax;
#[cfg(test)]
mod tests;
mod text;

pub use call::{Call, NESTING_MAX};
