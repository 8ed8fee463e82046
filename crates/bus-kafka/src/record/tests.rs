//! Records read and written; what strangers wrote.

use rdkafka::Timestamp;
use rdkafka::message::{BorrowedHeaders, OwnedMessage};

use super::*;

fn message() -> Message {
    let mut headers = Headers::default();
    headers.set("type", "order.placed");
    headers.set("note", "Größe ✓");
    headers.set("empty", "");
    headers.set("duet-id", "not the id");
    headers.set("duet--x", "escaped already");
    let body = Bytes::from_static(&[0, 159, 255]);
    Message { id: "注文/1".into(), topic: Topic::new("orders/placed"), key: "k".into(), headers, body }
}

fn wanted() -> Wanted {
    Wanted::Stream { stream: "orders".into(), topics: vec![Topic::new("orders/placed")] }
}

fn record(key: Option<&[u8]>, value: Option<&[u8]>, headers: Option<OwnedHeaders>) -> OwnedMessage {
    let (key, value) = (key.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec));
    OwnedMessage::new(value, key, "duet.orders".into(), Timestamp::NotAvailable, 3, 42, headers)
}

fn with(pairs: &[(&str, &[u8])]) -> Option<OwnedHeaders> {
    let insert = |headers: OwnedHeaders, &(key, value): &(&str, &[u8])| {
        headers.insert(Header { key, value: Some(value) })
    };
    Some(pairs.iter().fold(OwnedHeaders::new(), insert))
}

const GOOD: [(&str, &[u8]); 2] = [("duet-id", b"1"), ("duet-topic", b"orders/placed")];

#[test]
fn a_message_comes_back_as_it_was() {
    let message = message();
    let sent = record(Some(b"k"), Some(&message.body), Some(headers_of(&message)));
    assert_eq!(decode(&sent, &wanted()), Decoded::Message(message.clone()));
    assert_eq!(decode(&sent, &Wanted::Redrive), Decoded::Message(message));
}

#[test]
fn an_empty_key_and_an_empty_body_are_not_missing() {
    let Decoded::Message(message) = decode(&record(Some(b""), Some(b""), with(&GOOD)), &wanted()) else {
        panic!("a message with an empty key and body");
    };
    assert_eq!((message.key.as_str(), message.body.len()), ("", 0));
}

#[test]
fn other_topics_of_the_stream_are_passed_over() {
    let other = [("duet-id", &b"1"[..]), ("duet-topic", b"orders/closed")];
    assert_eq!(decode(&record(Some(b"k"), Some(b"{}"), with(&other)), &wanted()), Decoded::Unwanted);
    assert_eq!(
        decode(&record(None, None, with(&other)), &wanted()),
        Decoded::Unwanted,
        "not this group's to judge"
    );
}

#[test]
fn what_is_wrong_with_a_stranger_s_record_is_named() {
    let large = vec![0; MESSAGE_BYTES_MAX + 1];
    let cases = [
        (record(Some(b"k"), Some(b"{}"), None), "malformed record: no header duet-id; no header duet-topic"),
        (record(None, Some(b"{}"), with(&GOOD)), "malformed record: no key"),
        (record(Some(b"k"), None, with(&GOOD)), "malformed record: no value"),
        (record(Some(&[0xff]), Some(b"{}"), with(&GOOD)), "malformed record: the key is not UTF-8"),
        (record(Some(b"k"), Some(b"{}"), with(&GOOD[1..])), "malformed record: no header duet-id"),
        (
            record(Some(b"k"), Some(b"{}"), with(&[GOOD[0], GOOD[1], ("style", &[0xff])])),
            "malformed record: header style is not UTF-8",
        ),
        (
            record(Some(b"k"), Some(b"{}"), with(&[GOOD[0], ("duet-topic", b"other/placed")])),
            "malformed record: header duet-topic names the topic \"other/placed\", which is not of this stream",
        ),
        (
            record(Some(b"k"), Some(&large), with(&GOOD)),
            "malformed record: 921601 bytes of value, 921600 at the most",
        ),
    ];
    for (record, says) in cases {
        let Decoded::Malformed { reason, message } = decode(&record, &wanted()) else { panic!("{says}") };
        assert_eq!(reason, says);
        assert!(!message.id.is_empty() && message.topic.stream() != "", "{message:?}");
    }
}

#[test]
fn a_record_without_an_id_is_named_by_its_place() {
    let Decoded::Malformed { message, .. } = decode(&record(None, Some(b"?"), None), &wanted()) else {
        panic!("malformed");
    };
    assert_eq!((message.id.as_str(), message.topic.as_str()), ("duet.orders/3/42", "orders/unknown"));
    assert_eq!((message.key.as_str(), &message.body[..]), ("", &b"?"[..]));
}

/// rdkafka's own iterator panics where a header's name is not UTF-8.
struct Panicking;

impl RecordHeaders for Panicking {
    fn count(&self) -> usize {
        1
    }

    fn try_get(&self, _: usize) -> Option<Header<'_, &[u8]>> {
        panic!("not UTF-8");
    }
}

#[test]
fn header_names_that_are_not_utf_8_are_survived() {
    assert!(matches!(read_headers(Some(&Panicking), |_| false), Headed::Unreadable));
    assert!(matches!(read_headers::<BorrowedHeaders>(None, |_| false), Headed::Read(_)));
}

#[test]
fn a_dead_letter_comes_back_as_it_was() {
    let letter = DeadLetter { message: message(), group: "g".into(), reason: "✗ why".into(), attempts: 7 };
    let origin = Origin { topic: "duet.orders".into(), partition: 3, offset: 42, letter: None };
    let headers = Some(dead_headers(&letter, &origin));
    let sent = record(Some(letter.message.id.as_bytes()), Some(&letter.message.body), headers);
    assert_eq!(decode_dead(&sent), Some(letter));
}

#[test]
fn tombstones_and_strangers_are_no_dead_letters() {
    assert_eq!(decode_dead(&record(Some(b"1"), None, None)), None);
    assert_eq!(decode_dead(&record(Some(b"1"), Some(b"{}"), with(&GOOD))), None);
}

#[test]
fn no_more_headers_are_read_than_a_record_of_ours_can_have() {
    let names: Vec<String> = (0..90_000).map(|n| format!("h{n}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let record = record(Some(b"k"), Some(b"{}"), with(&many));
    let Decoded::Malformed { message, reason } = decode(&record, &wanted()) else { panic!("a message") };
    assert!(reason.contains("90000 headers, 64 at the most"), "{reason}");
    assert!(message.headers.len() <= HEADERS_MAX + OUR_NAMES.len(), "{}", message.headers.len());
}

#[test]
fn a_redriven_letter_is_counted_in_the_next_one_s_key() {
    assert_eq!(next_letter_key(b"duet.orders/3/42"), "duet.orders/3/42#1");
    assert_eq!(next_letter_key(b"duet.orders/3/42#1"), "duet.orders/3/42#2");
}
