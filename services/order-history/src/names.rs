//! The names of the service, and of what it is asked by.

/// The service's name: its consumer group, and part of its messages' source.
pub const NAME: &str = contract::groups::ORDER_HISTORY;

/// The CloudEvents source of its messages.
pub const SOURCE: &str = "duet/order-history";

/// The index under which an order is found by its customer's id.
pub const CUSTOMER_INDEX: &str = "customer";
