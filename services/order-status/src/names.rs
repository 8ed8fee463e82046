//! The names of the service.

/// The service's name: its consumer group, and part of its messages' source.
pub const NAME: &str = contract::groups::ORDER_STATUS;

/// The CloudEvents source of its messages.
pub const SOURCE: &str = "duet/order-status";
