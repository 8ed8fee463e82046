//! Connections, as EventBridge has them: how whoever calls an API by HTTP is known there, and what goes with each call.
//!
//! A connection stands in the store with its secrets sealed by a [`Key`] that is not in the store; what is shown of it has none.
//!
//! | module | holds |
//! | --- | --- |
//! | `actions` | EventBridge's actions of connections: requests and answers as JSON |
//! | `arn` | their ARNs |
//! | `authorization` | how whoever calls is known, and what goes with each call |
//! | `failure` | why a request is not carried out |
//! | `key` | sealing |
//! | `kept` | connections in the store |
//! | `limits` | what an authorization may be |
//! | `secret` | text that is shown to nobody |
#![warn(missing_docs)]

mod actions;
mod arn;
mod authorization;
mod failure;
mod kept;
mod key;
mod limits;
mod secret;

pub use actions::{ACTIONS, Desk};
pub use arn::ConnectionArn;
pub use authorization::{ApiKey, Authorization, Basic, Client, HttpParameters, OAuth, Parameter};
pub use failure::Failure;
pub use kept::{CONNECTIONS_MAX, Connection, find};
pub use key::{Key, KeyError, NoKey};
pub use secret::Secret;
