//! AWS's own suite: each of its requests is accepted as it is, and no longer once anything that is signed is another.

use std::path::Path;

use serde_json::Value;

use crate::{Request, keys};

struct Case {
    name: String,
    context: Value,
    signed: [(&'static str, Request); 2],
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws-signing-test-suite");
    let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let cases = folders.filter(|folder| folder.is_dir()).map(|folder| {
        let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
        let signed = |form| (form, Request::read(&read(&format!("{form}-signed-request.txt"))));
        Case {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            context: serde_json::from_str(&read("context.json")).unwrap(),
            signed: [signed("header"), signed("query")],
        }
    });
    cases.collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

impl Case {
    fn keys(&self) -> actions::signature::Keys {
        let credentials = &self.context["credentials"];
        keys(
            text(&self.context["service"]),
            text(&credentials["access_key_id"]),
            text(&credentials["secret_access_key"]),
        )
    }

    fn now(&self) -> i64 {
        let at: jiff::Timestamp = text(&self.context["timestamp"]).parse().unwrap();
        at.as_millisecond()
    }

    /// A query has the token beside what is signed there, which is a manner of a few services, and not of this one.
    fn is_ours(&self, form: &str) -> bool {
        form == "header" || self.context["omit_session_token"] != true
    }
}

#[test]
fn what_aws_signed_is_accepted() {
    let cases = cases();
    assert_eq!(cases.len(), 31);
    for case in cases {
        for (form, request) in &case.signed {
            if case.is_ours(form) {
                let verified = request.verify(&case.keys(), case.now());
                assert_eq!(verified, Ok(()), "{} in the {form}", case.name);
            }
        }
    }
}

#[test]
fn whatever_is_changed_afterwards_shows() {
    type Change = fn(&mut Request);
    let changes: [(&str, Change); 5] = [
        ("the method", |request| request.method.push('X')),
        ("the path", |request| request.path.push('x')),
        ("the query", |request| request.query.push_str("&x=y")),
        ("the host", |request| drop(request.headers.insert("host", "example.com".parse().unwrap()))),
        ("the body", |request| request.body.push(b'x')),
    ];
    for case in cases() {
        for (form, request) in &case.signed {
            for (what, change) in changes {
                let mut request = request.clone();
                change(&mut request);
                let refused = request.verify(&case.keys(), case.now()).unwrap_err();
                let said = refused.body()["message"].to_string();
                let name = &case.name;
                assert!(
                    said.contains("does not match the signature you provided"),
                    "{name} in the {form}, {what}: {said}"
                );
            }
        }
    }
}

#[test]
fn neither_another_secret_nor_another_time_will_do() {
    for case in cases() {
        for (form, request) in &case.signed {
            let name = &case.name;
            let (service, id) =
                (text(&case.context["service"]), text(&case.context["credentials"]["access_key_id"]));
            request.verify(&keys(service, id, "another"), case.now()).unwrap_err();
            request.verify(&keys(service, "another", "another"), case.now()).unwrap_err();
            request.verify(&keys("another", id, "another"), case.now()).unwrap_err();
            // A query says itself how long it is good.
            let (minute, lasts) = (60_000, if *form == "query" { 60 } else { 5 });
            for (at, is_good) in [
                (case.now() - 5 * minute, true),
                (case.now() - 5 * minute - 1, false),
                (case.now() + lasts * minute, true),
                (case.now() + lasts * minute + 1, false),
            ] {
                let verified = request.verify(&case.keys(), at);
                assert!(
                    verified.is_ok() == (is_good && case.is_ours(form)),
                    "{name} in the {form} at {at}: {verified:?}"
                );
            }
        }
    }
}
