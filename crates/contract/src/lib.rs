//! The words the services speak: orders, events, commands, replies, and the envelope around them.
//!
//! - [`order`]: an order, parsed and checked at the edge;
//! - [`event`]: what happened (choreography), and the two messages both styles share: the order's entry
//!   (`order.placed`) and its exit (`order.closed`);
//! - [`command`]: what the orchestrator asks of a service, and the [`command::Reply`];
//! - [`groups`]: who subscribes to what;
//! - [`envelope`]: CloudEvents 1.0 attributes, trace context, style and correlation;
//! - [`topics`]: where each message is published.
//!
//! Pure: no I/O, no clock, no randomness.
#![warn(missing_docs)]

pub mod asyncapi;
pub mod command;
pub mod envelope;
pub mod event;
#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;
pub mod groups;
pub mod order;
mod style;
pub mod time;
pub mod topics;
pub mod trace;

pub use command::{Command, Function, Reply};
pub use envelope::{Encoded, Envelope, Malformed};
pub use event::Event;
pub use order::{FieldError, Item, Order, TerminalState};
pub use style::Style;
pub use time::Millis;
pub use trace::TraceContext;
