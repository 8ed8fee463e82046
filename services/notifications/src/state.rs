//! What notifications remembers of an order.

use contract::command::Milestone;
use contract::{Millis, Style};
use serde::{Deserialize, Serialize};
use styles::Kept;

/// Everything said about an order to its customer and its restaurant, and the restaurant's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderNotices {
    /// The style in which the order is processed.
    pub style: Style,
    /// Who ordered.
    pub customer_id: String,
    /// Who cooks; `None` when the restaurant was never involved.
    pub restaurant_id: Option<String>,
    /// What the restaurant has answered.
    pub answer: Answer,
    /// What was said, oldest first. A notice stands here once it counts as told: the customer and the restaurant
    /// read it from here.
    pub notices: Vec<Notice>,
    /// The orchestrator's task that waits for the restaurant's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_task: Option<String>,
    /// An answer that came when the order had been decided otherwise; kept for the record, changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_answer: Option<Answer>,
    /// W3C trace context of the order, for the messages that follow from timers and calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// The restaurant's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was not asked.
    NotAsked,
    /// It was asked and has not answered.
    Awaited,
    /// It will cook: the pivot.
    Accepted,
    /// It will not.
    Declined,
    /// It did not answer in time (decided here in the choreography, by the workflow in orchestration).
    TimedOut,
}

/// Something said to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// When.
    pub at: Millis,
    /// To whom and what.
    #[serde(flatten)]
    pub what: What,
    /// Why, where there is a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// To whom a notice is and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "to", content = "says", rename_all = "snake_case")]
pub enum What {
    /// The customer is told a milestone.
    Customer(Milestone),
    /// The restaurant is told something.
    Restaurant(RestaurantNotice),
}

/// What a restaurant is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestaurantNotice {
    /// There is a new order: will you cook it?
    NewOrder,
    /// There will be no meal, and no money is taken.
    OrderCancelled,
}

impl Kept for OrderNotices {
    fn style(&self) -> Style {
        self.style
    }

    fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }

    fn set_traceparent(&mut self, traceparent: &str) {
        self.traceparent = Some(traceparent.to_owned());
    }
}
