//! The service as a participant's handler.

use contract::command::Milestone;
use contract::{Command, Event, Style};
use participant::{Effects, Handler, Input, Rejected};
use styles::{Context, Post, Replay, Replayed, Service};

use crate::restaurant::{Offer, OfferOutcome};
use crate::state::{OrderNotices, What};
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
            (Input::Message(message), state) => styles::dispatch(self, state, message, effects),
            (Input::Timer(name), Some(order)) => {
                let mut post = Post::about(effects, SOURCE, &order);
                choreography::on_timer(order, name, &mut post).map(Some)
            }
            (Input::Outcome(OfferOutcome(decision)), Some(mut order)) => {
                // Silence changes nothing: a time-out decides.
                let Some(decision) = *decision else { return Ok(Some(order)) };
                if !steps::answer(&mut order, decision) {
                    return Ok(Some(order));
                }
                let mut post = Post::about(effects, SOURCE, &order);
                match order.style {
                    Style::Choreography => choreography::on_decision(order, decision, &mut post).map(Some),
                    Style::Orchestration => Ok(Some(orchestration::on_decision(order, decision, &mut post))),
                }
            }
            (Input::Request(Replay), state) => {
                let said = styles::replay::<Self>(state.as_ref(), effects);
                effects.answer(said);
                Ok(state)
            }
            (input, None) => Err(Rejected(format!("{input:?} of an order that is not known here"))),
        }
    }

    fn is_over(&self, order: &OrderNotices) -> bool {
        let ends = |what| {
            matches!(what, What::Customer(Milestone::Delivered | Milestone::Rejected | Milestone::Cancelled))
        };
        order.notices.last().is_some_and(|notice| ends(notice.what))
    }
}

impl Service for Notifications {
    type Order = OrderNotices;
    type Call = Offer;
    type Answer = Replayed;
    const SOURCE: &'static str = SOURCE;

    fn on_event(
        &self,
        state: Option<OrderNotices>,
        event: Event,
        context: Context,
        post: &mut Post<'_, Offer, Replayed>,
    ) -> Result<Option<OrderNotices>, Rejected> {
        choreography::on_event(&self.settings, state, event, context.traceparent, post)
    }

    fn on_command(
        &self,
        state: Option<OrderNotices>,
        command: Command,
        context: Context,
        post: &mut Post<'_, Offer, Replayed>,
    ) -> Result<Option<OrderNotices>, Rejected> {
        orchestration::on_command(state, command, context, post).map(Some)
    }

    fn say_again(order: &OrderNotices, post: &mut Post<'_, Offer, Replayed>) {
        match order.style {
            Style::Choreography => choreography::say_again(order, post),
            // The workflow asks again, and is answered.
            Style::Orchestration => {}
        }
    }
}

#[cfg(test)]
mod tests;
