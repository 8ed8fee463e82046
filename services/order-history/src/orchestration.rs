//! The orchestration: on a command, the step that it names, and the reply.

use contract::command::errors;
use contract::{Command, Order, Reply, Style, TerminalState};
use participant::Rejected;
use styles::Post;

use crate::CUSTOMER_INDEX;
use crate::state::OrderRecord;
use crate::steps::{self, Closing};

/// Decides on a command about this order; `task` waits for the reply.
///
/// # Errors
/// The command is no function of this service, or the order's state does not allow it and nobody waits for the reply.
pub fn on_command<C, A>(
    state: Option<OrderRecord>,
    command: Command,
    task: Option<String>,
    post: &mut Post<'_, C, A>,
) -> Result<Option<OrderRecord>, Rejected> {
    match command {
        Command::RecordOrder { order } => record(state, order, task, post).map(Some),
        Command::CloseOrder { status, reason, .. } => {
            let Some(record) = state else {
                post.refuse(task, "the order is not recorded, so it cannot be closed")?;
                return Ok(None);
            };
            close(record, status, reason, task, post).map(Some)
        }
        other => Err(Rejected(format!("the history has no function {}", other.function().name))),
    }
}

fn record<C, A>(
    state: Option<OrderRecord>,
    order: Order,
    task: Option<String>,
    post: &mut Post<'_, C, A>,
) -> Result<OrderRecord, Rejected> {
    let record = match state {
        None => {
            let record = steps::record(order, Style::Orchestration, post.now());
            post.effects.link(CUSTOMER_INDEX, record.order.customer_id.as_str());
            tell_rejected(&record, post);
            record
        }
        Some(record) => {
            if let Err(cause) = steps::check_same(&record, &order) {
                post.refuse_as(errors::DUPLICATE_ORDER, task, cause)?;
                return Ok(record);
            }
            if record.is_to_be_recorded() {
                let record = steps::record_next(record, post.now());
                tell_rejected(&record, post);
                record
            } else {
                record
            }
        }
    };
    let reply = match (record.status, &record.reason) {
        (Some(TerminalState::Rejected), reason) => {
            Reply::failed(errors::ORDER_REJECTED, reason.as_deref().unwrap_or_default())
        }
        _ => Reply::done(),
    };
    post.reply(task, &reply);
    Ok(record)
}

fn tell_rejected<C, A>(record: &OrderRecord, post: &mut Post<'_, C, A>) {
    if let Some(closed) = steps::closed(record) {
        post.publish(&closed);
    }
}

fn close<C, A>(
    mut record: OrderRecord,
    status: TerminalState,
    reason: Option<String>,
    task: Option<String>,
    post: &mut Post<'_, C, A>,
) -> Result<OrderRecord, Rejected> {
    match steps::close(&mut record, status, reason, post.now()) {
        Err(cause) => post.refuse(task, cause)?,
        Ok(closing) => {
            if closing == Closing::Now
                && let Some(closed) = steps::closed(&record)
            {
                post.publish(&closed);
            }
            post.reply(task, &Reply::done());
        }
    }
    Ok(record)
}
