//! What no service sends: it is an error, at once, and nothing more.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails like a test")]

use aws_apis::{ANSWER_BYTES_MAX, MESSAGE_CHARS_MAX, Place, service, services};
use serde_json::{Value, json};

use crate::action;

/// An action of each protocol.
const ACTIONS: [(&str, &str); 5] = [
    ("dynamodb", "getItem"),
    ("lambda", "getFunction"),
    ("s3", "listObjectsV2"),
    ("sns", "publish"),
    ("ec2", "describeInstances"),
];

fn all_protocols() -> Vec<aws_apis::Action> {
    let mut actions: Vec<_> = ACTIONS.iter().map(|(service, name)| action(service, name)).collect();
    let cbor =
        services().find(|name| service(name).unwrap().protocol == aws_apis::Protocol::RpcCbor).unwrap();
    let cbor = service(cbor).unwrap();
    actions.extend(
        cbor.actions().map(|name| cbor.action(&name).unwrap()).find(|action| !action.has_event_stream()),
    );
    actions
}

#[test]
fn garbage_is_an_error_and_no_panic() {
    let deep_json = "[".repeat(1_000_000);
    let deep_xml = "<a>".repeat(1_000_000);
    let deep_cbor = vec![0x81; 1_000_000];
    let claims: &[&[u8]] = &[
        // A list, a text and a map of 2^63 elements.
        &[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x7b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        b"\xff\xfe\x00",
        b"{\"Item\":",
        b"<ListBucketResult>",
        deep_json.as_bytes(),
        deep_xml.as_bytes(),
        &deep_cbor,
    ];
    for action in all_protocols() {
        for body in claims {
            for status in [200, 400, 500] {
                assert!(action.answer(status, &[], body).is_err(), "{} {status} {body:.20?}", action.name());
            }
        }
    }
}

#[test]
fn a_body_beyond_the_bound_is_not_read() {
    let body = vec![b' '; ANSWER_BYTES_MAX + 1];
    let error = action("dynamodb", "getItem").answer(200, &[], &body).unwrap_err();
    assert_eq!(error.name, "DynamoDb.SdkClientException");
}

#[test]
fn what_is_said_of_an_error_is_cut() {
    let long = "\u{e9}".repeat(MESSAGE_CHARS_MAX + 1);
    let body = json!({"__type": long, "message": long}).to_string();
    let headers = [("x-amzn-requestid".to_owned(), long.clone())];
    let error = action("dynamodb", "getItem").answer(400, &headers, body.as_bytes()).unwrap_err();
    assert_eq!(error.message.chars().count(), MESSAGE_CHARS_MAX);
    assert_eq!((error.code.chars().count(), error.request_id.unwrap().chars().count()), (256, 256));
    let of_xml = format!("<Error><Code>{long}</Code><Message>{long}</Message></Error>");
    let error = action("s3", "listObjectsV2").answer(400, &[], of_xml.as_bytes()).unwrap_err();
    assert!(error.to_string().chars().count() < MESSAGE_CHARS_MAX + 600);
}

#[test]
fn answers_of_other_types_are_errors() {
    for body in [r#"{"Item": []}"#, r#"{"Item": {"a": 1}}"#, "[]", "1", r#"{"Item": {"a": {"B": "?"}}}"#] {
        assert!(action("dynamodb", "getItem").answer(200, &[], body.as_bytes()).is_err(), "{body}");
    }
}

/// Attribute values of DynamoDB hold others, without end.
#[test]
fn parameters_too_deep_in_each_other_are_refused() {
    let mut value = json!({"S": "x"});
    for _ in 0..100 {
        value = json!({"L": [value]});
    }
    let place = Place { region: "eu-west-1", endpoint: None };
    let parameters = json!({"TableName": "t", "Item": {"a": value}});
    let problem = action("dynamodb", "putItem").request(&parameters, &place, "").unwrap_err();
    assert!(problem.to_string().contains("at most 128"), "{problem}");
}

/// Whatever an action is given instead of what it wants, it says so.
#[test]
fn every_action_of_every_service_bears_nonsense() {
    let place = Place { region: "eu-west-1", endpoint: None };
    let nonsense = [json!({}), Value::Null, json!({"X": 1}), json!("text")];
    for name in services() {
        let service = service(name).unwrap();
        for name in service.actions().step_by(7) {
            let action = service.action(&name).unwrap();
            for parameters in &nonsense {
                let _ = action.request(parameters, &place, "token");
            }
            let _ = action.answer(200, &[], b"{}");
            let _ = action.answer(418, &[], b"<a/>");
        }
    }
}
