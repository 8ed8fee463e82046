//! The contract as an AsyncAPI 3 document, made from the types that the services use.
//!
//! [`document`] describes every topic (as a channel), every message on it with the JSON Schema of exactly its body and
//! with examples that the crate's own encoders wrote, and what participants do with them (as operations).
//!
//! The catalogue of examples lists each event, command and reply by name without a wildcard, so that a new one does not
//! compile until it is listed; tests keep the rest true.

mod catalogue;
mod message;
mod schema;

use bus::Topic;
use serde_json::{Map, Value, json};

use crate::command::FUNCTIONS;
use crate::{Reply, topics};
use message::Described;
use schema::Payloads;

const ABOUT: &str = "\
The messages that Duet's participants (the services and the orchestrator) exchange about an order. Generated from the \
code of the crate `contract`.

**Envelope.** CloudEvents 1.0 in binary mode: `id` and `subject` (the order's id) travel as the message's own id and \
key, all other attributes as headers, the data as JSON in the body.

**Delivery.** At least once: a message that comes again keeps its id, so drop the ids that you have handled. The part \
of an address before the slash names a stream; within it the messages of one order keep their order.

**Operations** are seen from the participant that does the work. It receives what asks it to act (a new order, a \
command, which it answers on the channel of replies) and sends what it has done: events, for whoever subscribes. \
Whoever places orders, calls functions or subscribes to events takes the other side of the operation.";

/// The whole contract as an AsyncAPI 3.0.0 document. The same on every call, with its keys in alphabetical order.
#[must_use]
pub fn document() -> Value {
    let mut payloads = Payloads::generate();
    let events = message::events(&mut payloads);
    let commands = message::commands(&mut payloads);
    let reply = message::reply();

    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Duet",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "defaultContentType": "application/json",
        "channels": channels(&events, &commands, &reply),
        "operations": operations(&events, &commands),
        "components": {
            "messages": messages(events.iter().chain(&commands).chain([&reply])),
            "schemas": payloads.into_components(),
        },
    });
    // The same text however it is put together.
    document.sort_all_objects();
    document
}

fn channels(events: &[Described], commands: &[Described], reply: &Described) -> Map<String, Value> {
    let events = events.iter().flat_map(|event| {
        let described = |topic| channel(topic, event, format!("{}: {}", topic.stream(), event.about));
        event.topics.iter().map(described)
    });
    let commands = commands.iter().flat_map(|command| {
        let described = |topic| channel(topic, command, format!("Calls of {}.", function_at(topic)));
        command.topics.iter().map(described)
    });
    let replies = channel(&topics::REPLIES, reply, "What the called functions answer.".to_owned());
    events.chain(commands).chain([replies]).collect()
}

fn channel(topic: &Topic, message: &Described, about: String) -> (String, Value) {
    let channel = json!({
        "address": topic.as_str(),
        "description": about,
        "messages": { (message.kind): { "$ref": format!("#/components/messages/{}", message.kind) } },
    });
    (channel_id(topic), channel)
}

fn function_at(topic: &Topic) -> String {
    let known = FUNCTIONS.iter().find(|function| function.topic == *topic);
    let name = known.map_or(topic.kind(), |function| function.name);
    let service = topic.stream().trim_end_matches(".commands");
    format!("the function `{name}`, which {service} offers")
}

/// The topic's name without the slash, which a JSON pointer would have to escape.
fn channel_id(topic: &Topic) -> String {
    topic.as_str().replace('/', ".")
}

fn operations(events: &[Described], commands: &[Described]) -> Map<String, Value> {
    let mut operations = Map::new();
    for event in events {
        // The entry of an order is the one event that comes from outside.
        let action =
            if event.topics.contains(&crate::event::topic::OrderPlaced) { "receive" } else { "send" };
        for topic in &event.topics {
            operations.insert(
                format!("{action}.{}", channel_id(topic)),
                operation(action, topic, event, event.about.clone()),
            );
        }
    }
    for command in commands {
        for topic in &command.topics {
            let mut call = operation("receive", topic, command, command.about.clone());
            call["reply"] = json!({
                "channel": channel_ref(&topics::REPLIES),
                "messages": [message_ref(&topics::REPLIES, Reply::KIND)],
            });
            operations.insert(format!("receive.{}", channel_id(topic)), call);
        }
    }
    operations
}

fn operation(action: &str, topic: &Topic, message: &Described, about: String) -> Value {
    json!({
        "action": action,
        "channel": channel_ref(topic),
        "summary": about,
        "messages": [message_ref(topic, message.kind)],
    })
}

fn channel_ref(topic: &Topic) -> Value {
    json!({ "$ref": format!("#/channels/{}", channel_id(topic)) })
}

fn message_ref(topic: &Topic, kind: &str) -> Value {
    json!({ "$ref": format!("#/channels/{}/messages/{kind}", channel_id(topic)) })
}

fn messages<'a>(described: impl Iterator<Item = &'a Described>) -> Map<String, Value> {
    described.map(|message| (message.kind.to_owned(), message.object.clone())).collect()
}
