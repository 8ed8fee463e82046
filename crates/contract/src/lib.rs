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

pub mod asyncapi;
pub mod command;
pub mod envelope;
pub mod event;
pub mod groups;
pub mod order;
pub mod time;
pub mod topics;
pub mod trace;

pub use command::{Command, Function, Reply};
pub use envelope::{Encoded, Envelope, Malformed};
pub use event::Event;
pub use order::{FieldError, Item, Order, TerminalState};
pub use time::Millis;
pub use trace::TraceContext;

use serde::{Deserialize, Serialize};

/// How the services work together on an order. Every order carries its own, so both can run at once.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// The services react to each other's events; nobody leads.
    Choreography,
    /// A durable state machine sends the services commands and decides what comes next.
    Orchestration,
}

impl Style {
    /// Both, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::Choreography, Self::Orchestration];

    /// Its name in messages, metrics and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Choreography => "choreography",
            Self::Orchestration => "orchestration",
        }
    }
}

impl std::fmt::Display for Style {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Style {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|style| style.as_str() == s)
            .ok_or_else(|| format!("`{s}` is not a style: use choreography or orchestration"))
    }
}
