//! A message as RabbitMQ carries it.
//!
//! | of the message | of AMQP |
//! | --- | --- |
//! | id | property `message-id` |
//! | topic | property `type`; the routing key says it, too, but not any more once a message was dead-lettered |
//! | key | header `duet-key` |
//! | headers | headers of the same names |
//! | order of the headers | header `duet-order`, where they are not in the order of their names: lapin sorts them |
//! | body | body |
//!
//! What strangers publish is read with the same eyes: whatever is missing makes it malformed, and a dead letter says
//! what is.

use std::borrow::Cow;

use bus::{BusError, HEADERS_MAX, Headers, Message, Topic};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use crate::names::NAME_BYTES_MAX;

/// The largest body, in bytes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// Problems of one message that are told.
const PROBLEMS_MAX: usize = 10;
/// What each header costs beside its name and value, and the properties beside the headers, generously.
const OVERHEAD_BYTES: usize = 16;

const KEY: &str = "duet-key";
const ORDER: &str = "duet-order";
/// Where the headers begin that say why a message is a dead letter.
pub(crate) const DEAD_PREFIX: &str = "duet-dead-";
const PERSISTENT: u8 = 2;

/// Headers that are not the application's: the broker adds them, or acts on them.
const BROKERS: [&str; 4] = ["x-delivery-count", "x-acquired-count", "CC", "BCC"];
const BROKERS_PREFIXES: [&str; 3] = ["x-death", "x-first-death-", "x-last-death-"];

fn is_brokers(name: &str) -> bool {
    BROKERS.contains(&name) || BROKERS_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn is_ours(name: &str) -> bool {
    name == KEY || name == ORDER || name.starts_with(DEAD_PREFIX)
}

/// Why a message cannot be published. `frame_bytes_max`: its attributes have to go into one frame.
pub(crate) fn check(message: &Message, frame_bytes_max: usize) -> Result<(), BusError> {
    let too_large = |bytes, limit| Err(BusError::TooLarge { id: message.id.clone(), bytes, limit });
    if message.body.len() > MESSAGE_BYTES_MAX {
        return too_large(message.body.len(), MESSAGE_BYTES_MAX);
    }
    if message.id.len() > NAME_BYTES_MAX {
        return too_large(message.id.len(), NAME_BYTES_MAX);
    }
    // The routing key adds a dot and the shard.
    if message.topic.as_str().len() > NAME_BYTES_MAX - 3 {
        return too_large(message.topic.as_str().len(), NAME_BYTES_MAX - 3);
    }
    let count = message.headers.len();
    let bytes = message.bytes() - message.body.len() + (count + 4) * OVERHEAD_BYTES;
    // The rest of the frame is for what a dead letter adds.
    let limit = frame_bytes_max / 2;
    if bytes > limit {
        return too_large(bytes, limit);
    }
    message.check_headers()?;
    for (name, _) in message.headers.iter() {
        if name.len() > NAME_BYTES_MAX {
            return too_large(name.len(), NAME_BYTES_MAX);
        }
        if is_ours(name) || is_brokers(name) {
            return Err(BusError::Protocol(format!("the header {name} is not for applications on RabbitMQ")));
        }
    }
    Ok(())
}

/// The properties of a message that was [checked](check).
pub(crate) fn properties(message: &Message) -> BasicProperties {
    let mut table = FieldTable::default();
    for (name, value) in message.headers.iter() {
        table.insert(ShortString::from(name), text(value));
    }
    table.insert(ShortString::from(KEY), text(&message.key));
    if let Some(order) = order(&message.headers) {
        table.insert(ShortString::from(ORDER), AMQPValue::LongString(order.into()));
    }
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_message_id(ShortString::from(message.id.as_str()))
        .with_type(ShortString::from(message.topic.as_str()))
        .with_headers(table)
}

pub(crate) fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.as_bytes().into())
}

/// For each header in the order of the names its place in the message; none if these orders are the same.
fn order(headers: &Headers) -> Option<Vec<u8>> {
    let names: Vec<&str> = headers.iter().map(|(name, _)| name).collect();
    if names.is_sorted() {
        return None;
    }
    let mut places: Vec<u8> = (0..names.len()).map(|place| place as u8).collect();
    places.sort_by_key(|&place| names[usize::from(place)]);
    Some(places)
}

/// What is wrong with a message that somebody published past this adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) String);

/// Reads a delivery's message.
pub(crate) fn message(properties: &BasicProperties, body: Vec<u8>) -> Result<Message, (Malformed, Vec<u8>)> {
    match read(properties, body.len()) {
        Ok((id, topic, key, headers)) => Ok(Message { id, topic, key, headers, body: body.into() }),
        Err(problems) => Err((Malformed(format!("malformed: {}", problems.join("; "))), body)),
    }
}

type Attributes = (String, Topic, String, Headers);

fn read(properties: &BasicProperties, body_bytes: usize) -> Result<Attributes, Vec<String>> {
    let mut problems = Vec::new();
    let mut required = |value: &Option<ShortString>, what: &str| {
        let value = value.as_ref().map(ShortString::as_str).filter(|value| !value.is_empty());
        if value.is_none() {
            problems.push(format!("no {what}"));
        }
        value.unwrap_or_default().to_owned()
    };
    let id = required(properties.message_id(), "message-id");
    let topic = required(properties.kind(), "type (the topic)");
    let mut key = None;
    let mut headers = Vec::new();
    let mut order: &[u8] = &[];
    for (name, value) in properties.headers().iter().flatten() {
        match (name.as_str(), value) {
            (ORDER, AMQPValue::LongString(places)) => order = places.as_bytes(),
            (name, _) if name != KEY && (is_ours(name) || is_brokers(name)) => {}
            (name, value) => match readable(value) {
                Some(value) if name == KEY => key = Some(value.into_owned()),
                Some(value) => headers.push((name, value)),
                None if problems.len() < PROBLEMS_MAX => {
                    problems.push(format!("the header {name} is no UTF-8 text"));
                }
                // Enough is told already.
                None => {}
            },
        }
    }
    if headers.len() > HEADERS_MAX {
        problems.push(format!("{} headers, {HEADERS_MAX} at the most", headers.len()));
    }
    if key.is_none() && !problems.iter().any(|problem| problem.contains(KEY)) {
        problems.push(format!("no header {KEY}"));
    }
    if body_bytes > MESSAGE_BYTES_MAX {
        problems.push(format!("a body of {body_bytes} bytes, {MESSAGE_BYTES_MAX} at the most"));
    }
    match key {
        Some(key) if problems.is_empty() => Ok((id, Topic::owned(topic), key, in_order(headers, order))),
        _ => Err(problems),
    }
}

/// The headers in the order in which they were set, as far as that is told.
fn in_order(headers: Vec<(&str, Cow<'_, str>)>, places: &[u8]) -> Headers {
    let mut sorted: Vec<usize> = (0..headers.len()).collect();
    if places.len() == headers.len() {
        sorted.sort_by_key(|&index| places[index]);
    }
    let mut headers: Vec<_> = headers.into_iter().map(Some).collect();
    let mut all = Headers::with_capacity(headers.len());
    for index in sorted {
        if let Some((name, value)) = headers[index].take() {
            all.set(name.to_owned(), value.into_owned());
        }
    }
    all
}

/// A header's value as text, where it has one.
fn readable(value: &AMQPValue) -> Option<Cow<'_, str>> {
    Some(match value {
        AMQPValue::LongString(text) => Cow::Borrowed(std::str::from_utf8(text.as_bytes()).ok()?),
        AMQPValue::ShortString(text) => Cow::Borrowed(text.as_str()),
        AMQPValue::Boolean(value) => Cow::Owned(value.to_string()),
        AMQPValue::ShortShortInt(value) => Cow::Owned(value.to_string()),
        AMQPValue::ShortShortUInt(value) => Cow::Owned(value.to_string()),
        AMQPValue::ShortInt(value) => Cow::Owned(value.to_string()),
        AMQPValue::ShortUInt(value) => Cow::Owned(value.to_string()),
        AMQPValue::LongInt(value) => Cow::Owned(value.to_string()),
        AMQPValue::LongUInt(value) => Cow::Owned(value.to_string()),
        AMQPValue::LongLongInt(value) => Cow::Owned(value.to_string()),
        AMQPValue::Timestamp(value) => Cow::Owned(value.to_string()),
        AMQPValue::Float(value) => Cow::Owned(value.to_string()),
        AMQPValue::Double(value) => Cow::Owned(value.to_string()),
        AMQPValue::Void => Cow::Borrowed(""),
        AMQPValue::DecimalValue(_)
        | AMQPValue::FieldArray(_)
        | AMQPValue::FieldTable(_)
        | AMQPValue::ByteArray(_) => return None,
    })
}

/// Reads a message that may be malformed, for showing: what is missing is empty, what is no text is shown as well as
/// it can be. `routing_key` stands in for a topic.
pub(crate) fn message_as_it_is(properties: &BasicProperties, routing_key: &str, body: Vec<u8>) -> Message {
    let body = match message(properties, body) {
        Ok(message) => return message,
        Err((_, body)) => body,
    };
    let topic = match properties.kind() {
        Some(topic) if !topic.as_str().is_empty() => topic.as_str(),
        _ => routing_key,
    };
    let mut key = String::new();
    let mut headers = Headers::default();
    for (name, value) in properties.headers().iter().flatten() {
        let name = name.as_str();
        if name != KEY && (is_ours(name) || is_brokers(name)) {
            continue;
        }
        let value = match value {
            AMQPValue::LongString(bytes) => String::from_utf8_lossy(bytes.as_bytes()).into_owned(),
            value => readable(value).map_or_else(|| format!("{value:?}"), Cow::into_owned),
        };
        if name == KEY {
            key = value;
        } else if headers.len() < HEADERS_MAX {
            headers.set(name.to_owned(), value);
        }
    }
    let id = id_of(properties, &body);
    Message { id, topic: Topic::owned(topic.to_owned()), key, headers, body: body.into() }
}

/// The message's id, or one made of its body where it has none: the same each time it is looked at.
pub(crate) fn id_of(properties: &BasicProperties, body: &[u8]) -> String {
    match properties.message_id() {
        Some(id) if !id.as_str().is_empty() => id.as_str().to_owned(),
        _ => format!("unnamed-{:032x}", xxhash_rust::xxh3::xxh3_128(body)),
    }
}

/// How often a delivery's message has been delivered, this time included.
pub(crate) fn attempt(properties: &BasicProperties) -> u32 {
    let count = header(properties, "x-delivery-count").and_then(integer);
    u32::try_from(count.unwrap_or(0)).unwrap_or(u32::MAX).saturating_add(1)
}

pub(crate) fn header<'a>(properties: &'a BasicProperties, name: &str) -> Option<&'a AMQPValue> {
    properties.headers().as_ref()?.inner().get(name)
}

pub(crate) fn integer(value: &AMQPValue) -> Option<u64> {
    match *value {
        AMQPValue::ShortShortInt(value) => value.try_into().ok(),
        AMQPValue::ShortShortUInt(value) => Some(value.into()),
        AMQPValue::ShortInt(value) => value.try_into().ok(),
        AMQPValue::ShortUInt(value) => Some(value.into()),
        AMQPValue::LongInt(value) => value.try_into().ok(),
        AMQPValue::LongUInt(value) => Some(value.into()),
        AMQPValue::LongLongInt(value) => value.try_into().ok(),
        AMQPValue::Timestamp(value) => Some(value),
        _ => None,
    }
}

/// The properties of something received, fit to be published again: what the broker would act on is left out (a life
/// time, further addressees, another user's name), and so is what says that it was a dead letter.
pub(crate) fn again(properties: &BasicProperties, body: &[u8]) -> BasicProperties {
    let mut table = FieldTable::default();
    for (name, value) in properties.headers().iter().flatten() {
        if !is_brokers(name.as_str()) && !name.as_str().starts_with(DEAD_PREFIX) {
            table.insert(name.clone(), value.clone());
        }
    }
    let id = id_of(properties, body);
    let mut same = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_message_id(ShortString::try_new(id).unwrap_or_default())
        .with_headers(table);
    if let Some(kind) = properties.kind() {
        same = same.with_type(kind.clone());
    }
    if let Some(content_type) = properties.content_type() {
        same = same.with_content_type(content_type.clone());
    }
    if let Some(encoding) = properties.content_encoding() {
        same = same.with_content_encoding(encoding.clone());
    }
    if let Some(correlation) = properties.correlation_id() {
        same = same.with_correlation_id(correlation.clone());
    }
    if let Some(timestamp) = properties.timestamp() {
        same = same.with_timestamp(*timestamp);
    }
    if let Some(app) = properties.app_id() {
        same = same.with_app_id(app.clone());
    }
    same
}

#[cfg(test)]
mod tests;
