//! The service as a participant's handler.

use contract::command::errors;
use contract::{Command, Event, Style};
use participant::{Effects, Handler, Input, NoCalls, Rejected};
use styles::{Context, Post, Replay, Service};

use crate::asked::{Answer, Ask};
use crate::state::OrderRecord;
use crate::{SOURCE, choreography, orchestration, place, steps};

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
        match input {
            Input::Message(message) => styles::dispatch(self, state, message, effects),
            Input::Timer(name) => Err(Rejected(format!("the history sets no timer {name:?}"))),
            Input::Outcome(never) => match *never {},
            Input::Request(Ask::Place(place)) => Ok(Some(place::place(state, place, effects))),
            Input::Request(Ask::Replay(Replay)) => {
                let said = styles::replay::<Self>(state.as_ref(), effects);
                effects.answer(Answer::Replayed(said));
                Ok(state)
            }
        }
    }

    fn is_over(&self, record: &OrderRecord) -> bool {
        record.status.is_some()
    }
}

impl Service for OrderHistory {
    type Order = OrderRecord;
    type Call = NoCalls;
    type Answer = Answer;
    const SOURCE: &'static str = SOURCE;

    fn on_event(
        &self,
        state: Option<OrderRecord>,
        event: Event,
        _: Context,
        post: &mut Post<'_, NoCalls, Answer>,
    ) -> Result<Option<OrderRecord>, Rejected> {
        choreography::on_event(state, event, post)
    }

    fn on_command(
        &self,
        state: Option<OrderRecord>,
        command: Command,
        context: Context,
        post: &mut Post<'_, NoCalls, Answer>,
    ) -> Result<Option<OrderRecord>, Rejected> {
        match command {
            // An order in an event is checked as it is read; one in a command is what a workflow made of it.
            Command::RecordOrder { order } if !order.form_errors().is_empty() => {
                let problems: Vec<_> = order.form_errors().iter().map(ToString::to_string).collect();
                post.refuse(context.task, format!("this is no order: {}", problems.join("; ")))?;
                Ok(state)
            }
            command => orchestration::on_command(state, command, context.task, post),
        }
    }

    /// What would record the order finds its id taken.
    fn refuses_as(command: &Command) -> &'static str {
        match command {
            Command::RecordOrder { .. } => errors::DUPLICATE_ORDER,
            _ => errors::ILLEGAL_STEP,
        }
    }

    /// That the order was placed, and what became of it here: with that its flow begins wherever nobody has heard of it. In
    /// the orchestration the workflow asks for everything else.
    fn say_again(record: &OrderRecord, post: &mut Post<'_, NoCalls, Answer>) {
        post.publish_again(&Event::OrderPlaced { order: record.order.clone() });
        match steps::closed(record) {
            Some(closed) => post.publish_again(&closed),
            None if record.style == Style::Choreography && !record.is_to_be_recorded() => {
                post.publish_again(&Event::OrderRecorded { order: record.order.clone() });
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
