//! The AsyncAPI document says what the code does.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic like its tests")]

mod examples;
mod validator;

use std::collections::BTreeSet;

use contract::command::FUNCTIONS;
use contract::{Event, Reply, Style, asyncapi, topics};
use serde_json::Value;
use validator::Validator;

const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/asyncapi.json");
const REGENERATE: &str = "cargo run -p contract --example asyncapi > docs/asyncapi.json";

fn objects<'a>(document: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let map = document.pointer(pointer).and_then(Value::as_object);
    map.unwrap_or_else(|| panic!("no object at {pointer}")).iter()
}

#[test]
fn the_published_document_is_up_to_date() {
    let published = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
    let made = format!("{:#}\n", asyncapi::document());
    let differing = published.lines().zip(made.lines()).position(|(published, made)| published != made);
    assert!(
        published.replace("\r\n", "\n") == made,
        "docs/asyncapi.json is not what the code says (first at line {}); make it anew with\n    {REGENERATE}\n",
        differing.unwrap_or_else(|| published.lines().count().min(made.lines().count())) + 1,
    );
}

#[test]
fn every_topic_is_one_channel_and_nothing_else_is() {
    let mut topics: Vec<_> = Event::KINDS.iter().map(|(_, topic)| topic.clone()).collect();
    topics.extend(FUNCTIONS.iter().map(|function| function.topic.clone()));
    topics.extend(Style::ALL.map(topics::placed));
    topics.extend(Style::ALL.map(topics::closed));
    topics.push(topics::REPLIES);
    let topics: BTreeSet<_> = topics.iter().map(bus::Topic::as_str).collect();

    let document = asyncapi::document();
    let addresses: Vec<_> =
        objects(&document, "/channels").map(|(_, channel)| channel["address"].as_str().unwrap()).collect();
    assert_eq!(addresses.iter().copied().collect::<BTreeSet<_>>(), topics);
    assert_eq!(addresses.len(), topics.len(), "an address stands twice in {addresses:?}");
}

#[test]
fn every_type_is_one_message_on_a_channel_and_nothing_else_is() {
    let mut kinds: BTreeSet<_> = Event::KINDS.iter().map(|(kind, _)| *kind).collect();
    kinds.extend(FUNCTIONS.iter().map(|function| function.kind));
    kinds.insert(Reply::KIND);

    let document = asyncapi::document();
    let messages = objects(&document, "/components/messages");
    let named: BTreeSet<_> = messages.map(|(_, message)| message["name"].as_str().unwrap()).collect();
    assert_eq!(named, kinds);

    let validator = Validator { document: &document };
    let mut carried = BTreeSet::new();
    for (id, channel) in objects(&document, "/channels") {
        let messages: Vec<_> = channel["messages"].as_object().unwrap().iter().collect();
        let [(kind, message)] = messages[..] else { panic!("{id} carries {} messages", messages.len()) };
        assert_eq!(validator.resolve(&message["$ref"])["name"], **kind, "on {id}");
        carried.insert(kind.as_str());
    }
    assert_eq!(carried, kinds);
}

#[test]
fn what_asks_a_participant_to_act_is_received_and_all_else_is_sent() {
    let document = asyncapi::document();
    let validator = Validator { document: &document };
    let mut described = BTreeSet::new();
    for (id, operation) in objects(&document, "/operations") {
        let channel = validator.resolve(&operation["channel"]["$ref"]);
        let address = channel["address"].as_str().unwrap();
        let is_command = FUNCTIONS.iter().any(|function| function.topic.as_str() == address);
        let is_entry = Style::ALL.iter().any(|style| topics::placed(*style).as_str() == address);
        assert_eq!(operation["action"], if is_command || is_entry { "receive" } else { "send" }, "{id}");
        assert_eq!(operation.get("reply").is_some(), is_command, "{id}");
        if is_command {
            let replies = validator.resolve(&operation["reply"]["channel"]["$ref"]);
            assert_eq!(replies["address"], topics::REPLIES.as_str(), "{id}");
        }
        for message in [&operation["messages"][0], &operation["reply"]["messages"][0]] {
            if let Some(reference) = message.get("$ref") {
                validator.resolve(validator.resolve(reference).get("$ref").unwrap());
            }
        }
        assert!(described.insert(address.to_owned()), "{address} has two operations");
    }
    // The channel of replies is the reply of every command.
    assert_eq!(described.len() + 1, objects(&document, "/channels").count());
}
