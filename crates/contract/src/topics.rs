//! Where each message is published. The part before the slash is the stream whose messages of one order keep their
//! order; the part behind it is what subscribers choose by.

use bus::Topic;

use crate::Style;

/// An order enters the system in this style.
#[must_use]
pub const fn placed(style: Style) -> Topic {
    match style {
        Style::Choreography => Topic::new("choreography/order.placed"),
        Style::Orchestration => Topic::new("orchestration/order.placed"),
    }
}

/// An order has reached its terminal state in this style.
#[must_use]
pub const fn closed(style: Style) -> Topic {
    match style {
        Style::Choreography => Topic::new("choreography/order.closed"),
        Style::Orchestration => Topic::new("orchestration/order.closed"),
    }
}

/// The services' replies to the orchestrator's commands.
pub const REPLIES: Topic = Topic::new("orchestrator.replies/reply");
