//! What a task of a workflow can call, beside activities and other executions: effects of the engine to I/O.
//!
//! [`Connections`] decides what becomes of a call, purely; [`Invoked`] makes it once that is committed. A call is made at least once: after a crash
//! it is made again, and whoever is called may see it twice.
//!
//! | module | holds |
//! | --- | --- |
//! | `connections` | which calls can be made, and how |
//! | `lambda` | functions: programs on this machine, and what answers over HTTP |
#![warn(missing_docs)]

mod connections;
mod lambda;

pub use connections::Connections;
pub use lambda::{Invocation, Invoked};
