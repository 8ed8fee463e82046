//! What a target is given: the examples of AWS's documentation, and what it says in words.

use rules::{Envelope, Logic, NoInput, Origin};
use serde_json::{Value, json};

const ORIGIN: Origin<'static> = Origin {
    rule_arn: "arn:aws:events:us-east-1:123456789012:rule/example",
    rule_name: "example",
    ingested: "2015-11-11T21:30:00Z",
};

fn event() -> Value {
    let detail = json!({"instance-id": "i-0123456789", "state": "RUNNING", "said": "a \"b\"\n", "of": {"a": [1.5, null]}});
    Envelope {
        id: "7bf73129-1428-4cd3-a780-95db273d1602",
        kind: "EC2 Instance State-change Notification",
        source: "aws.ec2",
        account: "123456789012",
        time: "2015-11-11T21:29:54Z",
        region: "us-east-1",
        resources: &["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
        detail,
    }
    .event()
}

fn filled(template: &str) -> Value {
    let paths = json!({
        "timestamp": "$.time", "instance": "$.detail.instance-id", "state": "$.detail.state", "said": "$.detail.said",
        "of": "$.detail.of", "none": "$.detail.nothing", "resource": "$.resources[0]", "all": "$.detail.of.a[*]",
    });
    let transformer = json!({"InputPathsMap": paths, "InputTemplate": template});
    let logic =
        Logic::read(None, None, None, Some(&transformer)).unwrap_or_else(|problem| panic!("{problem}"));
    logic.input(&event(), ORIGIN).unwrap()
}

#[test]
fn a_template_is_filled_in() {
    let mut without_detail = event();
    without_detail.as_object_mut().unwrap().remove("detail");
    for (template, expected) in [
        (r#""instance <instance> is in <state>""#, json!("instance i-0123456789 is in RUNNING")),
        (r#""instance \"<instance>\" is in <state>""#, json!("instance \"i-0123456789\" is in RUNNING")),
        (
            "{\n \"instance\" : <instance>,\n \"state\": <state>\n}",
            json!({"instance": "i-0123456789", "state": "RUNNING"}),
        ),
        (
            r#"{"instance": <instance>, "state": "<state>", "instanceStatus": "instance \"<instance>\" is in <state>"}"#,
            json!({"instance": "i-0123456789", "state": "RUNNING", "instanceStatus": "instance \"i-0123456789\" is in RUNNING"}),
        ),
        (
            r#"{"instance": <instance>, "state": [9, <state>, true], "Transformed": "Yes"}"#,
            json!({"instance": "i-0123456789", "state": [9, "RUNNING", true], "Transformed": "Yes"}),
        ),
        (
            r#"{"ruleArn": <aws.events.rule-arn>, "ruleName": <aws.events.rule-name>, "originalEvent": <aws.events.event.json>, "at": <aws.events.event.ingestion-time>}"#,
            json!({"ruleArn": ORIGIN.rule_arn, "ruleName": "example", "originalEvent": event(), "at": ORIGIN.ingested}),
        ),
        (r#"{"event": <aws.events.event>}"#, json!({"event": without_detail})),
        (r#""<aws.events.rule-name> triggered""#, json!("example triggered")),
        // A value keeps its type; in a text it is JSON, and whatever it holds is escaped.
        (
            r#"{"of": <of>, "text": "<of>", "said": "<said>"}"#,
            json!({"of": {"a": [1.5, null]}, "text": "{\"a\":[1.5,null]}", "said": "a \"b\"\n"}),
        ),
        ("<of>", json!({"a": [1.5, null]})),
        ("<resource>", json!("arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111")),
        ("[<all>]", json!([[1.5, null]])),
        // What is not there is left out.
        (r#"{"a": <none>, "b": [1, <none>, 2], "c": "x<none>y"}"#, json!({"b": [1, 2], "c": "xy"})),
        ("<none>", json!(null)),
        // No variables: what stands between other signs, and in the name of none.
        (
            r#"{"a": "1 < 2 > 1", "b": "<>", "c": "a\\<state>", "d": 1.5}"#,
            json!({"a": "1 < 2 > 1", "b": "<>", "c": "a\\RUNNING", "d": 1.5}),
        ),
    ] {
        assert_eq!(filled(template).to_string(), expected.to_string(), "{template}");
    }
}

#[test]
fn without_a_template_there_are_three_other_ways() {
    let of = |input: Option<Value>, path: Option<&str>| {
        Logic::read(None, input.as_ref(), path, None).unwrap().input(&event(), ORIGIN)
    };
    assert_eq!(of(None, None), Ok(event()));
    assert_eq!(of(Some(json!({"a": "<state>"})), None), Ok(json!({"a": "<state>"})));
    assert_eq!(of(None, Some("$.detail.state")), Ok(json!("RUNNING")));
    assert_eq!(of(None, Some("$.detail.x")), Err(NoInput("$.detail.x".to_owned())));
}

#[test]
fn the_members_of_an_event_stand_in_their_order() {
    let event = event();
    let names: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    );
}
