//! What the order services have in common: reading a message of either style, and answering it.
//!
//! Knows the contract and the participant, and no service. Pure: no I/O, no clock, no randomness; but for [`TracedCaller`],
//! which stands around the calls to the outside.

mod traced;

use std::convert::Infallible;

use bus::Message;
use contract::command::{TASK_HEADER, errors};
use contract::{Command, Encoded, Envelope, Event, Millis, Reply, Style};
use participant::{Effects, Rejected};

pub use traced::{TracedCall, TracedCaller};

/// What a message asks of a service.
#[derive(Debug)]
pub enum Request {
    /// The choreography: something happened.
    Event(Event),
    /// The orchestration: do this.
    Command(Command),
}

/// What comes with a message and is handed on to those it causes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The order's style.
    pub style: Style,
    /// W3C trace context, where the order came with one.
    pub traceparent: Option<String>,
    /// The orchestrator's task that waits for the reply; `None` when nobody does.
    pub task: Option<String>,
    /// Whether it says again what may have been lost: what it led to before may have been lost as well.
    pub replayed: bool,
}

/// Asks a service to say again what an order's state implies: what it committed may have been lost after the bus had taken it.
/// Nothing else happens; whoever hears it again does what it has not done yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replay;

/// How many messages were said again; `None` where nothing is known of the order.
pub type Replayed = Option<usize>;

/// Reads a message.
///
/// # Errors
/// It is malformed, its key is no order's id, or it belongs to another style than its kind does.
pub fn read(message: &Message) -> Result<(Request, Context), Rejected> {
    if !contract::order::is_id(&message.key) {
        return Err(Rejected(format!("the message's key {:?} is not the id of an order", message.key)));
    }
    let malformed = |error: contract::Malformed| Rejected(error.to_string());
    let Envelope { style, traceparent, correlation: _, replayed } =
        Envelope::of(message).map_err(malformed)?;
    let is_command = message.headers.get("type").is_some_and(|kind| kind.starts_with("duet.command."));
    let (request, its_style) = if is_command {
        (Request::Command(Command::decode(message).map_err(malformed)?), Style::Orchestration)
    } else {
        (Request::Event(Event::decode(message).map_err(malformed)?), Style::Choreography)
    };
    if style != its_style {
        return Err(Rejected(format!("a message of the {its_style} for an order of the {style}")));
    }
    let task = message.headers.get(TASK_HEADER).map(str::to_owned);
    Ok((request, Context { style, traceparent, task, replayed }))
}

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
    use super::*;
    use bytes::Bytes;
    use contract::command::{START_PREPARATION, encode_call};

    fn message(key: &str, style: Style, task: Option<&str>) -> Message {
        let payload = Bytes::from(format!("{{\"order_id\":{key:?}}}"));
        let encoded = encode_call(&START_PREPARATION, payload, task, &Envelope::new(style), "duet/test", 0);
        let Encoded { topic, headers, body } = encoded;
        Message { id: "m".into(), topic, key: key.into(), headers, body }
    }

    #[test]
    fn a_command_comes_with_its_task() {
        let (request, context) = read(&message("o-1", Style::Orchestration, Some("t-1"))).unwrap();
        assert!(matches!(request, Request::Command(Command::StartPreparation { .. })));
        assert_eq!(context.task.as_deref(), Some("t-1"));
    }

    #[test]
    fn what_cannot_belong_to_an_order_is_rejected() {
        let reason = |message| read(&message).unwrap_err().0;
        let wrong_style = reason(message("o-1", Style::Choreography, None));
        assert_eq!(wrong_style, "a message of the orchestration for an order of the choreography");
        assert!(reason(message("o 1", Style::Orchestration, None)).contains("not the id of an order"));
        let mut unknown = message("o-1", Style::Orchestration, None);
        unknown.headers.set("type", "duet.command.eat.v1");
        assert!(reason(unknown).contains("duet.command.eat.v1"));
    }

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
