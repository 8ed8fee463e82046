//! The service as a participant's handler.

use contract::Style;
use participant::{Effects, Handler, Input, Rejected};
use styles::{Post, Replay, Replayed, Request};

use crate::gateway::{GatewayCall, GatewayOutcome};
use crate::state::OrderProgress;
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
            (Input::Message(message), mut state) => {
                let (request, context) = styles::read(message)?;
                let mut post = Post::new(effects, SOURCE, context.style, context.traceparent.as_deref());
                if let Some(progress) = &state
                    && progress.style != context.style
                {
                    post.refuse(context.task, format!("the order is processed in the {}", progress.style))?;
                    return Ok(state);
                }
                if let (Some(progress), Some(_)) = (&mut state, &context.traceparent) {
                    // Whatever happens later, to a timer or a call, comes from the latest message.
                    progress.traceparent.clone_from(&context.traceparent);
                }
                match request {
                    Request::Event(event) => {
                        choreography::on_event(state, event, context, &mut post).map(Some)
                    }
                    Request::Command(command) => {
                        orchestration::on_command(state, command, context, &mut post)
                    }
                }
            }
            (Input::Timer(name), Some(progress)) => {
                let traceparent = progress.traceparent.clone();
                let mut post = Post::new(effects, SOURCE, progress.style, traceparent.as_deref());
                choreography::on_timer(&self.settings, progress, name, &mut post).map(Some)
            }
            (Input::Outcome(outcome), Some(mut progress)) => {
                let at = effects.now();
                let Some(settled) = steps::settle(&mut progress, outcome, at) else {
                    return Ok(Some(progress));
                };
                let traceparent = progress.traceparent.clone();
                let mut post = Post::new(effects, SOURCE, progress.style, traceparent.as_deref());
                match progress.style {
                    Style::Choreography => {
                        choreography::on_settled(&self.settings, progress, settled, &mut post).map(Some)
                    }
                    Style::Orchestration => Ok(Some(orchestration::on_settled(progress, settled, &mut post))),
                }
            }
            (Input::Request(Replay), state) => {
                let before = effects.messages().len();
                if let Some(progress) = &state {
                    let traceparent = progress.traceparent.as_deref();
                    let mut post = Post::new(effects, SOURCE, progress.style, traceparent);
                    match progress.style {
                        Style::Choreography => choreography::say_again(progress, &mut post),
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
