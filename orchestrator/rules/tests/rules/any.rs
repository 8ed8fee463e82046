//! Whatever is written, it is read or refused, and what was read is soon decided.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rules::{EventPath, Logic, Origin, Pattern};
use serde_json::{Value, json};

const ORIGIN: Origin<'static> = Origin { rule_arn: "arn", rule_name: "name", ingested: "now" };

/// Words that mean something, and some that do not.
fn word() -> impl Strategy<Value = String> {
    let known = [
        "$or",
        "prefix",
        "suffix",
        "equals-ignore-case",
        "wildcard",
        "anything-but",
        "numeric",
        "cidr",
        "exists",
        "a",
        "b",
        "detail",
    ];
    prop_oneof![proptest::sample::select(known.to_vec()).prop_map(str::to_owned), "[a*\\\\ü<>$.\\[\\]]{0,5}"]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        proptest::sample::select(vec!["=", "<", "<=", ">", ">=", "10.0.0.0/8", "::/0", "10.1.2.3"])
            .prop_map(Value::from),
        word().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 64, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((word(), inner), 0..4)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// Objects of arrays of matchers: most can be read.
fn pattern() -> impl Strategy<Value = Value> {
    let texts = prop_oneof![Just("prefix"), Just("suffix"), Just("equals-ignore-case"), Just("wildcard")];
    let matcher = prop_oneof![
        scalar(),
        (texts.clone(), "[ab*]{0,4}").prop_map(|(operator, text)| json!({operator: text})),
        (texts, "[ab*]{0,4}").prop_map(|(operator, text)| json!({"anything-but": {operator: text}})),
        (-2_i64..2).prop_map(|n| json!({"numeric": [">", n]})),
        any::<bool>().prop_map(|is| json!({"exists": is})),
    ];
    let leaf = proptest::collection::vec(matcher, 1..3).prop_map(Value::from);
    let group = |node: BoxedStrategy<Value>| {
        proptest::collection::vec((prop_oneof![Just("a"), Just("b"), Just("detail")], node), 1..3)
            .prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, node)| (name.to_owned(), node))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            })
            .boxed()
    };
    let node = leaf.prop_recursive(3, 16, 3, move |inner| group(inner.boxed()));
    group(node.boxed())
}

proptest! {
    #[test]
    fn nothing_panics(written in json(), event in json()) {
        if let Ok(pattern) = Pattern::read("pattern", &written) {
            let _ = pattern.matches(&event);
        }
        if let Ok(logic) = Logic::read(None, None, None, Some(&written)) {
            let _ = logic.input(&event, ORIGIN);
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,40}", event in json()) {
        if let Ok(path) = EventPath::read("path", &text) {
            let _ = path.select(&event);
        }
        let transformer = json!({"InputPathsMap": {"a": "$.a"}, "InputTemplate": text});
        if let Ok(logic) = Logic::read(None, None, None, Some(&transformer)) {
            let _ = logic.input(&event, ORIGIN);
        }
    }

    #[test]
    fn a_template_of_any_event_is_json(event in json()) {
        let transformer = json!({
            "InputPathsMap": {"a": "$.a", "all": "$.*"},
            "InputTemplate": "{\"a\": <a>, \"text\": \"\\\"<a>\\\" <all>\", \"list\": [<a>, <aws.events.event.json>]}",
        });
        let logic = Logic::read(None, None, None, Some(&transformer)).unwrap();
        let filled = logic.input(&event, ORIGIN).unwrap();
        let read: Value = serde_json::from_str(&filled.to_string()).unwrap();
        prop_assert_eq!(read.to_string(), filled.to_string());
    }

    /// An event matches what was made of it, whatever it is wrapped in.
    #[test]
    fn more_fields_change_nothing(written in pattern(), event in json(), more in json()) {
        let Ok(pattern) = Pattern::read("pattern", &written) else { return Ok(()) };
        let Value::Object(members) = &event else { return Ok(()) };
        let mut wider = members.clone();
        wider.insert("nobody asks for this".to_owned(), more);
        prop_assert_eq!(pattern.matches(&event), pattern.matches(&Value::Object(wider)));
    }

    /// The wildcard against one that tries everything.
    #[test]
    fn a_wildcard_is_what_trying_everything_says(wildcard in "[ab*]{0,8}", text in "[ab]{0,10}") {
        let Ok(pattern) = Pattern::read("pattern", &json!({"f": [{"wildcard": wildcard}]})) else { return Ok(()) };
        prop_assert_eq!(pattern.matches(&json!({"f": text})), tried(wildcard.as_bytes(), text.as_bytes()));
    }
}

fn tried(wildcard: &[u8], text: &[u8]) -> bool {
    match wildcard.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|from| tried(rest, &text[from..])),
        Some((c, rest)) => text.split_first().is_some_and(|(first, text)| first == c && tried(rest, text)),
    }
}

/// Far more than it takes, and far less than trying everything would.
const SOON: Duration = Duration::from_secs(5);

#[test]
#[allow(clippy::disallowed_methods, reason = "it measures how long matching takes")]
fn no_wildcard_and_no_array_takes_long() {
    let stars = format!("{}b", "*a".repeat(1900));
    let pattern = Pattern::read("pattern", &json!({"f": [{"wildcard": stars}]})).unwrap();
    let began = Instant::now();
    assert!(!pattern.matches(&json!({"f": "a".repeat(256 * 1024)})));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());

    let fields: serde_json::Map<_, _> =
        (0..80).map(|n| (format!("f{n}"), json!([{"exists": false}, {"wildcard": "*a*a*b"}]))).collect();
    let pattern = Pattern::read("pattern", &json!({"detail": {"items": fields}})).unwrap();
    let items: Value = (0..20_000).map(|_| json!({"f0": "aaaaaaaa"})).collect();
    let began = Instant::now();
    assert!(!pattern.matches(&json!({"detail": {"items": items}})));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}
