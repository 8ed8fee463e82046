//! The service as a participant's handler.

use contract::{Command, Event, Style};
use participant::{Effects, Handler, Input, Rejected};
use styles::{Context, Post, Replay, Replayed, Service};

use crate::gateway::{GatewayCall, GatewayOutcome};
use crate::state::{OrderProgress, Progress};
use crate::{SOURCE, Settings, choreography, orchestration, steps};

/// Decides what each message, timer and answer of the gateway means to payment and progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderStatus {
    /// How it works.
    pub settings: Settings,
}

impl Handler for OrderStatus {
    type State = OrderProgress;
    type Call = GatewayCall;
    type Outcome = GatewayOutcome;
    type Request = Replay;
    type Answer = Replayed;

    fn handle(
        &self,
        state: Option<OrderProgress>,
        input: Input<'_, GatewayOutcome, Replay>,
        effects: &mut Effects<GatewayCall, Replayed>,
    ) -> Result<Option<OrderProgress>, Rejected> {
        match (input, state) {
            (Input::Message(message), state) => styles::dispatch(self, state, message, effects),
            (Input::Timer(name), Some(progress)) => {
                let mut post = Post::about(effects, SOURCE, &progress);
                choreography::on_timer(&self.settings, progress, name, &mut post).map(Some)
            }
            (Input::Outcome(outcome), Some(mut progress)) => {
                let at = effects.now();
                let Some(settled) = steps::settle(&mut progress, outcome, at) else {
                    return Ok(Some(progress));
                };
                let mut post = Post::about(effects, SOURCE, &progress);
                match progress.style {
                    Style::Choreography => {
                        choreography::on_settled(&self.settings, progress, settled, &mut post).map(Some)
                    }
                    Style::Orchestration => Ok(Some(orchestration::on_settled(progress, settled, &mut post))),
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

    fn is_over(&self, order: &OrderProgress) -> bool {
        matches!(order.progress, Progress::Delivered | Progress::Cancelled)
    }
}

impl Service for OrderStatus {
    type Order = OrderProgress;
    type Call = GatewayCall;
    type Answer = Replayed;
    const SOURCE: &'static str = SOURCE;

    fn on_event(
        &self,
        state: Option<OrderProgress>,
        event: Event,
        context: Context,
        post: &mut Post<'_, GatewayCall, Replayed>,
    ) -> Result<Option<OrderProgress>, Rejected> {
        choreography::on_event(state, event, context, post).map(Some)
    }

    fn on_command(
        &self,
        state: Option<OrderProgress>,
        command: Command,
        context: Context,
        post: &mut Post<'_, GatewayCall, Replayed>,
    ) -> Result<Option<OrderProgress>, Rejected> {
        orchestration::on_command(state, command, context, post)
    }

    fn say_again(order: &OrderProgress, post: &mut Post<'_, GatewayCall, Replayed>) {
        match order.style {
            Style::Choreography => choreography::say_again(order, post),
            // The workflow asks again, and is answered.
            Style::Orchestration => {}
        }
    }
}

#[cfg(test)]
mod tests;
