//! The endpoints that operators and orchestration platforms ask.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::{Readiness, Registry, openmetrics};

/// What Prometheus expects of its text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// What it expects of OpenMetrics'.
const OPENMETRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The operational endpoints:
///
/// - `GET /healthz`: 200 while the process can answer at all;
/// - `GET /readyz`: 200 `{"ready":true,"reasons":[]}`, or 503 with `reasons` of `check` and `reason`;
/// - `GET /metrics`: the registry in Prometheus' text format, or in OpenMetrics' where that is accepted.
pub fn router(registry: Registry, readiness: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready).with_state(readiness))
        .route("/metrics", get(metrics).with_state(registry))
}

async fn ready(State(readiness): State<Readiness>) -> Response {
    let reasons = readiness.reasons();
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": reasons.is_empty(), "reasons": reasons }))).into_response()
}

async fn metrics(State(registry): State<Registry>, headers: HeaderMap) -> Response {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    // Whoever knows OpenMetrics prefers it.
    let (media_type, text) = match accepted.into_iter().any(|types| types.contains(openmetrics::MEDIA_TYPE)) {
        true => (OPENMETRICS_TYPE, registry.openmetrics()),
        false => (METRICS_TYPE, registry.text()),
    };
    match text {
        Ok(text) => ([(header::CONTENT_TYPE, media_type)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(router: &Router, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn readiness_follows_its_checks_and_health_does_not() {
        let connected = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&connected);
        let readiness = Readiness::new().with("store", || Ok(())).with("bus", move || {
            if seen.load(Ordering::SeqCst) { Ok(()) } else { Err("connection refused".to_owned()) }
        });
        let router = router(crate::registry(), readiness);

        let (status, body) = ask(&router, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body, r#"{"ready":false,"reasons":[{"check":"bus","reason":"connection refused"}]}"#);
        assert_eq!(ask(&router, "/healthz").await, (StatusCode::OK, "alive\n".to_owned()));

        connected.store(true, Ordering::SeqCst);
        assert_eq!(
            ask(&router, "/readyz").await,
            (StatusCode::OK, r#"{"ready":true,"reasons":[]}"#.to_owned())
        );
    }

    #[tokio::test]
    async fn metrics_hold_the_process_and_what_was_registered() {
        let registry = crate::registry();
        let orders = prometheus::IntCounter::new("orders_total", "Orders.").unwrap();
        registry.register(Box::new(orders.clone())).unwrap();
        orders.inc();
        let router = router(registry, Readiness::new());
        let (status, body) = ask(&router, "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("\norders_total 1\n"), "{body}");
        assert!(body.contains("\nprocess_cpu_seconds_total "), "{body}");

        // As Prometheus asks.
        let accept =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        let request = Request::get("/metrics").header(header::ACCEPT, accept).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], OPENMETRICS_TYPE);
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert!(body.ends_with(b"\n# EOF\n"));
    }
}
