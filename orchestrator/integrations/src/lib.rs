//! What a task of a workflow can call, beside activities and other executions: effects of the engine to I/O.
//!
//! [`Callees`] decides what becomes of a call, purely; [`Invoked`] makes it once that is committed. A call is made at least once: after a crash
//! it is made again, and whoever is called may see it twice.
//!
//! | module | holds |
//! | --- | --- |
//! | `aws` | actions of AWS services |
//! | `callees` | which calls can be made, and how |
//! | `http_task` | any API over HTTP, with a connection |
//! | `lambda` | functions: programs on this machine, and what answers over HTTP |
//! | `optimised` | integrations of AWS that are older than those of its SDK, and differ |
//! | `outside` | what is called outside of executions: either |
#![warn(missing_docs)]

mod aws;
mod callees;
mod http_task;
mod lambda;
mod optimised;
mod outside;

pub use aws::AwsCall;
pub use callees::Callees;
pub use http_task::{HttpCall, HttpTasks};
pub use lambda::{Invocation, Invoked};
pub use outside::Outside;
