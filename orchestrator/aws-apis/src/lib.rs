//! Every action of every AWS service, as Step Functions calls them through its AWS SDK integrations
//! (`arn:aws:states:::aws-sdk:SERVICE:ACTION`).
//!
//! An [`Action`] makes a [`HttpRequest`] of a task's parameters, and an answer in JSON, or an [`ApiError`], of what comes back. What it
//! goes by is a table (`model/services.bin`) that `scripts/aws-apis` makes from AWS's own models, as botocore ships them: names, shapes, where
//! a member goes in a request, protocols, endpoints. Nothing here is written for one service, but for the few things that no model says
//! (`customs`).
//!
//! Pure: no I/O, no clock, no randomness. Whoever sends a request signs it ([`Signing`] says how) and gives the idempotency token.
//!
//! ```
//! use aws_apis::{Place, service};
//! use serde_json::json;
//!
//! let action = service("dynamodb").unwrap().action("getItem").unwrap();
//! let place = Place { region: "eu-west-1", endpoint: None };
//! let parameters = json!({"TableName": "orders", "Key": {"Id": {"S": "1"}}});
//! let request = action.request(&parameters, &place, "token").unwrap();
//! assert_eq!(request.host, "dynamodb.eu-west-1.amazonaws.com");
//! let answer = action.answer(200, &[], br#"{"Item": {"Id": {"S": "1"}}}"#).unwrap();
//! assert_eq!(answer, json!({"Item": {"Id": {"S": "1"}}}));
//! ```
#![warn(missing_docs)]

mod action;
mod catalogue;
mod check;
mod checksum;
mod customs;
mod error;
mod model;
mod names;
mod place;
mod problem;
mod read;
mod request;
mod result;
mod table;
mod timestamp;
mod write;
mod xml;

pub use action::Action;
pub use catalogue::{Unknown, VERSION, service, services};
pub use error::{ApiError, MESSAGE_CHARS_MAX};
pub use model::{Protocol, Service};
pub use place::{Place, Signature, Signing};
pub use problem::{Mismatch, Problem};
pub use read::ANSWER_BYTES_MAX;
pub use request::HttpRequest;
pub use result::{Naming, Presence};
