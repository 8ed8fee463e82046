//! The orchestration: on a command, the step that it names, and the reply. Time-outs are the workflow's.

use contract::command::errors;
use contract::{Command, Reply, Style};
use participant::Rejected;
use styles::{Context, Post, Replayed};

use crate::choreography::DECLINED;
use crate::restaurant::{Decision, Offer};
use crate::state::OrderNotices;
use crate::steps::{self, Asking};
use crate::{CUSTOMER_INDEX, RESTAURANT_INDEX};

/// Decides on a command about this order.
///
/// # Errors
/// The command is no function of this service, or the order's state does not allow it and nobody waits for the reply.
pub fn on_command(
    state: Option<OrderNotices>,
    command: Command,
    context: Context,
    post: &mut Post<'_, Offer, Replayed>,
) -> Result<OrderNotices, Rejected> {
    let Context { traceparent, task, .. } = context;
    let mut notices = state.unwrap_or_else(|| steps::open(Style::Orchestration, String::new(), traceparent));
    match command {
        Command::RequestAcceptance { order_id, customer_id, restaurant_id, items, total_minor, currency } => {
            if !is_its_customer(&mut notices, customer_id, post) {
                post.refuse(task, "the order is another customer's")?;
                return Ok(notices);
            }
            let offer = Offer { order_id, restaurant_id, items, total_minor, currency, traceparent: None };
            request_acceptance(notices, offer, task, post)
        }
        Command::CancelAcceptance { reason, .. } => {
            steps::cancel_acceptance(&mut notices, Some(reason), post.now());
            // Whoever asked has stopped waiting.
            notices.waiting_task = None;
            post.reply(task, &Reply::done());
            Ok(notices)
        }
        Command::NotifyCustomer { customer_id, milestone, reason, .. } => {
            if !is_its_customer(&mut notices, customer_id, post) {
                post.refuse(task, "the order is another customer's")?;
                return Ok(notices);
            }
            match steps::tell_customer(&mut notices, milestone, reason, post.now()) {
                Ok(()) => post.reply(task, &Reply::done()),
                Err(cause) => post.refuse(task, cause)?,
            }
            Ok(notices)
        }
        other => Err(Rejected(format!("notifications has no function {}", other.function().name))),
    }
}

/// Whether the order is this customer's, which is learned from the first command that names one.
fn is_its_customer(
    notices: &mut OrderNotices,
    customer_id: String,
    post: &mut Post<'_, Offer, Replayed>,
) -> bool {
    if notices.customer_id.is_empty() {
        post.effects.link(CUSTOMER_INDEX, customer_id.as_str());
        notices.customer_id = customer_id;
        return true;
    }
    notices.customer_id == customer_id
}

fn request_acceptance(
    mut notices: OrderNotices,
    offer: Offer,
    task: Option<String>,
    post: &mut Post<'_, Offer, Replayed>,
) -> Result<OrderNotices, Rejected> {
    let is_new = notices.restaurant_id.is_none();
    let asking = steps::ask_restaurant(&mut notices, &offer.restaurant_id, post.now());
    if is_new {
        post.effects.link(RESTAURANT_INDEX, offer.restaurant_id.as_str());
    }
    match asking {
        Asking::Now | Asking::Before => {
            // A command that wants no reply does not take away another's.
            notices.waiting_task = task.or(notices.waiting_task);
            post.call(offer);
        }
        Asking::Answered(decision) => post.reply(task, &reply(decision)),
        Asking::Cancelled => {
            post.refuse(task, "the order was cancelled before the restaurant had answered")?;
        }
    }
    Ok(notices)
}

/// Tells the waiting task the restaurant's decision, which has just been taken in.
pub fn on_decision(
    mut notices: OrderNotices,
    decision: Decision,
    post: &mut Post<'_, Offer, Replayed>,
) -> OrderNotices {
    post.reply(notices.waiting_task.take(), &reply(decision));
    notices
}

fn reply(decision: Decision) -> Reply {
    match decision {
        Decision::Accept => Reply::done(),
        Decision::Decline => Reply::failed(errors::RESTAURANT_DECLINED, DECLINED),
    }
}
