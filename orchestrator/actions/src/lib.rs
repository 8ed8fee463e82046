//! What the actions of the AWS Step Functions API do: over durable [executions], and machines and activities in the [registry].
//!
//! A request comes as [`api::Request`], so it keeps to AWS's model. Each action is one file and one impl of [`Act`]; what all of them
//! use is a [`Service`]. [`http::router`] serves it.
//!
//! # Guarantees
//!
//! - **What is answered is committed.** Whatever changes an execution is a request to its participant and answered after its commit;
//!   whatever changes a machine is a commit on the version that it was decided on.
//! - **What is read is not older** than what was answered before, on the same instance.
//! - **Nothing here is kept in memory** that another instance on the same store would have to know.
#![warn(missing_docs)]

mod act;
mod arn;
mod deletions;
mod encrypted;
mod failures;
pub mod http;
mod kms;
mod limits;
mod machines;
mod metrics;
mod owned;
mod owner;
mod page;
mod runs;
mod service;
pub mod signature;
mod target;
mod tasks;
mod test_state;

pub use act::Act;
pub use arn::{Arn, Resource, Scope};
pub use kms::{KmsKeys, NotAKey};
pub use limits::Limits;
pub use metrics::Metrics;
pub use owned::Owned;
pub use registry::aim::home_key;
pub use service::Service;
