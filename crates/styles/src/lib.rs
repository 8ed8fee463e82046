//! What the order services have in common: a message finds its style, and is answered in it.
//!
//! [`dispatch`] is the one place where a message becomes an event of the choreography or a command of the orchestration
//! ([`Service`]), and where an order's trace is handed on. Knows the contract and the participant, and no service. Pure: no
//! I/O, no clock, no randomness; but for [`TracedCaller`], which stands around the calls to the outside.
#![warn(missing_docs)]

mod kept;
mod post;
mod replay;
mod request;
mod service;
mod traced;

pub use kept::Kept;
pub use post::Post;
pub use replay::{Replay, Replayed, replay};
pub use request::{Context, Request, read};
pub use service::{Service, dispatch};
pub use traced::{TracedCall, TracedCaller};
