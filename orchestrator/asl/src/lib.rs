//! The Amazon States Language: parsed, validated with source positions, and evaluated, without I/O, clock or
//! randomness.
//!
//! [`parse()`] turns the JSON text of a state machine into a [`Definition`], or into *all* its [`Problems`], each with
//! line, column, and code, location and words of AWS. What a definition contains is compiled once: paths, payload templates, choice
//! rules and retriers are evaluated without looking at text again.
//!
//! | module | holds |
//! | --- | --- |
//! | [`syntax`] | the definition and its states, as data |
//! | [`map`] | the Map state, as data |
//! | [`setting`] | a field that is given or computed |
//! | [`parse()`] | JSON text to definition, and the rules between states |
//! | [`io`] | how data gets in and out of a state |
//! | [`lint`] | what a definition says that may not be meant |
//! | [`template`] | JSON with something to fill in, in both languages |
//! | [`jsonata`] | `{% … %}` |
//! | [`excerpt`] | a problem as a compiler shows it |
//! | [`path`] | `$.a.b[0]`, `$$.Execution.Id`, `$.items[?(@.n > 1)]` |
//! | [`cause`] | the sentences in which AWS tells why a state failed |
//! | [`intrinsic`] | `States.Format(…)` and its siblings |
//! | [`choice`] | the rules of a Choice state |
//! | [`data`] | `InputPath`, `ResultPath`, `OutputPath` |
//! | [`resource`] | what a Task calls |
//! | [`retry`] | which error a retrier or catcher is for, and how long to back off |
#![warn(missing_docs)]

pub mod cause;
pub mod choice;
pub mod data;
pub mod error;
pub mod excerpt;
pub mod intrinsic;
pub mod io;
mod jackson;
mod java_random;
mod json;
mod json_len;
pub mod jsonata;
pub mod lint;
mod machine;
pub mod map;
pub mod nearest;
mod number;
mod numbering;
pub mod parse;
pub mod path;
mod problem;
pub mod random;
mod report;
pub mod resource;
pub mod retry;
pub mod scope;
pub mod setting;
mod state_id;
pub mod syntax;
pub mod template;

pub use error::RuntimeError;
pub use jackson::why_not_json;
pub use parse::{parse, parse_as};
pub use problem::{Code, PROBLEMS_MAX, Problem, Problems, Severity};
pub use scope::{Budget, Context, Scope, Variables};
pub use state_id::StateId;
pub use syntax::{Definition, MachineType, State, StateKind};
