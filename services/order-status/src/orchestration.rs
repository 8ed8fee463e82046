//! The orchestration: on a command, the step that it names, and the reply. Retries and time-outs are the workflow's.

use contract::command::errors;
use contract::{Command, Reply, Style};
use participant::Rejected;
use serde_json::json;
use styles::{Context, Post, Replayed};

use crate::gateway::{GatewayCall, Operation};
use crate::state::{OrderProgress, Progress};
use crate::steps::{self, Meaning, Settled};

/// Decides on a command about this order.
///
/// # Errors
/// The command is no function of this service, or the order's state does not allow it and nobody waits for the reply.
pub fn on_command(
    state: Option<OrderProgress>,
    command: Command,
    context: Context,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> Result<Option<OrderProgress>, Rejected> {
    let Context { traceparent, task, .. } = context;
    let open =
        |amount_minor, currency| steps::open(Style::Orchestration, amount_minor, currency, traceparent);
    match (command, state) {
        (Command::AuthorisePayment { amount_minor, currency, .. }, state) => {
            let mut progress = state.unwrap_or_else(|| open(amount_minor, currency.clone()));
            learn_price(&mut progress, amount_minor, currency);
            pay(progress, Operation::Authorise, amount_minor, task, post).map(Some)
        }
        (Command::VoidPayment { reason, .. }, state) => {
            let mut progress = state.unwrap_or_else(|| open(0, String::new()));
            progress.reason.get_or_insert(reason);
            let amount_minor = progress.amount_minor;
            pay(progress, Operation::Void, amount_minor, task, post).map(Some)
        }
        (Command::CapturePayment { amount_minor, .. }, Some(progress)) => {
            pay(progress, Operation::Capture, amount_minor, task, post).map(Some)
        }
        (Command::StartPreparation { .. }, Some(progress)) => {
            move_on(progress, Progress::Preparing, task, post).map(Some)
        }
        (Command::DispatchOrder { .. }, Some(progress)) => {
            move_on(progress, Progress::OutForDelivery, task, post).map(Some)
        }
        (Command::DeliverOrder { .. }, Some(progress)) => {
            move_on(progress, Progress::Delivered, task, post).map(Some)
        }
        (
            Command::CapturePayment { .. }
            | Command::StartPreparation { .. }
            | Command::DispatchOrder { .. }
            | Command::DeliverOrder { .. },
            None,
        ) => {
            post.refuse(task, "no payment was ever asked for this order")?;
            Ok(None)
        }
        (other, _) => Err(Rejected(format!("order-status has no function {}", other.function().name))),
    }
}

/// An order that was voided before anything else was heard of it has no price yet.
fn learn_price(progress: &mut OrderProgress, amount_minor: u64, currency: String) {
    if progress.currency.is_empty() {
        (progress.amount_minor, progress.currency) = (amount_minor, currency);
    }
}

fn pay(
    mut progress: OrderProgress,
    operation: Operation,
    amount_minor: u64,
    task: Option<String>,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> Result<OrderProgress, Rejected> {
    if amount_minor != progress.amount_minor {
        let cause = format!("the order costs {}, not {amount_minor}", progress.amount_minor);
        post.refuse(task, cause)?;
        return Ok(progress);
    }
    match steps::meaning(operation, progress.payment) {
        // While a task waits, its call is under way, and the answer to it is the answer to this command.
        Meaning::Asked if progress.waiting_task.is_some() => {
            if task.is_some() {
                wait(&mut progress, task, post);
            }
        }
        Meaning::Ask | Meaning::Asked => {
            wait(&mut progress, task, post);
            let call = steps::ask(&mut progress, post.effects.key(), operation);
            post.call(call);
        }
        Meaning::Done => {
            let reply = done(operation, post.effects.key());
            post.reply(task, &reply);
        }
        Meaning::Declined => {
            let reason = progress.reason.as_deref().unwrap_or_default();
            post.reply(task, &Reply::failed(errors::PAYMENT_DECLINED, reason));
        }
        Meaning::Illegal(cause) => post.refuse(task, cause)?,
    }
    Ok(progress)
}

/// Makes this task the one that waits. The one before it hears that it waits in vain, so that a workflow whose
/// commands arrive out of order can try again instead of waiting for its time-out.
fn wait(progress: &mut OrderProgress, task: Option<String>, post: &mut Post<'_, GatewayCall, Replayed>) {
    if progress.waiting_task == task {
        return;
    }
    let reply = Reply::failed(errors::PAYMENT_UNAVAILABLE, "overtaken by a later command");
    post.reply(progress.waiting_task.take(), &reply);
    progress.waiting_task = task;
}

/// Tells the waiting task what the gateway's answer came to.
pub fn on_settled(
    mut progress: OrderProgress,
    settled: Settled,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> OrderProgress {
    let reply = match settled {
        Settled::Authorised => done(Operation::Authorise, post.effects.key()),
        Settled::Captured => done(Operation::Capture, post.effects.key()),
        Settled::Voided => done(Operation::Void, post.effects.key()),
        Settled::Declined(reason) => Reply::failed(errors::PAYMENT_DECLINED, reason),
        Settled::Unavailable(_) => Reply::failed(
            errors::PAYMENT_UNAVAILABLE,
            "the payment gateway did not answer; it may have acted",
        ),
        Settled::Refused(reason) => {
            Reply::failed(errors::ILLEGAL_STEP, format!("the payment gateway refused: {reason}"))
        }
    };
    post.reply(progress.waiting_task.take(), &reply);
    progress
}

/// An authorisation is named after its order, which is what the gateway knows it by: a repeated command gets the
/// same answer.
fn done(operation: Operation, order_id: &str) -> Reply {
    match operation {
        Operation::Authorise => {
            Reply::Succeeded { output: json!({ "authorisation_id": format!("authorisation-{order_id}") }) }
        }
        Operation::Capture | Operation::Void => Reply::done(),
    }
}

fn move_on(
    mut progress: OrderProgress,
    to: Progress,
    task: Option<String>,
    post: &mut Post<'_, GatewayCall, Replayed>,
) -> Result<OrderProgress, Rejected> {
    match steps::advance(&mut progress, to, post.now()) {
        Ok(_) => post.reply(task, &Reply::done()),
        Err(cause) => post.refuse(task, cause)?,
    }
    Ok(progress)
}
