//! What the service is asked by its own process, and what it answers.

use contract::{Order, Style, TerminalState};
use styles::{Replay, Replayed};

use crate::state::OrderRecord;

/// What the service is asked over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// To take an order.
    Place(Place),
    /// To say again what it knows of one.
    Replay(Replay),
}

/// The answer to an [`Ask`], of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Where the placed order stands.
    Placed(Placed),
    /// How much was said again.
    Replayed(Replayed),
}

/// What the service is asked over HTTP: to take this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The order; its id is the request's key.
    pub order: Order,
    /// The style in which it is to be processed.
    pub style: Style,
    /// W3C trace context, where there is one.
    pub traceparent: Option<String>,
}

/// Where a placed order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It is accepted, now or before, and not recorded yet.
    Accepted,
    /// It was recorded before; how it ended, if it did.
    Recorded(Option<TerminalState>),
    /// Its id belongs to another order, or to this one in the other style.
    Conflict,
}

impl Placed {
    /// Where an order stands that is placed again.
    #[must_use]
    pub fn again(record: &OrderRecord, order: &Order, style: Style) -> Self {
        if record.style != style || record.order != *order {
            Self::Conflict
        } else if record.is_to_be_recorded() {
            Self::Accepted
        } else {
            Self::Recorded(record.status)
        }
    }
}
