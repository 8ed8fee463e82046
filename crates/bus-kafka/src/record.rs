//! Messages as Kafka's records, and records as messages.
//!
//! Key and body are the record's key and value. The id and the topic's full name are headers, before the message's own;
//! names of ours begin with `duet-`, and a message's own header that begins so is escaped. A dead letter has its
//! message's headers and more that say what became of it; its key is the message's id, so that a compacted topic keeps
//! one of each.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bus::{DeadLetter, HEADERS_MAX, Headers, Message, Topic};
use bytes::Bytes;
use rdkafka::Message as Record;
use rdkafka::message::{Header, Headers as RecordHeaders, OwnedHeaders};

use crate::config::{ATTRIBUTES_BYTES_MAX, MESSAGE_BYTES_MAX};

const ID: &str = "duet-id";
const TOPIC: &str = "duet-topic";
const KEY: &str = "duet-key";
const GROUP: &str = "duet-group";
const REASON: &str = "duet-reason";
const ATTEMPTS: &str = "duet-attempts";
const ORIGIN: &str = "duet-origin";
const LETTER: &str = "duet-letter";
const OUR_NAMES: [&str; 8] = [ID, TOPIC, KEY, GROUP, REASON, ATTEMPTS, ORIGIN, LETTER];
const OURS: &str = "duet-";
const ESCAPED: &str = "duet--";

/// What a consumer takes from a topic of the broker.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// Of a stream: messages of these topics.
    Stream { stream: String, topics: Vec<Topic> },
    /// Of the topic that brings back a group's dead letters: everything.
    Redrive,
}

impl Wanted {
    /// Whether a message of that topic belongs to the stream and was not asked for.
    fn leaves(&self, topic: &str) -> bool {
        match self {
            Self::Stream { stream, topics } => {
                stream_of(topic) == stream && topics.iter().all(|wanted| wanted.as_str() != topic)
            }
            Self::Redrive => false,
        }
    }
}

/// What a record turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// A message that is wanted.
    Message(Message),
    /// A message of a topic that is not.
    Unwanted,
    /// No message of ours: what can be shown of it, and what is wrong.
    Malformed { message: Message, reason: String },
}

/// Where a record stands in the log, and which dead letter it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// Of a redriven message: the key of the letter that it becomes if it is refused again. All copies of it have the same,
    /// so that they become one letter however many processes redrove it at once.
    pub(crate) letter: Option<String>,
}

impl Origin {
    /// The key of the record that keeps the dead letter. Not the message's id: one that is redriven and refused again is
    /// another letter, which the first one's tombstone must leave alone.
    pub(crate) fn letter_key(&self) -> String {
        self.letter.clone().unwrap_or_else(|| self.to_string())
    }
}

/// The key of the letter that becomes of a redriven one: with the number of times that it was redriven.
pub(crate) fn next_letter_key(key: &[u8]) -> String {
    let key = String::from_utf8_lossy(key);
    let counted = key.rsplit_once('#').and_then(|(first, count)| Some((first, count.parse::<u64>().ok()?)));
    let (first, count) = counted.unwrap_or((&key, 0));
    format!("{first}#{}", count.saturating_add(1))
}

/// The headers of a dead letter's message that is given back.
pub(crate) fn redriven_headers(message: &Message, record_key: &[u8]) -> OwnedHeaders {
    let letter = next_letter_key(record_key);
    let ours = [(ID, message.id.as_str()), (TOPIC, message.topic.as_str()), (LETTER, letter.as_str())];
    collect(&ours, &message.headers)
}

/// Which letter a redriven record would be.
fn letter_of(record: &impl Record) -> Option<String> {
    match read_headers(record.headers(), |_| false) {
        Headed::Read(read) => read.ours(LETTER).map(str::to_owned),
        Headed::Unwanted | Headed::Unreadable => None,
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

/// The headers of a message's record.
pub(crate) fn headers_of(message: &Message) -> OwnedHeaders {
    let ours = [(ID, message.id.as_str()), (TOPIC, message.topic.as_str())];
    collect(&ours, &message.headers)
}

/// The headers of a dead letter's record.
pub(crate) fn dead_headers(letter: &DeadLetter, origin: &Origin) -> OwnedHeaders {
    let (attempts, origin) = (letter.attempts.to_string(), origin.to_string());
    let ours = [
        (ID, letter.message.id.as_str()),
        (TOPIC, letter.message.topic.as_str()),
        (KEY, letter.message.key.as_str()),
        (GROUP, letter.group.as_str()),
        (REASON, letter.reason.as_str()),
        (ATTEMPTS, attempts.as_str()),
        (ORIGIN, origin.as_str()),
    ];
    collect(&ours, &letter.message.headers)
}

fn collect(ours: &[(&str, &str)], own: &Headers) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new_with_capacity(ours.len() + own.iter().count());
    for &(key, value) in ours {
        headers = headers.insert(Header { key, value: Some(value) });
    }
    for (key, value) in own.iter() {
        headers = if key.starts_with(OURS) {
            headers.insert(Header { key: &format!("{ESCAPED}{key}"), value: Some(value) })
        } else {
            headers.insert(Header { key, value: Some(value) })
        };
    }
    headers
}

/// Reads a record of a stream or of a redrive topic.
pub(crate) fn decode(record: &impl Record, wanted: &Wanted) -> Decoded {
    let read = match read_headers(record.headers(), |topic| wanted.leaves(topic)) {
        Headed::Read(read) => read,
        Headed::Unwanted => return Decoded::Unwanted,
        Headed::Unreadable => {
            let read =
                Read { wrong: vec!["the name of a header is not UTF-8".to_owned()], ..Read::default() };
            return malformed(record, wanted, read);
        }
    };
    let topic = match (wanted, read.ours(TOPIC)) {
        (_, None) => return malformed(record, wanted, read),
        (Wanted::Redrive, Some(topic)) => Topic::owned(topic.to_owned()),
        (Wanted::Stream { topics, .. }, Some(name)) => {
            match topics.iter().find(|topic| topic.as_str() == name) {
                Some(topic) => topic.clone(),
                None => {
                    let wrong =
                        format!("header {TOPIC} names the topic {name:?}, which is not of this stream");
                    return malformed(record, wanted, Read { wrong: vec![wrong], ..read });
                }
            }
        }
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    match (read.ours(ID), record.key().map(text), record.payload()) {
        (Some(id), Some(Some(key)), Some(body))
            if read.wrong.is_empty() && body.len() <= MESSAGE_BYTES_MAX =>
        {
            if read.own.len() > HEADERS_MAX {
                let wrong = format!("{} headers, {HEADERS_MAX} at the most", read.own.len());
                return malformed(record, wanted, Read { wrong: vec![wrong], ..read });
            }
            let attributes = id.len() + topic.as_str().len() + key.len() + read.own.bytes();
            if attributes > ATTRIBUTES_BYTES_MAX {
                let wrong =
                    format!("{attributes} bytes of key and headers, {ATTRIBUTES_BYTES_MAX} at the most");
                return malformed(record, wanted, Read { wrong: vec![wrong], ..read });
            }
            let (id, body) = (id.to_owned(), Bytes::copy_from_slice(body));
            Decoded::Message(Message { id, topic, key, headers: read.own, body })
        }
        _ => malformed(record, wanted, read),
    }
}

fn stream_of(topic: &str) -> &str {
    topic.split_once('/').map_or(topic, |(stream, _)| stream)
}

/// What a record's headers say.
#[derive(Default)]
struct Read {
    /// Ours, by name.
    ours: Vec<(&'static str, String)>,
    /// The message's.
    own: Headers,
    wrong: Vec<String>,
}

impl Read {
    fn ours(&self, name: &str) -> Option<&str> {
        self.ours.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

enum Headed {
    Read(Read),
    /// Of a topic that is left to others.
    Unwanted,
    /// The name of a header is not UTF-8.
    Unreadable,
}

/// Reads headers, up to a topic that `leaves`, and no more of them than a record of ours can have. Where a header's name is not UTF-8, rdkafka panics: it has no other way
/// to say so.
fn read_headers<H: RecordHeaders>(headers: Option<&H>, leaves: impl Fn(&str) -> bool) -> Headed {
    let Some(headers) = headers else { return Headed::Read(Read::default()) };
    let read = catch_unwind(AssertUnwindSafe(|| {
        let mut read = Read {
            ours: Vec::with_capacity(2),
            own: Headers::with_capacity(headers.count().min(HEADERS_MAX)),
            wrong: Vec::new(),
        };
        if headers.count() > HEADERS_MAX + OUR_NAMES.len() {
            read.wrong.push(format!("{} headers, {HEADERS_MAX} at the most", headers.count()));
        }
        for Header { key, value } in headers.iter().take(HEADERS_MAX + OUR_NAMES.len()) {
            let value = match std::str::from_utf8(value.unwrap_or_default()) {
                Ok(text) => text.to_owned(),
                Err(_) => {
                    read.wrong.push(format!("header {key} is not UTF-8"));
                    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
                }
            };
            match key.strip_prefix(ESCAPED) {
                Some(own) => read.own.set(own.to_owned(), value),
                None if key == TOPIC && leaves(&value) => return Headed::Unwanted,
                None if key.starts_with(OURS) => {
                    let known = OUR_NAMES.into_iter().find(|known| *known == key);
                    let is_first = known.is_some_and(|known| read.ours(known).is_none());
                    read.ours.extend(known.filter(|_| is_first).map(|known| (known, value)));
                }
                None => read.own.set(key.to_owned(), value),
            }
        }
        Headed::Read(read)
    }));
    read.unwrap_or(Headed::Unreadable)
}

/// What can be shown of a record that is no message, under an id that only it has.
fn malformed(record: &impl Record, wanted: &Wanted, mut read: Read) -> Decoded {
    let origin = origin_of(record);
    let key = record.key().map(|key| match std::str::from_utf8(key) {
        Ok(key) => key.to_owned(),
        Err(_) => {
            read.wrong.push("the key is not UTF-8".to_owned());
            String::from_utf8_lossy(key).into_owned()
        }
    });
    let bytes = record.payload().map_or(0, <[u8]>::len);
    let has_names =
        record.headers().is_none() || !read.wrong.iter().any(|wrong| wrong.starts_with("the name"));
    for (is_wrong, what) in [
        (key.is_none(), "no key".to_owned()),
        (record.payload().is_none(), "no value".to_owned()),
        (read.ours(ID).is_none() && has_names, format!("no header {ID}")),
        (read.ours(TOPIC).is_none() && has_names, format!("no header {TOPIC}")),
        (bytes > MESSAGE_BYTES_MAX, format!("{bytes} bytes of value, {MESSAGE_BYTES_MAX} at the most")),
    ] {
        if is_wrong {
            read.wrong.push(what);
        }
    }
    let topic = match (read.ours(TOPIC), wanted) {
        (Some(topic), _) => topic.to_owned(),
        (None, Wanted::Stream { stream, .. }) => format!("{stream}/unknown"),
        (None, Wanted::Redrive) => "unknown/unknown".to_owned(),
    };
    let message = Message {
        id: read.ours(ID).map_or_else(|| origin.to_string(), str::to_owned),
        topic: Topic::owned(topic),
        key: key.unwrap_or_default(),
        headers: read.own,
        body: Bytes::copy_from_slice(record.payload().unwrap_or_default()),
    };
    Decoded::Malformed { message, reason: format!("malformed record: {}", read.wrong.join("; ")) }
}

pub(crate) fn origin_of(record: &impl Record) -> Origin {
    let (topic, partition, offset) = (record.topic().to_owned(), record.partition(), record.offset());
    Origin { topic, partition, offset, letter: None }
}

/// The letter that a record which a group takes from that topic is to become, where it was one before.
pub(crate) fn letter_in(record: &impl Record, wanted: &Wanted) -> Option<String> {
    if matches!(wanted, Wanted::Redrive) { letter_of(record) } else { None }
}

/// Reads a record of a group's topic of dead letters; `None` where it is none, or a tombstone.
pub(crate) fn decode_dead(record: &impl Record) -> Option<DeadLetter> {
    let body = Bytes::copy_from_slice(record.payload()?);
    let Headed::Read(read) = read_headers(record.headers(), |_| false) else { return None };
    let ours = |name| read.ours(name).map(str::to_owned);
    let message = Message {
        id: ours(ID)?,
        topic: Topic::owned(ours(TOPIC)?),
        key: ours(KEY)?,
        headers: read.own.clone(),
        body,
    };
    let attempts = ours(ATTEMPTS).and_then(|attempts| attempts.parse().ok()).unwrap_or(1);
    Some(DeadLetter { message, group: ours(GROUP)?, reason: ours(REASON).unwrap_or_default(), attempts })
}

#[cfg(test)]
mod tests;
