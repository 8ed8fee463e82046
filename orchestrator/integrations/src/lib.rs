//! What a task of a workflow can call, beside activities and other executions: effects of the engine to I/O.
//!
//! [`Connections`] decides what becomes of a call, purely; [`Invoked`] makes it once that is committed. A call is made at least once: after a crash
//! it is made again, and whoever is called may see it twice.
//!
//! | module | holds |
//! | --- | --- |
//! | `aws` | actions of AWS services |
//! | `connections` | which calls can be made, and how |
//! | `lambda` | functions: programs on this machine, and what answers over HTTP |
//! | `optimised` | integrations of AWS that are older than those of its SDK, and differ |
//! | `outside` | what is called outside of executions: either |
#![warn(missing_docs)]

mod aws;
mod connections;
mod lambda;
mod optimised;
mod outside;

pub use aws::AwsCall;
pub use connections::Connections;
pub use lambda::{Invocation, Invoked};
pub use outside::Outside;
