//! What order-status remembers of an order.

use contract::{Millis, Style};
use serde::{Deserialize, Serialize};
use styles::Kept;

/// Payment and progress of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderProgress {
    /// The style in which it is processed.
    pub style: Style,
    /// What the customer agreed to pay, in minor units.
    pub amount_minor: u64,
    /// In which currency.
    pub currency: String,
    /// Where the payment stands.
    pub payment: Payment,
    /// Where the order stands.
    pub progress: Progress,
    /// Calls of the gateway made so far for the step at hand; starts over with each step.
    pub attempts: u32,
    /// What happened to it here, oldest first.
    pub timeline: Vec<Entry>,
    /// The choreography only: the order as it came, until the restaurant has been sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<contract::Order>,
    /// Why it is being undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The orchestrator's task that waits for the gateway call at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_task: Option<String>,
    /// W3C trace context of the order, for the messages that follow from timers and calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// Where the payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Nothing was asked of the gateway.
    None,
    /// The gateway has been asked to authorise; it may have acted.
    Authorising,
    /// The money is reserved.
    Authorised,
    /// The gateway refused: nothing is reserved.
    Declined,
    /// The gateway has been asked to capture; it may have acted.
    Capturing,
    /// The money is taken.
    Captured,
    /// The gateway has been asked to void; it may have acted.
    Voiding,
    /// Nothing is reserved any more, and nothing ever will be for this order.
    Voided,
}

/// Where the order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Payment and acceptance are under way.
    Pending,
    /// The kitchen has begun.
    Preparing,
    /// A courier is on the way.
    OutForDelivery,
    /// The customer has it.
    Delivered,
    /// It was undone.
    Cancelled,
}

/// One entry of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Millis,
    /// What became of the order then.
    pub what: Change,
}

/// What can happen to an order here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The payment was authorised.
    PaymentAuthorised,
    /// The payment was declined.
    PaymentDeclined,
    /// The gateway did not answer: a try is lost.
    GatewayUnavailable,
    /// The payment was captured.
    PaymentCaptured,
    /// The payment was voided.
    PaymentVoided,
    /// The kitchen has begun.
    Preparing,
    /// A courier is on the way.
    OutForDelivery,
    /// The customer has it.
    Delivered,
    /// It was undone.
    Cancelled,
}

impl Kept for OrderProgress {
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
