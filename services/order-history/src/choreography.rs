//! The choreography: on an event, the step that it calls for, and the events that tell what came of it.

use contract::{Event, Style, TerminalState};
use participant::Rejected;
use styles::Post;

use crate::CUSTOMER_INDEX;
use crate::state::OrderRecord;
use crate::steps::{self, Closing};

/// Decides on an event about this order.
///
/// # Errors
/// The event does not belong here, or not to an order in this state.
pub fn on_event<C, A>(
    state: Option<OrderRecord>,
    event: Event,
    post: &mut Post<'_, C, A>,
) -> Result<Option<OrderRecord>, Rejected> {
    match (state, event) {
        (None, Event::OrderPlaced { order }) => {
            let record = steps::record(order, Style::Choreography, post.now());
            post.effects.link(CUSTOMER_INDEX, record.order.customer_id.as_str());
            tell_recorded(&record, post);
            Ok(Some(record))
        }
        (Some(record), Event::OrderPlaced { order }) => {
            steps::check_same(&record, &order).map_err(Rejected)?;
            if !record.is_to_be_recorded() {
                return Ok(Some(record));
            }
            let record = steps::record_next(record, post.now());
            tell_recorded(&record, post);
            Ok(Some(record))
        }
        (Some(record), Event::PaymentDeclined { reason } | Event::PaymentVoided { reason }) => {
            close(record, TerminalState::Cancelled, Some(reason), post)
        }
        (Some(record), Event::OrderDelivered {}) => close(record, TerminalState::Delivered, None, post),
        (None, event) => Err(Rejected(format!("{} of an order that was never placed here", event.kind()))),
        (Some(_), event) => Err(Rejected(format!("the history has nothing to do with {}", event.kind()))),
    }
}

fn tell_recorded<C, A>(record: &OrderRecord, post: &mut Post<'_, C, A>) {
    let next = steps::closed(record);
    post.publish(&next.unwrap_or_else(|| Event::OrderRecorded { order: record.order.clone() }));
}

fn close<C, A>(
    mut record: OrderRecord,
    status: TerminalState,
    reason: Option<String>,
    post: &mut Post<'_, C, A>,
) -> Result<Option<OrderRecord>, Rejected> {
    let closing = steps::close(&mut record, status, reason, post.now()).map_err(Rejected)?;
    if closing == Closing::Now
        && let Some(closed) = steps::closed(&record)
    {
        post.publish(&closed);
    }
    Ok(Some(record))
}
