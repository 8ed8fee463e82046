//! The API over HTTP, as far as a request gets without an action.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::sync::Arc;

use actions::http::{router, signed_router};
use actions::signature::Keys;
use actions::{Metrics, Scope, Service};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::DefaultBodyLimit;
use axum::http::Request;
use executions::Catalogue;
use participant::SystemClock;
use prometheus::Registry;
use serde_json::Value;
use store::memory::MemoryStore;
use tower::ServiceExt as _;

fn service() -> Service {
    let (requests, _) = participant::requests();
    let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(SystemClock));
    Service::new(Scope::default(), store, requests, Catalogue::default(), clock)
}

fn signed() -> Router {
    let keys = "[a]\naws_access_key_id = AKID\naws_secret_access_key = secret";
    signed_router(service(), Keys::of_profiles("states", keys).unwrap())
}

/// The status, and the error's name.
async fn ask(router: Router, method: &str, path: &str, target: &str, body: impl Into<Body>) -> (u16, String) {
    let request = Request::builder().method(method).uri(path).header("x-amz-target", target);
    let answer = router.oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/x-amz-json-1.0");
    assert_eq!(answer.headers()["x-amzn-requestid"].len(), 36);
    let body: Value = serde_json::from_slice(&to_bytes(answer.into_body(), 1 << 20).await.unwrap()).unwrap();
    let name = body["__type"].as_str().unwrap().rsplit('#').next().unwrap();
    (status, name.to_owned())
}

const LIST: &str = "AWSStepFunctions.ListStateMachines";

#[tokio::test]
async fn whatever_is_no_request_is_answered_in_the_shape_of_aws() {
    for (method, path, target, body, status, error) in [
        ("POST", "/", "", "{}", 400, "UnknownOperationException"),
        ("POST", "/", "AWSStepFunctions.Nothing", "{}", 400, "UnknownOperationException"),
        ("GET", "/", LIST, "", 404, "UnknownOperationException"),
        ("POST", "/machines/of/mine", LIST, "{}", 404, "UnknownOperationException"),
        ("POST", "/", LIST, "", 400, "SerializationException"),
        ("POST", "/", LIST, "{", 400, "SerializationException"),
        ("POST", "/", LIST, r#"{"maxResults": 1001}"#, 400, "ValidationException"),
    ] {
        let answer = ask(router(service()), method, path, target, body).await;
        assert_eq!(answer, (status, error.to_owned()), "{method} {path} {target} {body}");
    }
}

#[tokio::test]
async fn what_is_larger_than_the_server_reads_is_too_large() {
    let router = router(service()).layer(DefaultBodyLimit::max(10));
    let answer = ask(router, "POST", "/", LIST, r#"{"maxResults": 1}"#).await;
    assert_eq!(answer, (413, "RequestEntityTooLargeException".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for_long() {
    let began = tokio::time::Instant::now();
    let body = Body::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>());
    let answer = ask(signed(), "POST", "/", "AWSStepFunctions.StartSyncExecution", body).await;
    assert_eq!(answer, (503, "ServiceUnavailableException".to_owned()));
    assert_eq!(began.elapsed().as_secs(), 10);
}

/// The client goes away, or the time of the request is over: whoever limits that drops it.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_is_counted() {
    let registry = Registry::new();
    // Nobody carries out what is asked of executions: it waits for ever.
    let (requests, _asked) = participant::requests();
    let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(SystemClock));
    let service = Service::new(Scope::default(), store, requests, Catalogue::default(), clock);
    let router = router(service.with_metrics(Metrics::register(&registry).unwrap()));
    let made = Request::post("/").header("x-amz-target", "AWSStepFunctions.CreateActivity");
    let made = router.clone().oneshot(made.body(Body::from(r#"{"name": "a"}"#)).unwrap()).await.unwrap();
    assert_eq!(made.status().as_u16(), 200);
    let get = r#"{"activityArn": "arn:aws:states:us-east-1:123456789012:activity:a"}"#;
    let never: fn() -> Body = || Body::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>());
    for (target, body) in [("AWSStepFunctions.GetActivityTask", Body::from(get)), (LIST, never())] {
        let request = Request::post("/").header("x-amz-target", target).body(body).unwrap();
        let asked = router.clone().oneshot(request);
        assert!(tokio::time::timeout(std::time::Duration::from_secs(5), asked).await.is_err());
    }
    ask(router, "POST", "/", LIST, "{").await;
    let told = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    for line in [
        r#"duet_workflow_api_calls_total{action="GetActivityTask",error="unanswered"} 1"#,
        r#"duet_workflow_api_calls_total{action="ListStateMachines",error="unanswered"} 1"#,
        r#"duet_workflow_api_calls_total{action="ListStateMachines",error="SerializationException"} 1"#,
    ] {
        assert!(told.lines().any(|told| told == line), "{line} is not in\n{told}");
    }
}

#[tokio::test]
async fn who_asks_is_looked_at_after_what_is_asked_for_and_before_all_else() {
    for (target, body, error) in [
        ("AWSStepFunctions.Nothing", "{}", "UnknownOperationException"),
        (LIST, "{}", "MissingAuthenticationTokenException"),
        (LIST, "{", "MissingAuthenticationTokenException"),
    ] {
        assert_eq!(
            ask(signed(), "POST", "/", target, body).await,
            (400, error.to_owned()),
            "{target} {body}"
        );
    }
}
