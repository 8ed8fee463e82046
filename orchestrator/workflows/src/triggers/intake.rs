//! What a message of the bus starts.

use std::sync::Arc;

use bus::Message;
use contract::time;
use executions::{Begin, Catalogue, ToBegin, Unfit};
use participant::Clock;
use rules::{Envelope, Origin};
use serde_json::Value;
use store::StoreError;
use xxhash_rust::xxh3::xxh3_128;

use super::book::{Armed, Book, Known};

/// The longest name that an execution may have, in characters, less the hash and what stands before it.
const RULE_CHARS_MAX: usize = 80 - 32 - 1;

/// Tells what messages start.
pub(crate) struct Intake {
    pub(crate) book: Book,
    catalogue: Catalogue,
    clock: Arc<dyn Clock>,
}

impl Intake {
    pub(crate) fn new(book: Book, catalogue: Catalogue, clock: Arc<dyn Clock>) -> Self {
        Self { book, catalogue, clock }
    }

    /// What begins of a message: for each rule that it matches an execution, or why there can be none. Nothing if it matches none.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn begins(&self, known: &Known, message: &Message) -> Result<Vec<Begin>, StoreError> {
        let rules = known.of_topic(&message.topic);
        if rules.is_empty() {
            return Ok(Vec::new());
        }
        let ingested = time::format(self.clock.now());
        let event = match event(self.book.home(), message, &ingested) {
            Ok(event) => event,
            Err(reason) => return Ok(vec![Begin::refused(reason)]),
        };
        let mut begins = Vec::new();
        for armed in rules {
            begins.extend(self.begin(armed, message, &event, &ingested).await?);
        }
        Ok(begins)
    }

    async fn begin(
        &self,
        armed: &Armed,
        message: &Message,
        event: &Value,
        ingested: &str,
    ) -> Result<Option<Begin>, StoreError> {
        let Armed { rule, arn, logic } = armed;
        let refused = |reason: String| Some(Begin::refused(format!("rule {}: {reason}", rule.name)));
        let logic = match logic {
            Ok(logic) => logic,
            Err(problem) => return Ok(refused(problem.to_string())),
        };
        if !logic.matches(event) {
            return Ok(None);
        }
        let input = match logic.input(event, Origin { rule_arn: arn, rule_name: &rule.name, ingested }) {
            Ok(input) => input,
            Err(none) => return Ok(refused(none.to_string())),
        };
        let name = execution_name(&rule.name, &message.id);
        let by = format!("rule/{}/{}", rule.name, message.id);
        let wanted = ToBegin { machine_arn: &rule.machine, name: &name, input, by };
        let ready = Begin::ready(self.book.store().reader(), &self.catalogue, wanted).await?;
        Ok(match ready {
            Ok(begin) => Some(begin),
            Err(Unfit(reason)) => refused(reason),
        })
    }
}

/// The name of the execution that a rule starts for a message: the beginning of the rule's, and a hash of both.
pub(crate) fn execution_name(rule: &str, message_id: &str) -> String {
    // No rule's name has a slash.
    let hash = xxh3_128(format!("{rule}/{message_id}").as_bytes());
    let rule: String = rule.chars().take(RULE_CHARS_MAX).collect();
    format!("{rule}_{hash:032x}")
}

/// The message as an event.
///
/// # Errors
/// Its body is no JSON.
pub(crate) fn event(home: &actions::Scope, message: &Message, ingested: &str) -> Result<Value, String> {
    let detail = if message.body.is_empty() {
        Value::Object(serde_json::Map::new())
    } else {
        serde_json::from_slice(&message.body).map_err(|error| {
            format!("its body is no JSON, and so it is no event that a rule could match: {error}")
        })?
    };
    let topic = &message.topic;
    let said = message.headers.get("time").filter(|time| time::parse(time).is_ok());
    let envelope = Envelope {
        id: &message.id,
        kind: topic.kind(),
        source: message.headers.get("source").filter(|source| !source.is_empty()).unwrap_or(topic.stream()),
        account: &home.account,
        time: said.unwrap_or(ingested),
        region: &home.region,
        resources: &[topic.as_str(), &message.key],
        detail,
    };
    Ok(envelope.event())
}

#[cfg(test)]
mod tests {
    use bus::{Headers, Topic};
    use serde_json::json;

    use super::*;

    fn message(body: &'static str) -> Message {
        Message {
            id: "edge/o-1/1".to_owned(),
            topic: Topic::new("choreography/order.placed"),
            key: "o-1".to_owned(),
            headers: Headers::default(),
            body: body.as_bytes().into(),
        }
    }

    #[test]
    fn a_message_is_an_event() {
        let home = actions::Scope::default();
        let mut said = message(r#"{"order_id": "o-1", "total": 12.50}"#);
        let expected = |time: &str, source: &str, detail: Value| {
            json!({
                "version": "0", "id": "edge/o-1/1", "detail-type": "order.placed", "source": source, "account": "123456789012",
                "time": time, "region": "us-east-1", "resources": ["choreography/order.placed", "o-1"], "detail": detail,
            })
        };
        let detail: Value = serde_json::from_slice(&said.body).unwrap();
        let now = "2026-11-27T00:00:00.000Z";
        assert_eq!(event(&home, &said, now), Ok(expected(now, "choreography", detail.clone())));
        said.headers.set("time", "2026-11-26T23:59:59.500Z");
        said.headers.set("source", "edge");
        assert_eq!(event(&home, &said, now), Ok(expected("2026-11-26T23:59:59.500Z", "edge", detail)));
        assert_eq!(event(&home, &message(""), now), Ok(expected(now, "choreography", json!({}))));
        assert_eq!(event(&home, &message("[1]"), now), Ok(expected(now, "choreography", json!([1]))));
        assert!(event(&home, &message("{"), now).unwrap_err().starts_with("its body is no JSON"));
    }

    #[test]
    fn the_name_of_an_execution_follows_from_rule_and_message() {
        let long = "r".repeat(64);
        let names = [("a", "1"), ("a", "2"), ("b", "1"), (long.as_str(), "1"), (&long[1..], "1")];
        let mut made: Vec<_> = names.map(|(rule, id)| execution_name(rule, id)).to_vec();
        assert_eq!(made[0], execution_name("a", "1"));
        assert!(made.iter().all(|name| engine::is_name(name)), "{made:?}");
        made.dedup();
        assert_eq!(made.len(), names.len(), "{made:?}");
    }
}
