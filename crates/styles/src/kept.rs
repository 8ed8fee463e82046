//! What every service keeps of an order.

use contract::Style;

/// An order as a service keeps it.
pub trait Kept {
    /// The style in which it is processed: that of the first message about it.
    fn style(&self) -> Style;

    /// The W3C trace context that the order was last heard of in; `None` where nothing happens to it later.
    fn traceparent(&self) -> Option<&str> {
        None
    }

    /// Remembers it, for what happens later: to a timer, or a call.
    fn set_traceparent(&mut self, traceparent: &str) {
        let _ = traceparent;
    }
}
