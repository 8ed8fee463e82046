//! JSONata: what stands between `{%` and `%}`.
//!
//! An [`Expression`] is compiled once and evaluated in a [`Scope`](crate::Scope): `$states`, the workflow's variables, the
//! time and the randomness of the fact that is being decided upon. The same expression and scope give the same
//! result, or the same [`EvalError`], on every machine and on replay: what bounds an evaluation are steps, depth and
//! sizes, never a clock.
//!
//! | file | holds |
//! | --- | --- |
//! | `expression` | [`Expression`]: compiled, and what it reads |
//! | `refuse` | what JSONata allows and AWS does not |
//! | `reads` | the variables, and the parts of `$states`, that an expression reads |
//! | `program` | the text that is really run: the expression with what it can see bound around it |
//! | `evaluate` | one evaluation |
//! | `source` | data, read as far as the evaluation gets |
//! | `output` | results, written as JSON |
//! | `functions` | AWS's own functions |
//! | `limits` | how much an evaluation may do |
//! | `error` | what went wrong, and AWS's words for it |
//!
//! The language is JSONata 2.0.6, as AWS has it. The evaluator is the crate `jlens-core`; nothing outside of this
//! module knows it.

mod error;
mod evaluate;
mod expression;
mod functions;
mod limits;
mod output;
mod program;
mod reads;
mod refuse;
mod source;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;

pub use error::{EvalError, Limit, SyntaxError};
pub use expression::Expression;
pub use reads::StatesRead;
