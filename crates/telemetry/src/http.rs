//! The endpoints that operators and orchestration platforms ask.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use prometheus::{Registry, TextEncoder};
use serde_json::json;

use crate::Readiness;

/// What Prometheus expects of its text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The operational endpoints:
///
/// - `GET /healthz`: 200 while the process can answer at all;
/// - `GET /readyz`: 200 `{"ready":true,"reasons":[]}`, or 503 with `reasons` of `check` and `reason`;
/// - `GET /metrics`: the registry in Prometheus' text format.
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

async fn metrics(State(registry): State<Registry>) -> Response {
    match render_metrics(&registry) {
        Ok(text) => ([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Everything in the registry, in Prometheus' text format.
///
/// # Errors
/// A collector handed out a family without samples or a name.
pub fn render_metrics(registry: &Registry) -> prometheus::Result<String> {
    TextEncoder::new().encode_to_string(&registry.gather())
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
        let (status, body) = ask(&router(registry, Readiness::new()), "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("\norders_total 1\n"), "{body}");
        assert!(body.contains("\nprocess_cpu_seconds_total "), "{body}");
    }
}
