//! The choreography: on an event, a timer or the gateway's answer, the step that it calls for, and the events that
//! tell what came of it. Retries and durations are timers of this service.

use contract::{Event, Order, Style};
use participant::Rejected;
use styles::{Context, Post, Replayed};

use crate::gateway::{GatewayCall, Operation};
use crate::settings::Settings;
use crate::state::{OrderProgress, Payment, Progress};
use crate::steps::{self, Meaning, Settled};

/// The timer after which the gateway is asked again.
pub const RETRY_TIMER: &str = "retry";
/// The timer after which the order moves on.
pub const PROGRESS_TIMER: &str = "progress";

const GIVEN_UP: &str = "the payment gateway did not answer";
const TIMED_OUT: &str = "the restaurant did not answer in time";

/// Decides on an event about this order.
///
/// # Errors
/// The event does not belong here, or not to an order in this state.
pub fn on_event(
    state: Option<OrderProgress>,
    event: Event,
    context: Context,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> Result<OrderProgress, Rejected> {
    match (state, event) {
        (None, Event::OrderRecorded { order }) => Ok(begin(order, context.traceparent, post)),
        (Some(progress), Event::OrderRecorded { order }) => {
            // The order is not kept once the restaurant was sent it; whoever says it again brings it.
            if context.replayed && progress.payment == Payment::Authorised {
                post.publish_again(&Event::PaymentAuthorised { order });
            }
            Ok(progress)
        }
        (Some(progress), Event::RestaurantAccepted {}) => call_for(progress, Operation::Capture, post),
        (Some(progress), Event::RestaurantDeclined { reason }) => undo(progress, reason, post),
        (Some(progress), Event::RestaurantTimedOut {}) => undo(progress, TIMED_OUT.to_owned(), post),
        (None, event) => Err(Rejected(format!("{} of an order that is not known here", event.kind()))),
        (Some(_), event) => Err(Rejected(format!("order-status has nothing to do with {}", event.kind()))),
    }
}

fn begin(
    order: Order,
    traceparent: Option<String>,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> OrderProgress {
    let (amount_minor, currency) = (order.total_minor, order.currency.clone());
    let mut progress = steps::open(Style::Choreography, amount_minor, currency, traceparent);
    progress.order = Some(order);
    ask(&mut progress, Operation::Authorise, post);
    progress
}

fn undo(
    mut progress: OrderProgress,
    reason: String,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> Result<OrderProgress, Rejected> {
    if progress.payment == Payment::Authorising {
        post.effects.cancel_timer(RETRY_TIMER);
    }
    progress.reason.get_or_insert(reason);
    call_for(progress, Operation::Void, post)
}

/// Asks the gateway, unless that was done before.
fn call_for(
    mut progress: OrderProgress,
    operation: Operation,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> Result<OrderProgress, Rejected> {
    match steps::meaning(operation, progress.payment) {
        Meaning::Ask => ask(&mut progress, operation, post),
        Meaning::Asked | Meaning::Done | Meaning::Declined => {}
        Meaning::Illegal(cause) => return Err(Rejected(cause.to_owned())),
    }
    Ok(progress)
}

fn ask(progress: &mut OrderProgress, operation: Operation, post: &mut Post<'_, GatewayCall, Replayed>) {
    let call = steps::ask(progress, post.effects.key(), operation);
    post.call(call);
}

/// Says again what everybody was told of the order. What is still under way is told in its time; that the payment is authorised is
/// said again when [`Event::OrderRecorded`] is.
pub fn say_again(progress: &OrderProgress, post: &mut Post<'_, GatewayCall, Replayed>) {
    let reason = || progress.reason.clone().unwrap_or_default();
    match progress.payment {
        Payment::Declined => post.publish_again(&Event::PaymentDeclined { reason: reason() }),
        Payment::Voided => post.publish_again(&Event::PaymentVoided { reason: reason() }),
        Payment::Captured => {
            post.publish_again(&Event::PaymentCaptured { amount_minor: progress.amount_minor });
            let steps = [
                (Progress::Preparing, Event::OrderPreparing {}),
                (Progress::OutForDelivery, Event::OrderOutForDelivery {}),
                (Progress::Delivered, Event::OrderDelivered {}),
            ];
            for (_, event) in steps.iter().filter(|(step, _)| *step <= progress.progress) {
                post.publish_again(event);
            }
        }
        Payment::None
        | Payment::Authorising
        | Payment::Authorised
        | Payment::Capturing
        | Payment::Voiding => {}
    }
}

/// Decides on what the gateway's answer came to.
///
/// # Errors
/// A person has to look: the gateway refuses what the order needs, or has been silent for too long.
pub fn on_settled(
    settings: &Settings,
    mut progress: OrderProgress,
    settled: Settled,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> Result<OrderProgress, Rejected> {
    match settled {
        Settled::Authorised => match progress.order.take() {
            Some(order) => post.publish(&Event::PaymentAuthorised { order }),
            None => return Err(Rejected("the order was lost before its payment was authorised".to_owned())),
        },
        Settled::Declined(reason) => post.publish(&Event::PaymentDeclined { reason }),
        Settled::Captured => {
            post.publish(&Event::PaymentCaptured { amount_minor: progress.amount_minor });
            move_on(settings, &mut progress, post)?;
        }
        Settled::Voided => {
            let reason = progress.reason.clone().unwrap_or_default();
            post.publish(&Event::PaymentVoided { reason });
        }
        Settled::Unavailable(operation) => ask_later(settings, &mut progress, operation, post)?,
        Settled::Refused(reason) => return Err(Rejected(format!("the payment gateway refused: {reason}"))),
    }
    Ok(progress)
}

/// After a lost try: waits for the next one, or gives up an authorisation. The gateway may have acted all the same,
/// so giving up means to void.
fn ask_later(
    settings: &Settings,
    progress: &mut OrderProgress,
    operation: Operation,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> Result<(), Rejected> {
    let attempts = progress.attempts;
    match operation {
        Operation::Authorise if attempts > settings.authorise_retries_max => {
            progress.reason = Some(GIVEN_UP.to_owned());
            ask(progress, Operation::Void, post);
        }
        Operation::Capture | Operation::Void if attempts >= settings.settle_attempts_max => {
            let cause = format!("{operation:?} got no answer from the payment gateway in {attempts} tries");
            return Err(Rejected(cause));
        }
        Operation::Authorise | Operation::Capture | Operation::Void => {
            post.effects.set_timer(RETRY_TIMER, post.now() + settings.retry_delay(attempts));
        }
    }
    Ok(())
}

/// Decides on a timer of this order that is due. One that has been overtaken changes nothing.
///
/// # Errors
/// This service sets no timer of that name.
pub fn on_timer(
    settings: &Settings,
    mut progress: OrderProgress,
    name: &str,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> Result<OrderProgress, Rejected> {
    match name {
        RETRY_TIMER => {
            if let Some(operation) = steps::in_question(progress.payment) {
                ask(&mut progress, operation, post);
            }
        }
        PROGRESS_TIMER if progress.payment == Payment::Captured => move_on(settings, &mut progress, post)?,
        PROGRESS_TIMER => {}
        _ => return Err(Rejected(format!("order-status sets no timer {name:?}"))),
    }
    Ok(progress)
}

/// Takes the next step, and those behind it whose time has come with it.
fn move_on(
    settings: &Settings,
    progress: &mut OrderProgress,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> Result<(), Rejected> {
    while let Some((to, _)) = steps::next(progress.progress) {
        steps::advance(progress, to, post.now()).map_err(|cause| Rejected(cause.to_owned()))?;
        let (event, duration_ms) = match to {
            Progress::Preparing => {
                let until_dispatched = u64::from(settings.preparation_ms) + u64::from(settings.dispatch_ms);
                (Event::OrderPreparing {}, until_dispatched)
            }
            Progress::OutForDelivery => (Event::OrderOutForDelivery {}, u64::from(settings.delivery_ms)),
            Progress::Delivered | Progress::Pending | Progress::Cancelled => (Event::OrderDelivered {}, 0),
        };
        post.publish(&event);
        if duration_ms > 0 {
            // At most the sum of two numbers of 32 bits.
            post.effects.set_timer(PROGRESS_TIMER, post.now() + duration_ms as i64);
            break;
        }
    }
    Ok(())
}
