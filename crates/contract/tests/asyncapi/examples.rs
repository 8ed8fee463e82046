//! The examples are what the code writes and reads, and the schemas accept what the code accepts.

use bus::{Headers, Message, Topic};
use bytes::Bytes;
use contract::{Command, Envelope, Event, Malformed, Reply, asyncapi};
use serde_json::{Value, json};

use crate::objects;
use crate::validator::Validator;

/// The order that all examples are about.
const KEY: &str = "o-1001";

/// One example, and the message that it is of.
struct Example<'a> {
    kind: &'a str,
    message: &'a Value,
    headers: &'a Value,
    payload: &'a Value,
}

fn examples(document: &Value) -> Vec<Example<'_>> {
    let messages = objects(document, "/components/messages");
    messages
        .flat_map(|(kind, message)| {
            let examples = message["examples"].as_array().unwrap();
            assert!(!examples.is_empty(), "{kind} has no example");
            examples.iter().map(move |example| Example {
                kind,
                message,
                headers: &example["headers"],
                payload: &example["payload"],
            })
        })
        .collect()
}

/// Reads the body as the participants do. The key is the id of the order in the body, where there is one.
fn decode(headers: &Value, payload: &Value) -> Result<(), Malformed> {
    let order_id = payload.get("order_id").or_else(|| payload.get("order")?.get("order_id"));
    let mut set = Headers::default();
    for (name, value) in headers.as_object().unwrap() {
        set.set(name.clone(), value.as_str().unwrap().to_owned());
    }
    let message = Message {
        id: "m-1".to_owned(),
        topic: Topic::new("any"),
        key: order_id.and_then(Value::as_str).unwrap_or(KEY).to_owned(),
        headers: set,
        body: Bytes::from(payload.to_string()),
    };
    Envelope::of(&message)?;
    match headers["type"].as_str().unwrap() {
        Reply::KIND => Reply::decode(&message).map(drop),
        kind if kind.starts_with("duet.command.") => Command::decode(&message).map(drop),
        _ => Event::decode(&message).map(drop),
    }
}

#[test]
fn every_example_decodes_and_is_what_its_schemas_describe() {
    let document = asyncapi::document();
    let validator = Validator { document: &document };
    for Example { kind, message, headers, payload } in examples(&document) {
        decode(headers, payload).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert!(validator.accepts(&message["payload"], payload), "{kind}: {payload}");
        assert!(validator.accepts(&message["headers"], headers), "{kind}: {headers}");
        assert_eq!(headers["type"], *kind);
    }
}

#[test]
fn every_header_that_is_sent_is_described() {
    let document = asyncapi::document();
    let envelope = &document["components"]["schemas"]["Envelope"]["properties"];
    for Example { kind, message, headers, .. } in examples(&document) {
        for name in headers.as_object().unwrap().keys() {
            let described = envelope.get(name).or_else(|| message["headers"]["properties"].get(name));
            assert!(described.is_some(), "{kind} has a header {name} that its schema does not know");
        }
    }
}

#[test]
fn an_example_without_a_required_part_is_refused() {
    let document = asyncapi::document();
    let validator = Validator { document: &document };
    let mut removed = 0;
    for Example { kind, message, headers, payload } in examples(&document) {
        let schema = match message["payload"].get("$ref") {
            Some(reference) => validator.resolve(reference),
            None => &message["payload"],
        };
        let envelope = &document["components"]["schemas"]["Envelope"];
        let outcome = json!(["outcome"]);
        // A reply's schema has one alternative per outcome, each with required fields of its own.
        let body = schema.get("required").unwrap_or(if schema.get("oneOf").is_some() {
            &outcome
        } else {
            &Value::Null
        });
        for (whole, schema, required) in [
            (payload, &message["payload"], body),
            (headers, &message["headers"], &envelope["required"]),
            (headers, &message["headers"], &message["headers"]["required"]),
        ] {
            for field in required.as_array().into_iter().flatten() {
                let mut without = whole.clone();
                without.as_object_mut().unwrap().remove(field.as_str().unwrap()).unwrap();
                assert!(!validator.accepts(schema, &without), "{kind} without {field}: {without}");
                removed += 1;
            }
        }
    }
    assert!(removed > 100, "only {removed} required parts");
}

/// Every change that puts `replacement` in the place of one value, or removes one field, or adds one.
fn changes(value: &Value, replacement: &Value) -> Vec<Value> {
    let mut changed = vec![replacement.clone()];
    match value {
        Value::Object(object) => {
            for (field, inner) in object {
                let mut without = object.clone();
                without.remove(field);
                changed.push(without.into());
                changed.extend(changes(inner, replacement).into_iter().map(|inner| {
                    let mut with = object.clone();
                    with.insert(field.clone(), inner);
                    Value::from(with)
                }));
            }
            let mut with = object.clone();
            with.insert("unheard_of".to_owned(), replacement.clone());
            changed.push(with.into());
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                changed.extend(changes(item, replacement).into_iter().map(|item| {
                    let mut with = items.clone();
                    with[index] = item;
                    Value::from(with)
                }));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    changed
}

#[test]
fn the_schemas_accept_what_the_code_accepts() {
    let replacements = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1_000_000_000_000_u64),
        json!(1_000_000_000_001_u64),
        json!(""),
        json!("no id"),
        json!("USD"),
        json!("x".repeat(64)),
        json!("x".repeat(65)),
        json!("x".repeat(200)),
        json!("x".repeat(201)),
        json!("delivered"),
        json!("2026-03-01T19:30:00+01:00"),
        json!({}),
        json!([null]),
        Value::Array(vec![json!({ "name": "pho", "quantity": 1, "unit_price_minor": 1200 }); 100]),
        Value::Array(vec![json!({ "name": "pho", "quantity": 1, "unit_price_minor": 1200 }); 101]),
    ];
    let document = asyncapi::document();
    let validator = Validator { document: &document };
    let (mut accepted, mut refused) = (0, 0);
    for Example { kind, message, headers, payload } in examples(&document) {
        for changed in replacements.iter().flat_map(|replacement| changes(payload, replacement)) {
            let described = validator.accepts(&message["payload"], &changed);
            let read = decode(headers, &changed);
            // The bounds of an order are checked where it enters and in every event; a command is not checked again, so
            // its schema may refuse what would be read.
            let is_command = kind.starts_with("duet.command.");
            assert!(
                described == read.is_ok() || is_command && !described,
                "{kind}: the schema says {described}, the code {read:?}, of {changed}"
            );
            *(if described { &mut accepted } else { &mut refused }) += 1;
        }
    }
    assert!(accepted > 500 && refused > 2_000, "{accepted} accepted, {refused} refused");
}
