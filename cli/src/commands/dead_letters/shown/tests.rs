//! What is shown of dead letters; nothing in them steers a terminal.

use bus::{Headers, Message, Topic};
use bytes::Bytes;

use super::*;

/// 2023-11-14T22:13:20Z.
const NOW: i64 = 1_700_000_000_000;

fn dead(id: &str, body: &'static [u8], reason: &str) -> DeadLetter {
    let mut headers = Headers::default();
    headers.set("type", "duet.order.placed.v1");
    headers.set("time", "2023-11-14T22:03:20.000Z");
    let message = Message {
        id: id.to_owned(),
        topic: Topic::new("choreography/order.placed"),
        key: "o-1".to_owned(),
        headers,
        body: Bytes::from_static(body),
    };
    DeadLetter { message, group: "order-history".to_owned(), reason: reason.to_owned(), attempts: 3 }
}

fn listed(total: u64, letters: Vec<DeadLetter>) -> Listed {
    Listed { group: "order-history".to_owned(), total, letters }
}

#[test]
fn a_list_says_what_it_leaves_out() {
    let shown = table(&[listed(7, vec![dead("placed/o-1", b"{}", "malformed")])], NOW);
    let expected = "\
GROUP          ID          TOPIC                      KEY  ATTEMPTS  AGE     REASON
order-history  placed/o-1  choreography/order.placed  o-1  3         10 min  malformed
order-history: 7 dead letters, the oldest 1 of them shown
";
    assert_eq!(shown, expected);
    assert_eq!(table(&[listed(0, vec![])], NOW), "order-history: 0 dead letters\n");
}

#[test]
fn long_and_tricky_texts_are_tamed() {
    let mut tricky = dead("a\x1b[2J\nb", b"", &"long ".repeat(50));
    tricky.message.headers = Headers::default();
    let shown = table(&[listed(1, vec![tricky])], NOW);
    assert!(!shown.contains('\x1b') && shown.contains("a\\u{1b}[2J\\nb"), "{shown}");
    assert!(shown.lines().nth(1).unwrap().ends_with('…'), "{shown}");
    assert!(shown.contains("  3         -    long"), "no time, no age: {shown}");
}

#[test]
fn json_is_one_object_a_line() {
    let shown = json(&[listed(2, vec![dead("a", b"{}", "x"), dead("b", b"", "y")])]);
    let lines: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["id"], &lines[0]["attempts"], &lines[0]["body_bytes"]),
        (&"a".into(), &3.into(), &2.into())
    );
    assert_eq!(lines[1]["headers"]["type"], "duet.order.placed.v1");
}

#[test]
fn a_letter_is_shown_with_all_that_it_says() {
    let shown = letter(&dead("placed/o-1", br#"{"a":[1]}"#, "no such order"), NOW);
    let expected = "\
group       order-history
id          placed/o-1
topic       choreography/order.placed
key         o-1
reason      no such order
attempts    3
age         10 min
header      type: duet.order.placed.v1
header      time: 2023-11-14T22:03:20.000Z
body        9 bytes
{
  \"a\": [
    1
  ]
}
";
    assert_eq!(shown, expected);
}

#[test]
fn a_body_that_is_no_json_is_escaped_or_hexadecimal_and_bounded() {
    assert_eq!(body(b"not \x1b[1m json\nat all"), "not \\u{1b}[1m json\nat all\n");
    assert_eq!(body(b"\xff\x00{\"a"), "00000000  ff 00 7b 22 61                                   ..{\"a\n");
    assert_eq!(body(b""), "");
    let long = "ö".repeat(BODY_BYTES_SHOWN);
    let shown = body(long.as_bytes());
    assert!(shown.ends_with("ö\n… and 65,536 bytes more\n"));
    assert!(shown.len() < BODY_BYTES_SHOWN + 100);
}

#[test]
fn what_was_put_back_is_confirmed_and_what_was_not_there_is_said() {
    let groups = ["a".to_owned(), "b".to_owned()];
    let told = |of: &[&str]| {
        let of = of.iter().map(|&group| group.to_owned()).collect();
        redriven(&Redriven { id: "m".into(), groups: of }, &groups)
    };
    assert_eq!(told(&["a", "b"]), "m: put back into the queue of a and of b\n");
    assert_eq!(told(&[]), "m: there is no dead letter with this id in a, b\n");
}
