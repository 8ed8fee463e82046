//! Reading a message of either style.

use bus::Message;
use contract::command::TASK_HEADER;
use contract::{Command, Envelope, Event, Style};
use participant::Rejected;

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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use contract::Encoded;
    use contract::command::{START_PREPARATION, encode_call};

    use super::*;

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
}
