//! `/rules`, as a client sees it.

use std::sync::Arc;

use actions::signature::{Keys, Signer};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use bus::Bus;
use participant::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::world::{GROUP, Server, in_memory, machine, machine_arn};
use crate::triggers::{Rules, Streams, router};

struct Asked {
    server: Server,
    keys: Option<Keys>,
    silence: Option<&'static str>,
    bus: Arc<dyn Bus>,
    streams: Streams,
}

impl Asked {
    /// The status of the answer, and its body: JSON, or nothing.
    async fn ask(&self, method: &str, path: &str, body: &str, headers: &[(String, String)]) -> (u16, Value) {
        let (intake, standing) = (Arc::clone(&self.server.intake), Arc::clone(&self.server.standing));
        let (silence, keys) = (self.silence, self.keys.clone());
        let rules = Rules {
            intake,
            standing,
            clock: Arc::new(SystemClock),
            silence,
            bus: Arc::clone(&self.bus),
            group: GROUP,
            streams: self.streams,
            keys,
        };
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost:8084");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = router(rules).oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() })
    }

    async fn put(&self, name: &str, rule: Value) -> (u16, Value) {
        self.ask("PUT", &format!("/rules/{name}"), &rule.to_string(), &[]).await
    }
}

#[tokio::test]
async fn rules_are_made_changed_told_and_removed() {
    let (bus, store) = in_memory();
    machine(&*store, "m", false).await;
    let asked = Asked {
        server: Server::start(&bus, &store),
        keys: None,
        silence: None,
        bus,
        streams: Streams::FromNow,
    };
    assert_eq!(asked.ask("GET", "/rules", "", &[]).await, (200, json!({"rules": []})));
    let (status, made) =
        asked.put("r", json!({"topic": "s/placed", "machine": "m", "pattern": {"detail": {"n": [1]}}})).await;
    assert_eq!((status, &made["subscribed"], &made["warnings"]), (201, &json!(true), &json!([])), "{made}");
    assert_eq!((&made["rule"]["name"], &made["rule"]["machine"]), (&json!("r"), &json!(machine_arn("m"))));
    assert_eq!(asked.ask("GET", "/rules/r", "", &[]).await, (200, made["rule"].clone()));
    // What was told can be given back.
    let (status, again) = asked.put("r", made["rule"].clone()).await;
    assert_eq!((status, &again["rule"]), (200, &made["rule"]));
    let (status, other) =
        asked.put("q", json!({"topic": "t/x", "machine": "later:live", "enabled": true})).await;
    let warnings = other["warnings"].to_string();
    assert_eq!((status, &other["subscribed"]), (201, &json!(true)), "{other}");
    assert!(
        warnings.contains("there is no arn:") && warnings.contains("later:live: until there is"),
        "{warnings}"
    );
    let (_, list) = asked.ask("GET", "/rules", "", &[]).await;
    let names: Vec<_> = list["rules"].as_array().unwrap().iter().map(|rule| rule["name"].clone()).collect();
    assert_eq!(names, ["q", "r"]);
    assert_eq!(asked.ask("DELETE", "/rules/r", "", &[]).await, (204, Value::Null));
    assert_eq!(asked.ask("DELETE", "/rules/r", "", &[]).await.0, 404);
    assert_eq!(asked.ask("GET", "/rules/r", "", &[]).await.0, 404);
    asked.server.stop().await;
}

/// On Kafka a group goes through what is kept of a stream that it did not read: whoever makes the rule has to want that.
#[tokio::test]
async fn a_rule_begins_with_what_its_maker_expects_or_is_refused() {
    let wrong = |answer: &(u16, Value)| {
        let error = answer.1["errors"][0].clone();
        (answer.0, error["field"].clone(), error["expected"].as_str().unwrap_or_default().to_owned())
    };
    for streams in [Streams::FromNow, Streams::Kept] {
        let (bus, store) = in_memory();
        machine(&*store, "m", false).await;
        let asked = Asked { server: Server::start(&bus, &store), keys: None, silence: None, bus, streams };
        let put = async |name: &str, topic: &str, from: Value| {
            let mut rule = json!({"topic": topic, "machine": "m"});
            if !from.is_null() {
                rule["from"] = from;
            }
            asked.put(name, rule).await
        };
        let (status, field, expected) = wrong(&put("a", "s/x", json!("beginning")).await);
        assert_eq!((status, field), (400, json!("from")), "nobody goes back with the first stream");
        assert!(expected.starts_with("now: "), "{expected}");
        assert_eq!(put("a", "s/x", json!("now")).await.0, 201);
        assert_eq!(put("b", "s/y", Value::Null).await.0, 201, "it is a topic of the same stream");
        let further = put("c", "t/x", Value::Null).await;
        if streams == Streams::FromNow {
            assert_eq!(further.0, 201, "{further:?}");
            assert_eq!(put("d", "u/x", json!("beginning")).await.0, 400);
        } else {
            let (status, field, expected) = wrong(&further);
            assert_eq!((status, field), (400, json!("from")));
            assert!(expected.starts_with("beginning: of the stream t Kafka gives"), "{expected}");
            assert_eq!(asked.ask("GET", "/rules/c", "", &[]).await.0, 404);
            let disabled = json!({"topic": "t/x", "machine": "m", "enabled": false});
            assert_eq!(asked.put("c", disabled).await.0, 201);
            assert_eq!(asked.put("c", json!({"topic": "t/x", "machine": "m"})).await.0, 400);
            let (status, made) = put("c", "t/x", json!("beginning")).await;
            assert_eq!((status, &made["warnings"]), (200, &json!([])), "{made}");
            // Asked for again it is as it was.
            let (status, again) = put("c", "t/x", json!("beginning")).await;
            assert!(status == 200 && again["warnings"].to_string().contains("is read already"), "{again}");
            // The group is there without a rule, too.
            for name in ["a", "b", "c"] {
                assert_eq!(asked.ask("DELETE", &format!("/rules/{name}"), "", &[]).await.0, 204);
            }
            assert_eq!(put("a", "s/x", json!("now")).await.0, 400);
            assert_eq!(put("a", "s/x", json!("beginning")).await.0, 201);
        }
        asked.server.stop().await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_told_by_field() {
    let (bus, store) = in_memory();
    let asked = Asked {
        server: Server::start(&bus, &store),
        keys: None,
        silence: None,
        bus,
        streams: Streams::FromNow,
    };
    let (status, problem) =
        asked.put("r", json!({"topic": "s", "machine": "m", "pattern": {"a": "b"}})).await;
    assert_eq!(status, 400);
    let fields: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, ["topic", "pattern.a"]);
    let (status, problem) = asked.ask("PUT", "/rules/r", "{", &[]).await;
    assert!(
        status == 400 && problem["detail"].as_str().unwrap().starts_with("the body is no JSON"),
        "{problem}"
    );
    for method in ["GET", "PUT", "DELETE"] {
        let (status, problem) = asked.ask(method, "/rules/a%20b", "{}", &[]).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("name")), "{method}");
    }
    assert_eq!(asked.ask("GET", "/rules", "", &[]).await.1, json!({"rules": []}));
    asked.server.stop().await;
}

#[tokio::test]
async fn a_server_without_a_bus_says_so() {
    let (bus, store) = in_memory();
    let silence = Some("this server reads no bus");
    let asked =
        Asked { server: Server::start(&bus, &store), keys: None, silence, bus, streams: Streams::FromNow };
    let (status, made) = asked.put("r", json!({"topic": "s/k", "machine": "m"})).await;
    assert_eq!((status, &made["subscribed"]), (201, &json!(false)));
    assert!(
        made["warnings"].to_string().contains("no message comes for it yet: this server reads no bus"),
        "{made}"
    );
    asked.server.stop().await;
}

#[tokio::test]
async fn whoever_may_not_ask_is_told_nothing() {
    let (bus, store) = in_memory();
    let keys =
        Keys::of_profiles("states", "[a]\naws_access_key_id = AKID\naws_secret_access_key = secret").unwrap();
    let asked = Asked {
        server: Server::start(&bus, &store),
        keys: Some(keys),
        silence: None,
        bus,
        streams: Streams::FromNow,
    };
    let rule = json!({"topic": "s/k", "machine": "m"}).to_string();
    for (method, path) in
        [("GET", "/rules"), ("GET", "/rules/r"), ("PUT", "/rules/r"), ("DELETE", "/rules/r")]
    {
        let (status, problem) = asked.ask(method, path, &rule, &[]).await;
        assert_eq!(status, 403, "{method} {path}");
        assert!(
            problem["detail"].as_str().unwrap().starts_with("MissingAuthenticationTokenException"),
            "{problem}"
        );
    }
    let now = SystemClock.now();
    let signer = |secret: &str| Signer {
        key_id: "AKID".to_owned(),
        secret: secret.to_owned(),
        region: "us-east-1".to_owned(),
    };
    let signed =
        |secret: &str| signer(secret).headers("PUT", "/rules/r", "localhost:8084", rule.as_bytes(), now);
    assert_eq!(asked.ask("PUT", "/rules/r", &rule, &signed("other")).await.0, 403);
    assert_eq!(asked.ask("PUT", "/rules/r", &rule, &signed("secret")).await.0, 201);
    // A signature is for what it was made for.
    assert_eq!(asked.ask("PUT", "/rules/q", &rule, &signed("secret")).await.0, 403);
    asked.server.stop().await;
}
