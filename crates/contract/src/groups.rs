//! The consumer groups of the system, and what each subscribes to.
//!
//! They stand here together, and not each with its service, because whoever publishes must know that every group is there:
//! a message goes to the groups that exist when it is published.

use bus::{Subscription, Topic};

use crate::{Style, command, event, topics};

/// The group of the service that keeps every order's history, and takes orders.
pub const ORDER_HISTORY: &str = "order-history";
/// The group of the service that takes the payment and moves the order on.
pub const ORDER_STATUS: &str = "order-status";
/// The group of the service that talks to restaurants and customers.
pub const NOTIFICATIONS: &str = "notifications";
/// The group of the orchestrator.
pub const ORCHESTRATOR: &str = "orchestrator";

/// The groups of all participants, which are also the names of their programs and stores: the services in the order in
/// which an order first comes to them, then the orchestrator.
pub const PARTICIPANTS: [&str; 4] = [ORDER_HISTORY, ORDER_STATUS, NOTIFICATIONS, ORCHESTRATOR];

/// Deliveries that a group is declared with; whoever subscribes says his own number.
const UNSETTLED_MAX: usize = 1;

/// What order-history subscribes to.
#[must_use]
pub fn order_history() -> Vec<Topic> {
    vec![
        event::topic::OrderPlaced,
        event::topic::PaymentDeclined,
        event::topic::PaymentVoided,
        event::topic::OrderDelivered,
        command::RECORD_ORDER.topic,
        command::CLOSE_ORDER.topic,
    ]
}

/// What order-status subscribes to.
#[must_use]
pub fn order_status() -> Vec<Topic> {
    vec![
        event::topic::OrderRecorded,
        event::topic::RestaurantAccepted,
        event::topic::RestaurantDeclined,
        event::topic::RestaurantTimedOut,
        command::AUTHORISE_PAYMENT.topic,
        command::VOID_PAYMENT.topic,
        command::CAPTURE_PAYMENT.topic,
        command::START_PREPARATION.topic,
        command::DISPATCH_ORDER.topic,
        command::DELIVER_ORDER.topic,
    ]
}

/// What notifications subscribes to.
#[must_use]
pub fn notifications() -> Vec<Topic> {
    vec![
        event::topic::PaymentAuthorised,
        event::topic::OrderOutForDelivery,
        event::topic::OrderDelivered,
        topics::closed(Style::Choreography),
        command::REQUEST_ACCEPTANCE.topic,
        command::CANCEL_ACCEPTANCE.topic,
        command::NOTIFY_CUSTOMER.topic,
    ]
}

/// What the orchestrator subscribes to: orders placed in its style, and replies to its commands.
#[must_use]
pub fn orchestrator() -> Vec<Topic> {
    vec![topics::placed(Style::Orchestration), topics::REPLIES]
}

/// Every group, as it has to be declared before anything is published.
#[must_use]
pub fn all() -> [Subscription; 4] {
    let groups = [
        (ORDER_HISTORY, order_history()),
        (ORDER_STATUS, order_status()),
        (NOTIFICATIONS, notifications()),
        (ORCHESTRATOR, orchestrator()),
    ];
    groups.map(|(group, topics)| Subscription {
        group: group.to_owned(),
        topics,
        unsettled_max: UNSETTLED_MAX,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_participant_is_declared() {
        assert_eq!(all().map(|subscription| subscription.group), PARTICIPANTS);
    }

    #[test]
    fn an_order_of_either_style_is_placed_before_somebody() {
        for style in Style::ALL {
            assert!(all().iter().any(|group| group.topics.contains(&topics::placed(style))), "{style}");
        }
    }
}
