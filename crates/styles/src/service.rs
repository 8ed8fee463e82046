//! The one place where a message finds its style: an event of the choreography, or a command of the orchestration.

use bus::Message;
use contract::command::errors;
use contract::{Command, Event};
use participant::{Effects, Rejected};

use crate::kept::Kept;
use crate::post::Post;
use crate::request::{Context, Request, read};

/// A service that works in both styles.
pub trait Service {
    /// An order as it keeps it.
    type Order: Kept;
    /// A call to the outside.
    type Call;
    /// What it answers its own process.
    type Answer;
    /// The CloudEvents source of its messages.
    const SOURCE: &'static str;

    /// Decides on an event about this order.
    ///
    /// # Errors
    /// The event does not belong here, or not to an order in this state.
    fn on_event(
        &self,
        order: Option<Self::Order>,
        event: Event,
        context: Context,
        post: &mut Post<'_, Self::Call, Self::Answer>,
    ) -> Result<Option<Self::Order>, Rejected>;

    /// Decides on a command about this order.
    ///
    /// # Errors
    /// The command is no function of this service, or the order's state does not allow it and nobody waits for the reply.
    fn on_command(
        &self,
        order: Option<Self::Order>,
        command: Command,
        context: Context,
        post: &mut Post<'_, Self::Call, Self::Answer>,
    ) -> Result<Option<Self::Order>, Rejected>;

    /// The error by which a command about an order that is processed in the choreography is refused, out of the contract's
    /// [`errors`].
    fn refuses_as(command: &Command) -> &'static str {
        let _ = command;
        errors::ILLEGAL_STEP
    }

    /// Says again what the choreography was told of this order: see [`Replay`](crate::Replay). In the orchestration the
    /// workflow asks again, and is answered.
    fn say_again(order: &Self::Order, post: &mut Post<'_, Self::Call, Self::Answer>);
}

/// Reads a message and decides on it in its style. A message in another style than the order's is refused; otherwise its trace
/// becomes the order's.
///
/// # Errors
/// The message is malformed or rejected, or in the wrong style with nobody who waits for the reply.
pub fn dispatch<S: Service>(
    service: &S,
    mut order: Option<S::Order>,
    message: &Message,
    effects: &mut Effects<S::Call, S::Answer>,
) -> Result<Option<S::Order>, Rejected> {
    let (request, context) = read(message)?;
    let mut post = Post::new(effects, S::SOURCE, context.style, context.traceparent.as_deref());
    if let Some(other) = order.as_ref().map(Kept::style).filter(|style| *style != context.style) {
        let error = match &request {
            Request::Command(command) => S::refuses_as(command),
            Request::Event(_) => errors::ILLEGAL_STEP,
        };
        post.refuse_as(error, context.task, format!("the order is processed in the {other}"))?;
        return Ok(order);
    }
    if let (Some(order), Some(traceparent)) = (&mut order, &context.traceparent) {
        // Whatever happens later, to a timer or a call, comes from the latest message.
        order.set_traceparent(traceparent);
    }
    match request {
        Request::Event(event) => service.on_event(order, event, context, &mut post),
        Request::Command(command) => service.on_command(order, command, context, &mut post),
    }
}

#[cfg(test)]
mod tests;
