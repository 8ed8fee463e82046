//! The execution of an order: what is stored of it, and what it begins with.

use contract::Order;
use contract::command::errors;
use engine::{Execution, Phase};
use serde::{Deserialize, Serialize};

/// How long things take that the order flow waits for, as it is told beside the order (`$.settings`); whole seconds, as ASL counts
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// How long a restaurant may take to answer.
    pub restaurant_timeout_s: u32,
    /// How long the kitchen takes.
    pub preparation_s: u32,
    /// How long it takes until a courier has it.
    pub dispatch_s: u32,
    /// How long the courier takes.
    pub delivery_s: u32,
}

impl Default for Durations {
    fn default() -> Self {
        Self { restaurant_timeout_s: 2, preparation_s: 0, dispatch_s: 0, delivery_s: 0 }
    }
}

/// The execution of an order, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderExecution {
    /// Where it stands.
    pub execution: Execution,
    /// The trace that the order came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What the order was that it began with ([`contract::envelope::fingerprint`]); `None` if it began before that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed: Option<String>,
    /// Other orders placed under its id while it is not known yet whether the id is its own: as long as it is in its first
    /// state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rivals: Vec<Rival>,
}

/// An order placed under the id of another whose execution has just begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rival {
    /// As it was placed.
    pub order: Order,
    /// The trace that it came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl OrderExecution {
    /// Whether it failed because its order's id belongs to another order: nothing was done for it.
    #[must_use]
    pub fn was_refused(&self) -> bool {
        match self.execution.phase() {
            Phase::Ended(ending) => ending.error.as_deref() == Some(errors::DUPLICATE_ORDER),
            Phase::Running(_) => false,
        }
    }
}
