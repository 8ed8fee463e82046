//! The names of the service, and of what it is asked by.

/// The service's name: its consumer group, and part of its messages' source.
pub const NAME: &str = contract::groups::NOTIFICATIONS;

/// The CloudEvents source of its messages.
pub const SOURCE: &str = "duet/notifications";

/// The index under which an order's notices are found by its customer's id.
pub const CUSTOMER_INDEX: &str = "customer";

/// The index under which an order's notices are found by its restaurant's id.
pub const RESTAURANT_INDEX: &str = "restaurant";
