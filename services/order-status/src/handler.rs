//! The service as a participant's handler.

use contract::Style;
use participant::{Effects, Handler, Input, Millis, Rejected};
use styles::{Post, Replay, Replayed, Request};

use crate::gateway::{GatewayCall, GatewayOutcome};
use crate::state::OrderProgress;
use crate::{SOURCE, choreography, orchestration, steps};

/// How the choreography retries and how long things take in it. In the orchestration the workflow says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How often an authorisation is tried again before it is given up and voided.
    pub authorise_retries_max: u32,
    /// How often a capture or a void is tried before a person has to look: then the order stays as it is, and the
    /// answer is rejected with the reason.
    pub settle_attempts_max: u32,
    /// The waiting time before the first retry; each further one is half as long again.
    pub retry_base_ms: u32,
    /// The longest waiting time between retries.
    pub retry_cap_ms: u32,
    /// How long the kitchen takes.
    pub preparation_ms: u32,
    /// How long until a courier has taken a prepared order.
    pub dispatch_ms: u32,
    /// How long the courier is on the way.
    pub delivery_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            authorise_retries_max: 4,
            settle_attempts_max: 1000,
            retry_base_ms: 1000,
            retry_cap_ms: 5000,
            preparation_ms: 0,
            dispatch_ms: 0,
            delivery_ms: 0,
        }
    }
}

impl Settings {
    /// How long to wait after the `attempt`-th try (from 1).
    #[must_use]
    pub fn retry_delay(&self, attempt: u32) -> Millis {
        let cap = u64::from(self.retry_cap_ms);
        let mut delay = u64::from(self.retry_base_ms).min(cap);
        for _ in 1..attempt {
            let longer = (delay + delay / 2).min(cap);
            if longer == delay {
                break;
            }
            delay = longer;
        }
        // Both limits are 32 bits wide.
        delay as Millis
    }
}

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
