//! The messages: headers, body, examples.

use bus::Topic;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::catalogue::{self, Entry};
use super::schema::{ENVELOPE, Payloads, reference};
use crate::command::{TASK_HEADER, encode_call};
use crate::{Command, Encoded, Envelope, Event, Millis, Reply, Style};

/// 2026-03-01T18:30:00Z, the time of all examples.
const AT: Millis = 1_772_389_800_000;
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// The task that a command and its reply are examples of.
const TASK: &str = "7";

/// A message as the document has it.
pub(super) struct Described {
    /// Its CloudEvents type.
    pub(super) kind: &'static str,
    /// What it says, in a sentence or two.
    pub(super) about: String,
    /// Where it is published.
    pub(super) topics: Vec<Topic>,
    /// Its Message Object.
    pub(super) object: Value,
}

/// Every event, in the order of the flow.
pub(super) fn events(payloads: &mut Payloads) -> Vec<Described> {
    let schemas = std::mem::take(&mut payloads.events);
    catalogue::events()
        .into_iter()
        .zip(schemas)
        .map(|(entry, schema)| event(&entry, schema, payloads))
        .collect()
}

fn event(entry: &Entry<Event>, schema: Value, payloads: &mut Payloads) -> Described {
    let written = Style::ALL.map(|style| (style, entry.example.encode(&envelope(style), "duet/example", AT)));
    // What is of one style only is published in that style's stream whatever its envelope says.
    let of_its_style = |(style, encoded): &(Style, Encoded)| encoded.topic.stream() == style.as_str();
    let (styles, written): (Vec<_>, Vec<_>) = written.into_iter().filter(of_its_style).unzip();
    let mut message = Draft::new(entry.name, entry.example.kind(), &styles, schema, payloads);
    message.topics = written.iter().map(|encoded| encoded.topic.clone()).collect();
    message.examples =
        styles.iter().zip(&written).map(|(style, encoded)| example(style.as_str(), encoded)).collect();
    message.finish()
}

/// Every command.
pub(super) fn commands(payloads: &mut Payloads) -> Vec<Described> {
    let schemas = std::mem::take(&mut payloads.commands);
    let entries = catalogue::commands().into_iter().zip(schemas);
    entries.map(|(entry, schema)| command(&entry, schema, payloads)).collect()
}

fn command(entry: &Entry<Command>, schema: Value, payloads: &mut Payloads) -> Described {
    let function = entry.example.function();
    let payload =
        serde_json::to_vec(&entry.example).expect("a command has only string keys and finite numbers");
    let envelope = envelope(Style::Orchestration);
    let call =
        |task| encode_call(&function, Bytes::from(payload.clone()), task, &envelope, "duet/orchestrator", AT);
    let mut message = Draft::new(entry.name, function.kind, &[Style::Orchestration], schema, payloads);
    message.header(
        TASK_HEADER,
        "What the reply brings back as `correlationid`; without it, no reply is wanted.",
        Presence::Optional,
    );
    message.topics = vec![function.topic.clone()];
    message.examples = vec![example("answered", &call(Some(TASK))), example("unanswered", &call(None))];
    message.correlation = Some(TASK_HEADER);
    message.finish()
}

/// The reply, which is the same for all commands.
pub(super) fn reply() -> Described {
    let styles = [Style::Orchestration];
    let envelope = Envelope { correlation: Some(TASK.to_owned()), ..envelope(Style::Orchestration) };
    let about =
        "What became of a command: the function's result, or the error for the workflow's Retry and Catch.";
    let mut message = Draft::referring("Reply", Reply::KIND, &styles, about.to_owned(), reference("Reply"));
    message.header("correlationid", "The `taskid` of the command that this answers.", Presence::Required);
    message.topics = vec![crate::topics::REPLIES];
    let written = catalogue::replies().into_iter().map(|entry| {
        let encoded = entry.example.encode(&envelope, "duet/order-status", AT);
        example(entry.name, &encoded)
    });
    message.examples = written.collect();
    message.correlation = Some("correlationid");
    message.finish()
}

fn envelope(style: Style) -> Envelope {
    Envelope { traceparent: Some(TRACEPARENT.to_owned()), ..Envelope::new(style) }
}

fn example(name: &str, encoded: &Encoded) -> Value {
    let headers: Map<String, Value> =
        encoded.headers.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let payload: Value = serde_json::from_slice(&encoded.body).expect("what the contract writes is JSON");
    json!({ "name": name, "headers": headers, "payload": payload })
}

enum Presence {
    Required,
    Optional,
}

/// A message that is being described.
struct Draft {
    name: &'static str,
    kind: &'static str,
    about: String,
    payload: Value,
    headers: Map<String, Value>,
    headers_required: Vec<&'static str>,
    topics: Vec<Topic>,
    examples: Vec<Value>,
    correlation: Option<&'static str>,
}

impl Draft {
    /// With a body of its own, whose schema says what the message is about.
    fn new(
        name: &'static str,
        kind: &'static str,
        styles: &[Style],
        schema: Value,
        payloads: &mut Payloads,
    ) -> Self {
        let about = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
        let payload = payloads.name(name, schema);
        Self::referring(name, kind, styles, about, payload)
    }

    fn referring(
        name: &'static str,
        kind: &'static str,
        styles: &[Style],
        about: String,
        payload: Value,
    ) -> Self {
        let styles: Vec<_> = styles.iter().map(|style| style.as_str()).collect();
        let headers = [("type", json!({ "const": kind })), ("style", json!({ "enum": styles }))];
        Self {
            name,
            kind,
            about,
            payload,
            headers: headers.map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect(),
            headers_required: Vec::new(),
            topics: Vec::new(),
            examples: Vec::new(),
            correlation: None,
        }
    }

    fn header(&mut self, name: &'static str, about: &str, presence: Presence) {
        self.headers.insert(name.to_owned(), json!({ "type": "string", "description": about }));
        if let Presence::Required = presence {
            self.headers_required.push(name);
        }
    }

    fn finish(self) -> Described {
        let mut headers = json!({
            "type": "object",
            "allOf": [reference(ENVELOPE)],
            "properties": self.headers,
        });
        if !self.headers_required.is_empty() {
            headers["required"] = self.headers_required.into();
        }
        let mut object = json!({
            "name": self.kind,
            "title": self.name,
            "description": &self.about,
            "contentType": "application/json",
            "headers": headers,
            "payload": self.payload,
            "examples": self.examples,
        });
        if let Some(header) = self.correlation {
            object["correlationId"] = json!({ "location": format!("$message.header#/{header}") });
        }
        Described { kind: self.kind, about: self.about, topics: self.topics, object }
    }
}
