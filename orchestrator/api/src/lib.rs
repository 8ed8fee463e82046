//! The AWS Step Functions API as it goes over the wire (AWS JSON 1.0).
//!
//! Everything here comes from AWS's own model (`model/`): the [`Operation`]s, their requests and answers ([`types`]), their
//! [`ErrorKind`]s, and a table of every shape with its constraints ([`SERVICE`]). A request is [`read`](request::read) in three
//! steps, as AWS does it: is it JSON of the right types, does it keep the constraints (all that it breaks are told at once, in AWS's
//! words), and only then what it asks for. So whatever stands behind the API gets requests that keep to the model.
//!
//! The tables have no form of their own for this service: with those of another, [`check`] serves that one.
#![warn(missing_docs)]

pub mod check;
mod error;
mod failure;
#[rustfmt::skip]
mod generated;
pub mod request;
pub mod shape;
mod timestamp;

pub use error::ApiError;
pub use failure::Failure;
pub use generated::{Action, ErrorKind, Operation, Request, SERVICE, types};
pub use timestamp::Timestamp;
