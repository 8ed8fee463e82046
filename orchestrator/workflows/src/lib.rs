//! The AWS Step Functions API as a daemon: durable executions of any workflow, with everything around them in one process.
//!
//! [`ServeArgs`] are its flags, and `duet workflow serve` is its program. It is a participant like the others, with a store of its own. Its
//! executions are moved by requests; messages of a bus start them by rules, if it is given one (`triggers`). [`Beside`] is the same API as a part
//! of another daemon, which shows executions of its own there: the orchestrator's.
#![warn(missing_docs)]

mod access;
mod api;
mod args;
mod aws_args;
mod connection_api;
mod event_log;
mod function_args;
mod http_args;
mod keep;
mod open;
mod serve;
mod spans;
mod triggers;

pub use api::{ApiSettings, Beside, MANNERS, NAME};
pub use args::{ApiArgs, BODY_BYTES_MAX, DEFAULTS, ServeArgs, with_defaults};
