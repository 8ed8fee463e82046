//! Which events a rule is about, and what it makes of one: the event patterns and the input transformer of Amazon EventBridge, as its
//! documentation has them. Pure: no clock, no I/O; nothing here knows where events come from or what is started with them.
//!
//! | | |
//! | --- | --- |
//! | [`Pattern`] | does an event match? |
//! | [`Shape`] | what a target is given: the event, a constant, a part of it ([`EventPath`]), or a template filled in ([`Template`]) |
//! | [`Logic`] | both, as a rule has them |
//! | [`Envelope`] | what an event looks like |
//!
//! # Bounds
//!
//! Patterns, paths and templates are as long as AWS lets them be. Matching takes time in proportion to the pattern times the event, wildcards
//! included: a wildcard's literal parts are looked for one after the other, and nothing is tried again.
//!
//! # Where AWS's documentation leaves it open
//!
//! | what | how |
//! | --- | --- |
//! | a number as a value | by its spelling, as documented: `300`, `300.0` and `3.0e2` are three values. In `numeric` and `anything-but` by what it stands for, rounded to six digits behind the point |
//! | `anything-but` on a value of another kind | matches: it is anything but that |
//! | an array in the event | matches if one of its elements does; an empty one is as if it was not there |
//! | fields of objects in an array | must be found in one and the same element; `exists: false` looks at all of them |
//! | a variable whose path leads nowhere | is left out: as a value with its member or element, in a text without a trace |
//! | a variable in a text | is escaped, so that JSON stays JSON; AWS hands on what is broken then |
#![warn(missing_docs)]

mod event;
mod logic;
mod origin;
mod path;
mod pattern;
mod problem;
mod shape;
mod template;

pub use event::Envelope;
pub use logic::Logic;
pub use origin::Origin;
pub use path::{EventPath, PATH_CHARS_MAX};
pub use pattern::{COMBINATIONS_MAX, PATTERN_BYTES_MAX, Pattern};
pub use problem::Problem;
pub use shape::{CONSTANT_BYTES_MAX, NoInput, Shape};
pub use template::{TEMPLATE_BYTES_MAX, Template, VARIABLES_MAX};
