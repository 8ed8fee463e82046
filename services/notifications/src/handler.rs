//! The service as a participant's handler.

use contract::Style;
use participant::{Effects, Handler, Input, Rejected};
use styles::{Post, Replay, Replayed, Request};

use crate::restaurant::{Offer, OfferOutcome};
use crate::state::OrderNotices;
use crate::{SOURCE, Settings, choreography, orchestration, steps};

/// Decides what each message, timer and answer of a restaurant means to who must be told what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notifications {
    /// How it works.
    pub settings: Settings,
}

impl Handler for Notifications {
    type State = OrderNotices;
    type Call = Offer;
    type Outcome = OfferOutcome;
    type Request = Replay;
    type Answer = Replayed;

    fn handle(
        &self,
        state: Option<OrderNotices>,
        input: Input<'_, OfferOutcome, Replay>,
        effects: &mut Effects<Offer, Replayed>,
    ) -> Result<Option<OrderNotices>, Rejected> {
        match (input, state) {
            (Input::Message(message), mut state) => {
                let (request, context) = styles::read(message)?;
                let mut post = Post::new(effects, SOURCE, context.style, context.traceparent.as_deref());
                if let Some(order) = &state
                    && order.style != context.style
                {
                    post.refuse(context.task, format!("the order is processed in the {}", order.style))?;
                    return Ok(state);
                }
                if let (Some(order), Some(_)) = (&mut state, &context.traceparent) {
                    // Whatever happens later, to a timer or a call, comes from the latest message.
                    order.traceparent.clone_from(&context.traceparent);
                }
                match request {
                    Request::Event(event) => {
                        choreography::on_event(&self.settings, state, event, context.traceparent, &mut post)
                    }
                    Request::Command(command) => {
                        orchestration::on_command(state, command, context, &mut post).map(Some)
                    }
                }
            }
            (Input::Timer(name), Some(order)) => {
                let traceparent = order.traceparent.clone();
                let mut post = Post::new(effects, SOURCE, order.style, traceparent.as_deref());
                choreography::on_timer(order, name, &mut post).map(Some)
            }
            (Input::Outcome(OfferOutcome(decision)), Some(mut order)) => {
                // Silence changes nothing: a time-out decides.
                let Some(decision) = *decision else { return Ok(Some(order)) };
                if !steps::answer(&mut order, decision) {
                    return Ok(Some(order));
                }
                let traceparent = order.traceparent.clone();
                let mut post = Post::new(effects, SOURCE, order.style, traceparent.as_deref());
                match order.style {
                    Style::Choreography => choreography::on_decision(order, decision, &mut post).map(Some),
                    Style::Orchestration => Ok(Some(orchestration::on_decision(order, decision, &mut post))),
                }
            }
            (Input::Request(Replay), state) => {
                let before = effects.messages().len();
                if let Some(order) = &state {
                    let mut post = Post::new(effects, SOURCE, order.style, order.traceparent.as_deref());
                    match order.style {
                        Style::Choreography => choreography::say_again(order, &mut post),
                        // The workflow asks again, and is answered.
                        Style::Orchestration => {}
                    }
                }
                let said = effects.messages().len() - before;
                effects.answer(state.as_ref().map(|_| said));
                Ok(state)
            }
            (input, None) => Err(Rejected(format!("{input:?} of an order that is not known here"))),
        }
    }
}

#[cfg(test)]
mod tests;
