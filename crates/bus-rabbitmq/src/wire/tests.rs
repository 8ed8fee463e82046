//! Messages written and read; what strangers wrote.

use lapin::types::LongString;

use super::*;

fn sample() -> Message {
    let mut headers = Headers::default();
    headers.set("type", "order.placed");
    headers.set("source", "edge");
    headers.set("empty", "");
    Message {
        id: "edge/order-1/1".into(),
        topic: Topic::new("choreography/order.placed"),
        key: "order-1".into(),
        headers,
        body: vec![0, 159, 255].into(),
    }
}

fn with_header(properties: BasicProperties, name: &str, value: AMQPValue) -> BasicProperties {
    let mut table = properties.headers().clone().unwrap_or_default();
    table.insert(name.into(), value);
    properties.with_headers(table)
}

fn problem(properties: &BasicProperties, body: &[u8]) -> String {
    let (malformed, kept) = message(properties, body.to_vec()).expect_err("malformed");
    assert_eq!(kept, body, "the body is handed back");
    malformed.0
}

#[test]
fn a_message_is_read_as_it_was_written() {
    let sample = sample();
    assert_eq!(message(&properties(&sample), sample.body.to_vec()), Ok(sample));
}

#[test]
fn headers_keep_their_order_and_sorted_ones_cost_nothing() {
    let mut message_sorted = sample();
    message_sorted.headers = Headers::default();
    for name in ["a", "b", "c"] {
        message_sorted.headers.set(name, name);
    }
    assert_eq!(header(&properties(&message_sorted), ORDER), None);
    assert!(header(&properties(&sample()), ORDER).is_some());
    // A stranger's nonsense in it is no harm.
    for nonsense in [vec![], vec![7, 7, 7], vec![1, 2, 3, 4, 5]] {
        let value = AMQPValue::LongString(LongString::from(nonsense));
        let read = message(&with_header(properties(&sample()), ORDER, value), Vec::new()).unwrap();
        assert_eq!(read.headers.iter().count(), 3);
    }
}

#[test]
fn a_strangers_message_full_of_headers_is_malformed_and_shown_in_part() {
    let mut table = properties(&sample()).headers().clone().unwrap_or_default();
    for n in 0..100_000 {
        table.insert(format!("h{n:06}").into(), text("v"));
        table.insert(format!("n{n:06}").into(), AMQPValue::LongString(LongString::from(vec![0xff])));
    }
    let full = properties(&sample()).with_headers(table);
    let problem = problem(&full, b"");
    assert!(problem.len() < 1000 && problem.contains("headers, 64 at the most"), "{problem}");
    assert_eq!(message_as_it_is(&full, "s.k", Vec::new()).headers.len(), HEADERS_MAX);
}

#[test]
fn what_the_broker_adds_is_no_header_of_the_message() {
    let delivered = with_header(properties(&sample()), "x-delivery-count", AMQPValue::LongLongInt(3));
    let delivered = with_header(delivered, "x-first-death-queue", text("q"));
    assert_eq!(attempt(&delivered), 4);
    assert_eq!(attempt(&properties(&sample())), 1);
    assert_eq!(message(&delivered, sample().body.to_vec()), Ok(sample()));
}

#[test]
fn a_malformed_message_says_everything_that_is_wrong_with_it() {
    let nothing = BasicProperties::default();
    let all = "malformed: no message-id; no type (the topic); no header duet-key";
    assert_eq!(problem(&nothing, b"{}"), all);
    let binary = AMQPValue::LongString(LongString::from(vec![0xff, 0xfe]));
    let not_text = with_header(properties(&sample()), "note", binary.clone());
    assert_eq!(problem(&not_text, b""), "malformed: the header note is no UTF-8 text");
    let bad_key = with_header(properties(&sample()), KEY, binary);
    assert_eq!(problem(&bad_key, b""), "malformed: the header duet-key is no UTF-8 text");
    let large = vec![0; MESSAGE_BYTES_MAX + 1];
    let text = problem(&properties(&sample()), &large);
    assert_eq!(text, "malformed: a body of 1048577 bytes, 1048576 at the most");
}

#[test]
fn numbers_and_truths_of_strangers_are_text() {
    let properties = with_header(properties(&sample()), "n", AMQPValue::LongLongInt(-7));
    let properties = with_header(properties, "b", AMQPValue::Boolean(true));
    let read = message(&properties, Vec::new()).unwrap();
    assert_eq!((read.headers.get("n"), read.headers.get("b")), (Some("-7"), Some("true")));
}

#[test]
fn a_malformed_message_can_be_shown_and_named() {
    let properties = BasicProperties::default().with_expiration("10".into());
    let shown = message_as_it_is(&properties, "choreography/order.placed.3", b"junk".to_vec());
    assert_eq!(shown.topic.as_str(), "choreography/order.placed.3");
    assert!(shown.id.starts_with("unnamed-") && shown.key.is_empty());
    assert_eq!(shown.id, message_as_it_is(&properties, "", b"junk".to_vec()).id, "each time the same");
    let again = again(&properties, b"junk");
    assert_eq!(again.message_id().as_ref().map(ShortString::as_str), Some(shown.id.as_str()));
    assert_eq!(again.expiration(), &None, "it would be gone from the dead letters");
}

#[test]
fn what_is_published_again_has_lost_only_what_made_it_a_dead_letter() {
    let dead = with_header(properties(&sample()), "duet-dead-reason", text("no"));
    let dead = with_header(dead, "x-death", AMQPValue::FieldArray(Vec::new().into()));
    assert_eq!(again(&dead, &sample().body), properties(&sample()));
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_sent() {
    let fine = sample();
    assert!(check(&fine, 65_536).is_ok());
    let is_too_large = |message: &Message| matches!(check(message, 65_536), Err(BusError::TooLarge { .. }));
    assert!(is_too_large(&Message { body: vec![0; MESSAGE_BYTES_MAX + 1].into(), ..fine.clone() }));
    assert!(is_too_large(&Message { id: "i".repeat(256), ..fine.clone() }));
    assert!(is_too_large(&Message { key: "k".repeat(40_000), ..fine.clone() }));
    let mut reserved = fine;
    reserved.headers.set("CC", "elsewhere");
    assert!(matches!(check(&reserved, 65_536), Err(BusError::Protocol(_))));
}
