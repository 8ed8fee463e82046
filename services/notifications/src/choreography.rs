//! The choreography: on an event, the time-out or the restaurant's answer, the step that it calls for, and the events
//! that tell what came of it.

use contract::command::Milestone;
use contract::{Event, Order, Style, TerminalState};
use participant::Rejected;
use styles::{Post, Replayed};

use crate::restaurant::{Decision, Offer};
use crate::state::{Answer, OrderNotices};
use crate::steps::{self, Asking};
use crate::{CUSTOMER_INDEX, RESTAURANT_INDEX, Settings};

/// The timer after which a restaurant's answer is not waited for any longer.
pub const ANSWER_TIMER: &str = "answer";
/// What is given as the reason when a restaurant declines: it need not say why.
pub const DECLINED: &str = "the restaurant declined the order";

/// Decides on an event about this order.
///
/// # Errors
/// The event does not belong here, or not to an order in this state.
pub fn on_event(
    settings: &Settings,
    state: Option<OrderNotices>,
    event: Event,
    traceparent: Option<String>,
    post: &mut Post<'_, Offer, Replayed>,
) -> Result<Option<OrderNotices>, Rejected> {
    match (state, event) {
        (state, Event::PaymentAuthorised { order }) => {
            let notices = state.unwrap_or_else(|| meet(order.customer_id.clone(), traceparent, post));
            Ok(Some(ask_restaurant(settings, notices, order, post)))
        }
        (Some(notices), Event::OrderOutForDelivery {}) => {
            tell(notices, Milestone::OutForDelivery, None, post).map(Some)
        }
        (Some(notices), Event::OrderDelivered {}) => {
            tell(notices, Milestone::Delivered, None, post).map(Some)
        }
        (state, Event::OrderClosed { customer_id, status, reason }) => {
            let milestone = match status {
                // `order.delivered` tells the customer.
                TerminalState::Delivered => return Ok(state),
                TerminalState::Rejected => Milestone::Rejected,
                TerminalState::Cancelled => Milestone::Cancelled,
            };
            let notices = state.unwrap_or_else(|| meet(customer_id, traceparent, post));
            tell(notices, milestone, reason, post).map(Some)
        }
        (None, event) => Err(Rejected(format!("{} of an order that is not known here", event.kind()))),
        (Some(_), event) => Err(Rejected(format!("nobody has to be told of {}", event.kind()))),
    }
}

fn meet(
    customer_id: String,
    traceparent: Option<String>,
    post: &mut Post<'_, Offer, Replayed>,
) -> OrderNotices {
    post.effects.link(CUSTOMER_INDEX, customer_id.as_str());
    steps::open(Style::Choreography, customer_id, traceparent)
}

fn ask_restaurant(
    settings: &Settings,
    mut notices: OrderNotices,
    order: Order,
    post: &mut Post<'_, Offer, Replayed>,
) -> OrderNotices {
    if steps::ask_restaurant(&mut notices, &order.restaurant_id, post.now()) == Asking::Now {
        post.effects.link(RESTAURANT_INDEX, order.restaurant_id.as_str());
        post.effects.set_timer(ANSWER_TIMER, post.now() + i64::from(settings.restaurant_timeout_ms));
        post.call(Offer::from(order));
    }
    notices
}

fn tell(
    mut notices: OrderNotices,
    milestone: Milestone,
    reason: Option<String>,
    post: &Post<'_, Offer, Replayed>,
) -> Result<OrderNotices, Rejected> {
    steps::tell_customer(&mut notices, milestone, reason, post.now()).map_err(Rejected)?;
    Ok(notices)
}

/// Decides on the restaurant's decision, which has just been taken in.
///
/// # Errors
/// None in a legal history: the customer was told the contrary before.
pub fn on_decision(
    notices: OrderNotices,
    decision: Decision,
    post: &mut Post<'_, Offer, Replayed>,
) -> Result<OrderNotices, Rejected> {
    post.effects.cancel_timer(ANSWER_TIMER);
    match decision {
        Decision::Accept => {
            post.publish(&Event::RestaurantAccepted {});
            tell(notices, Milestone::Confirmed, None, post)
        }
        Decision::Decline => {
            post.publish(&Event::RestaurantDeclined { reason: DECLINED.to_owned() });
            Ok(notices)
        }
    }
}

/// Says again what came of asking the restaurant. Until it has answered there is nothing to say.
pub fn say_again(notices: &OrderNotices, post: &mut Post<'_, Offer, Replayed>) {
    let event = match notices.answer {
        Answer::NotAsked | Answer::Awaited => return,
        Answer::Accepted => Event::RestaurantAccepted {},
        Answer::Declined => Event::RestaurantDeclined { reason: DECLINED.to_owned() },
        Answer::TimedOut => Event::RestaurantTimedOut {},
    };
    post.publish_again(&event);
}

/// Decides on a timer of this order that is due. One that has been overtaken changes nothing.
///
/// # Errors
/// This service sets no timer of that name.
pub fn on_timer(
    mut notices: OrderNotices,
    name: &str,
    post: &mut Post<'_, Offer, Replayed>,
) -> Result<OrderNotices, Rejected> {
    if name != ANSWER_TIMER {
        return Err(Rejected(format!("notifications sets no timer {name:?}")));
    }
    if notices.answer == Answer::Awaited {
        let reason = Some("no answer in time".to_owned());
        steps::cancel_acceptance(&mut notices, reason, post.now());
        post.publish(&Event::RestaurantTimedOut {});
    }
    Ok(notices)
}
