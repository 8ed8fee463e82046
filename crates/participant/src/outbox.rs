//! What stands in an outbox row: one batch's messages, or its calls, as one blob.

use bus::{HEADERS_MAX, Headers, Message, Topic};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::CallId;

const MESSAGES: u8 = 1;
const CALLS: u8 = 2;

/// A row's content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Row<C> {
    Messages(Vec<Message>),
    Calls(Vec<(CallId, C)>),
}

/// The row cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("an outbox row is corrupt")]
pub(crate) struct Corrupt;

/// Why a row cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Nobody can tell what is in it, or which messages.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// It holds calls that this handler does not know.
    #[error("its calls cannot be read")]
    Calls(#[source] serde_json::Error),
}

pub(crate) fn encode_messages(messages: &[Message]) -> Bytes {
    let mut out = BytesMut::with_capacity(messages.iter().map(|m| m.bytes() + 64).sum::<usize>() + 5);
    out.put_u8(MESSAGES);
    put_count(&mut out, messages.len());
    for message in messages {
        put(&mut out, message.id.as_bytes());
        put(&mut out, message.topic.as_str().as_bytes());
        put(&mut out, message.key.as_bytes());
        put_count(&mut out, message.headers.len());
        for (name, value) in message.headers.iter() {
            put(&mut out, name.as_bytes());
            put(&mut out, value.as_bytes());
        }
        put(&mut out, &message.body);
    }
    out.freeze()
}

pub(crate) fn encode_calls<C: Serialize>(calls: &[(CallId, C)]) -> Result<Bytes, serde_json::Error> {
    let mut out = BytesMut::with_capacity(calls.len() * 256);
    out.put_u8(CALLS);
    let mut writer = out.writer();
    serde_json::to_writer(&mut writer, calls)?;
    Ok(writer.into_inner().freeze())
}

pub(crate) fn decode<C: DeserializeOwned>(mut blob: Bytes) -> Result<Row<C>, Unreadable> {
    if blob.is_empty() {
        return Err(Corrupt.into());
    }
    match blob.get_u8() {
        MESSAGES => Ok(Row::Messages(decode_messages(blob)?)),
        CALLS => serde_json::from_slice(&blob).map(Row::Calls).map_err(Unreadable::Calls),
        _ => Err(Corrupt.into()),
    }
}

fn decode_messages(mut blob: Bytes) -> Result<Vec<Message>, Corrupt> {
    let count = take_count(&mut blob)?;
    let mut messages = Vec::new();
    for _ in 0..count {
        let id = take_string(&mut blob)?;
        let topic = Topic::owned(take_string(&mut blob)?);
        let key = take_string(&mut blob)?;
        let header_count = take_count(&mut blob)?;
        if header_count as usize > HEADERS_MAX {
            return Err(Corrupt);
        }
        let mut headers = Headers::with_capacity(header_count as usize);
        for _ in 0..header_count {
            let name = take_string(&mut blob)?;
            headers.set(name, take_string(&mut blob)?);
        }
        messages.push(Message { id, topic, key, headers, body: take(&mut blob)? });
    }
    if blob.is_empty() { Ok(messages) } else { Err(Corrupt) }
}

fn put_count(out: &mut BytesMut, count: usize) {
    // A message is at most some hundred KiB and a batch some hundred messages: far below 4 GiB.
    out.put_u32_le(u32::try_from(count).unwrap_or(u32::MAX));
}

fn put(out: &mut BytesMut, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.put_slice(bytes);
}

fn take_count(blob: &mut Bytes) -> Result<u32, Corrupt> {
    if blob.len() < 4 { Err(Corrupt) } else { Ok(blob.get_u32_le()) }
}

fn take(blob: &mut Bytes) -> Result<Bytes, Corrupt> {
    let length = take_count(blob)? as usize;
    if blob.len() < length { Err(Corrupt) } else { Ok(blob.split_to(length)) }
}

fn take_string(blob: &mut Bytes) -> Result<String, Corrupt> {
    String::from_utf8(take(blob)?.to_vec()).map_err(|_| Corrupt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(n: usize) -> Message {
        let mut headers = Headers::default();
        headers.set("style", "choreography");
        headers.set("note", "ünï");
        Message {
            id: format!("m{n}"),
            topic: Topic::new("stream/kind"),
            key: "k".into(),
            headers,
            body: Bytes::from(vec![0; n]),
        }
    }

    #[test]
    fn messages_and_calls_survive_the_way_there_and_back() {
        let messages: Vec<_> = (0..5).map(message).collect();
        let row = decode::<String>(encode_messages(&messages)).unwrap();
        assert_eq!(row, Row::Messages(messages));

        let calls = vec![(CallId { key: "k".into(), sequence: 3 }, "pay".to_owned())];
        assert_eq!(decode(encode_calls(&calls).unwrap()).unwrap(), Row::Calls(calls));
    }

    #[test]
    fn a_row_that_says_it_has_more_headers_than_a_message_may_have_is_corrupt() {
        let mut full = message(0);
        full.headers = Headers::default();
        (0..HEADERS_MAX).for_each(|n| full.headers.set(n.to_string(), ""));
        let row = encode_messages(std::slice::from_ref(&full));
        assert_eq!(decode::<String>(row).unwrap(), Row::Messages(vec![full.clone()]));
        full.headers.set("one more", "");
        assert!(decode::<String>(encode_messages(&[full])).is_err());
    }

    #[test]
    fn a_cut_row_is_an_error_and_no_panic() {
        let whole = encode_messages(&[message(3)]);
        for end in 0..whole.len() {
            assert!(decode::<String>(whole.slice(..end)).is_err(), "cut at {end}");
        }
    }
}
