//! The service as a participant's handler.

use async_trait::async_trait;
use contract::Command;
use participant::{CallId, Caller, Effects, Handler, Input, Rejected};
use serde::{Deserialize, Serialize};
use service::{Post, Request};

use crate::state::OrderRecord;
use crate::{SOURCE, choreography, orchestration};

/// Decides what each message means to the history.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderHistory;

/// A call or an outcome that there never is: the history needs nobody outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Never {}

/// The caller of a service that makes no calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCalls;

#[async_trait]
impl Caller<Never, Never> for NoCalls {
    async fn call(&self, _: &CallId, call: &Never) -> Never {
        *call
    }
}

impl Handler for OrderHistory {
    type State = OrderRecord;
    type Call = Never;
    type Outcome = Never;

    fn handle(
        &self,
        state: Option<OrderRecord>,
        input: Input<'_, Never>,
        effects: &mut Effects<Never>,
    ) -> Result<Option<OrderRecord>, Rejected> {
        let message = match input {
            Input::Message(message) => message,
            Input::Timer(name) => return Err(Rejected(format!("the history sets no timer {name:?}"))),
            Input::Outcome(never) => match *never {},
        };
        let (request, context) = service::read(message)?;
        let mut post = Post::new(effects, SOURCE, context.style, context.traceparent.as_deref());
        if let Some(record) = &state
            && record.style != context.style
        {
            let cause = format!("the order is processed in the {}", record.style);
            post.refuse(context.task, cause)?;
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
