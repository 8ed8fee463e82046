//! The steps of the order flow that belong to the history, for both styles. Pure functions on the state.

use contract::{Event, Millis, Order, Style, TerminalState};

use crate::state::{Change, Entry, OrderRecord};

/// Takes an order in: whatever else is placed under its id is refused from now on. It is recorded once its flow begins.
#[must_use]
pub fn accept(order: Order, style: Style, at: Millis) -> OrderRecord {
    let timeline = vec![Entry { at, what: Change::Accepted }];
    OrderRecord { order, style, status: None, reason: None, timeline }
}

/// Validates a new order and records it: open if it can be taken, else closed as rejected with the reason.
#[must_use]
pub fn record(order: Order, style: Style, at: Millis) -> OrderRecord {
    record_next(OrderRecord { order, style, status: None, reason: None, timeline: Vec::new() }, at)
}

/// The same with an order that was [accepted](accept) before.
#[must_use]
pub fn record_next(mut record: OrderRecord, at: Millis) -> OrderRecord {
    let rejections = record.order.rejections();
    let (status, what) = if rejections.is_empty() {
        (None, Change::Recorded)
    } else {
        (Some(TerminalState::Rejected), Change::Rejected)
    };
    record.reason = status.map(|_| rejections.join("; "));
    record.status = status;
    record.timeline.push(Entry { at, what });
    record
}

/// Whether an order that comes again under a known id is the one that was recorded.
///
/// # Errors
/// It is another one; the text says so.
pub fn check_same(record: &OrderRecord, again: &Order) -> Result<(), String> {
    if record.order == *again {
        return Ok(());
    }
    let known = if record.is_to_be_recorded() { "accepted" } else { "recorded" };
    Err(format!("another order was {known} under the id {}", record.order.order_id))
}

/// What became of a closing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The order was open and is closed now.
    Now,
    /// It was closed with this status before; nothing changed.
    Before,
}

/// Closes the order with its final status.
///
/// # Errors
/// The order cannot end so any more; nothing changed and the text says why.
pub fn close(
    record: &mut OrderRecord,
    status: TerminalState,
    reason: Option<String>,
    at: Millis,
) -> Result<Closing, String> {
    if record.is_to_be_recorded() {
        return Err("the order is accepted, but not recorded, so it cannot be closed".to_owned());
    }
    let what = match (record.status, status) {
        (Some(before), _) if before == status => return Ok(Closing::Before),
        (Some(before), _) => {
            return Err(format!("the order is closed as {before}, it cannot become {status}"));
        }
        (None, TerminalState::Delivered) => Change::Delivered,
        (None, TerminalState::Cancelled) => Change::Cancelled,
        (None, TerminalState::Rejected) => {
            return Err("the order was taken: it can be cancelled, but not rejected".to_owned());
        }
    };
    record.status = Some(status);
    record.reason = reason.filter(|_| status != TerminalState::Delivered);
    record.timeline.push(Entry { at, what });
    Ok(Closing::Now)
}

/// The event that tells how the order ended; `None` while it is open.
#[must_use]
pub fn closed(record: &OrderRecord) -> Option<Event> {
    let status = record.status?;
    Some(Event::OrderClosed {
        customer_id: record.order.customer_id.clone(),
        status,
        reason: record.reason.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::fixtures::order;

    #[test]
    fn a_good_order_is_recorded_as_open() {
        let record = record(order(), Style::Choreography, 7);
        assert_eq!((record.status, record.reason), (None, None));
        assert_eq!(record.timeline, [Entry { at: 7, what: Change::Recorded }]);
    }

    #[test]
    fn an_order_that_cannot_be_taken_is_recorded_as_rejected_with_every_reason() {
        let mut bad = order();
        bad.items.clear();
        let record = record(bad, Style::Choreography, 7);
        assert_eq!(record.status, Some(TerminalState::Rejected));
        assert_eq!(
            record.reason.as_deref(),
            Some("the basket is empty; the total is 1900, but the items add up to 0")
        );
        assert_eq!(record.timeline, [Entry { at: 7, what: Change::Rejected }]);
    }

    #[test]
    fn an_accepted_order_is_recorded_before_anything_else_happens_to_it() {
        let mut accepted = accept(order(), Style::Choreography, 5);
        assert!(close(&mut accepted, TerminalState::Cancelled, None, 6).is_err());
        assert_eq!(accepted.timeline, [Entry { at: 5, what: Change::Accepted }]);
        let recorded = record_next(accepted, 7);
        assert_eq!(recorded.timeline[1..], record(order(), Style::Choreography, 7).timeline);
        let mut bad = order();
        bad.items.clear();
        let rejected = record_next(accept(bad, Style::Orchestration, 5), 7);
        assert_eq!((rejected.status, rejected.timeline.len()), (Some(TerminalState::Rejected), 2));
    }

    #[test]
    fn an_order_ends_once() {
        use TerminalState::{Cancelled, Delivered, Rejected};
        for (first, second) in [(Delivered, Cancelled), (Cancelled, Delivered), (Cancelled, Rejected)] {
            let mut record = record(order(), Style::Choreography, 7);
            assert_eq!(close(&mut record, first, Some("why".into()), 8), Ok(Closing::Now));
            let closed = record.clone();
            assert_eq!(close(&mut record, first, Some("again".into()), 9), Ok(Closing::Before));
            assert!(close(&mut record, second, None, 9).unwrap_err().contains("it cannot become"));
            assert_eq!(record, closed);
        }
    }

    #[test]
    fn a_taken_order_cannot_be_rejected() {
        let mut record = record(order(), Style::Choreography, 7);
        assert!(close(&mut record, TerminalState::Rejected, None, 8).is_err());
        assert_eq!(closed(&record), None);
    }

    #[test]
    fn a_reason_stands_only_where_something_went_wrong() {
        let mut record = record(order(), Style::Choreography, 7);
        close(&mut record, TerminalState::Delivered, Some("all well".into()), 8).unwrap();
        assert_eq!(record.reason, None);
    }
}
