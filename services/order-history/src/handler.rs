//! The service as a participant's handler.

use contract::Command;
use contract::command::errors;
use participant::{Effects, Handler, Input, NoCalls, Rejected};
use styles::{Post, Replay, Request};

use crate::asked::{Answer, Ask};
use crate::state::OrderRecord;
use crate::{SOURCE, choreography, orchestration, place, replay};

/// Decides what each message means to the history.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderHistory;

impl Handler for OrderHistory {
    type State = OrderRecord;
    type Call = NoCalls;
    type Outcome = NoCalls;
    type Request = Ask;
    type Answer = Answer;

    fn handle(
        &self,
        state: Option<OrderRecord>,
        input: Input<'_, NoCalls, Ask>,
        effects: &mut Effects<NoCalls, Answer>,
    ) -> Result<Option<OrderRecord>, Rejected> {
        let message = match input {
            Input::Message(message) => message,
            Input::Timer(name) => return Err(Rejected(format!("the history sets no timer {name:?}"))),
            Input::Outcome(never) => match *never {},
            Input::Request(Ask::Place(place)) => return Ok(Some(place::place(state, place, effects))),
            Input::Request(Ask::Replay(Replay)) => {
                replay::replay(state.as_ref(), effects);
                return Ok(state);
            }
        };
        let (request, context) = styles::read(message)?;
        let mut post = Post::new(effects, SOURCE, context.style, context.traceparent.as_deref());
        if let Some(record) = &state
            && record.style != context.style
        {
            let cause = format!("the order is processed in the {}", record.style);
            let error = match request {
                Request::Command(Command::RecordOrder { .. }) => errors::DUPLICATE_ORDER,
                _ => errors::ILLEGAL_STEP,
            };
            post.refuse_as(error, context.task, cause)?;
            return Ok(state);
        }
        match request {
            Request::Event(event) => choreography::on_event(state, event, &mut post),
            // An order in an event is checked as it is read; one in a command is what a workflow made of it.
            Request::Command(Command::RecordOrder { order }) if !order.form_errors().is_empty() => {
                let problems: Vec<_> = order.form_errors().iter().map(ToString::to_string).collect();
                post.refuse(context.task, format!("this is no order: {}", problems.join("; ")))?;
                Ok(state)
            }
            Request::Command(command) => orchestration::on_command(state, command, context.task, &mut post),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
