//! A service's messages about one order.

use std::convert::Infallible;

use contract::command::errors;
use contract::{Encoded, Envelope, Event, Millis, Reply, Style};
use participant::{Effects, Rejected};

use crate::kept::Kept;
use crate::traced::TracedCall;

/// Writes a service's messages about one order.
#[derive(Debug)]
pub struct Post<'a, C, A = Infallible> {
    /// Everything else that follows from the decision.
    pub effects: &'a mut Effects<C, A>,
    source: &'static str,
    envelope: Envelope,
}

impl<'a, C, A> Post<'a, C, A> {
    /// For messages that `source` (a service's name, as CloudEvents writes it) sends about an order of this style and
    /// trace.
    pub fn new(
        effects: &'a mut Effects<C, A>,
        source: &'static str,
        style: Style,
        traceparent: Option<&str>,
    ) -> Self {
        let envelope = Envelope { traceparent: traceparent.map(str::to_owned), ..Envelope::new(style) };
        Self { effects, source, envelope }
    }

    /// For messages about an order that a service keeps, as part of the trace that it was last heard of in.
    pub fn about(effects: &'a mut Effects<C, A>, source: &'static str, order: &impl Kept) -> Self {
        Self::new(effects, source, order.style(), order.traceparent())
    }

    /// Publishes again an event that was published before.
    pub fn publish_again(&mut self, event: &Event) {
        let envelope = Envelope { replayed: true, ..self.envelope.clone() };
        let encoded = event.encode(&envelope, self.source, self.effects.now());
        self.send(encoded);
    }

    /// The time of the decision.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.effects.now()
    }

    /// Publishes the event.
    pub fn publish(&mut self, event: &Event) {
        let encoded = event.encode(&self.envelope, self.source, self.effects.now());
        self.send(encoded);
    }

    /// Answers the task, if there is one.
    pub fn reply(&mut self, task: Option<String>, reply: &Reply) {
        if let Some(task) = task {
            self.envelope.correlation = Some(task);
            let encoded = reply.encode(&self.envelope, self.source, self.effects.now());
            self.envelope.correlation = None;
            self.send(encoded);
        }
    }

    /// Says that the order's state does not allow what was asked: to the task, or else to the operator.
    ///
    /// # Errors
    /// No task waits, so the message belongs to the dead letters.
    pub fn refuse(&mut self, task: Option<String>, cause: impl Into<String>) -> Result<(), Rejected> {
        self.refuse_as(errors::ILLEGAL_STEP, task, cause)
    }

    /// The same under another of the contract's error names.
    ///
    /// # Errors
    /// No task waits, so the message belongs to the dead letters.
    pub fn refuse_as(
        &mut self,
        error: &str,
        task: Option<String>,
        cause: impl Into<String>,
    ) -> Result<(), Rejected> {
        let cause = cause.into();
        if task.is_none() {
            return Err(Rejected(cause));
        }
        self.reply(task, &Reply::failed(error, cause));
        Ok(())
    }

    /// Makes a call to the outside, as part of this trace, once the decision is committed.
    pub fn call(&mut self, mut call: C)
    where
        C: TracedCall,
    {
        call.traceparent().clone_from(&self.envelope.traceparent);
        self.effects.call(call);
    }

    fn send(&mut self, Encoded { topic, headers, body }: Encoded) {
        self.effects.publish(topic, headers, body);
    }
}

#[cfg(test)]
mod tests {
    use bus::Message;

    use super::*;
    use crate::request::read;

    #[test]
    fn a_reply_is_correlated_and_what_follows_is_not() {
        let mut effects = Effects::<()>::new("o-1", 5);
        let mut post = Post::new(&mut effects, "duet/test", Style::Orchestration, Some("trace"));
        post.reply(Some("t-1".into()), &Reply::done());
        post.reply(None, &Reply::done());
        post.publish(&Event::OrderPreparing {});
        let correlations: Vec<_> =
            effects.messages().iter().map(|message| message.headers.get("correlationid")).collect();
        assert_eq!(correlations, [Some("t-1"), None]);
        assert!(effects.messages().iter().all(|message| message.headers.get("traceparent") == Some("trace")));
    }

    #[test]
    fn what_is_said_again_says_so() {
        let mut effects = Effects::<()>::new("o-1", 5);
        let mut post = Post::new(&mut effects, "duet/test", Style::Choreography, None);
        post.publish_again(&Event::OrderPreparing {});
        post.publish(&Event::OrderPreparing {});
        let mut read_again = effects.messages().iter().map(|sent| {
            let (topic, headers, body) = (sent.topic.clone(), sent.headers.clone(), sent.body.clone());
            let (_, context) =
                read(&Message { id: "m".into(), topic, key: "o-1".into(), headers, body }).unwrap();
            context.replayed
        });
        assert_eq!((read_again.next(), read_again.next()), (Some(true), Some(false)));
    }

    #[test]
    fn a_refusal_reaches_the_task_or_the_operator() {
        let mut effects = Effects::<()>::new("o-1", 5);
        let mut post = Post::new(&mut effects, "duet/test", Style::Orchestration, None);
        assert_eq!(post.refuse(None, "too late"), Err(Rejected("too late".into())));
        post.refuse(Some("t-1".into()), "too late").unwrap();
        let body = std::str::from_utf8(&effects.messages()[0].body).unwrap();
        assert_eq!(body, r#"{"outcome":"failed","error":"IllegalStep","cause":"too late"}"#);
    }
}
