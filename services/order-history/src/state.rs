//! What order-history remembers of an order.

use contract::{Millis, Order, Style, TerminalState};
use serde::{Deserialize, Serialize};
use styles::Kept;

/// An order in its customer's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// The order as placed.
    pub order: Order,
    /// The style in which it is processed.
    pub style: Style,
    /// How it ended; `None` while it is open.
    pub status: Option<TerminalState>,
    /// Why, unless it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What happened to it here, oldest first: `accepted` where it was placed over HTTP, `recorded` or `rejected`, then one
    /// of the closings.
    pub timeline: Vec<Entry>,
}

impl OrderRecord {
    /// Whether it was accepted and its flow has yet to begin.
    #[must_use]
    pub fn is_to_be_recorded(&self) -> bool {
        self.timeline.last().is_some_and(|entry| entry.what == Change::Accepted)
    }
}

/// One entry of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Millis,
    /// What became of the order then.
    pub what: Change,
}

/// What can happen to an order in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was taken over HTTP, for good: its id stands for this order in this style from now on.
    Accepted,
    /// It was valid and is now open.
    Recorded,
    /// It was closed as delivered.
    Delivered,
    /// It was not valid.
    Rejected,
    /// It was closed as cancelled.
    Cancelled,
}

impl Kept for OrderRecord {
    fn style(&self) -> Style {
        self.style
    }
}
