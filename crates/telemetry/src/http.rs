//! The endpoints that operators and orchestration platforms ask.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::{Readiness, Registry, openmetrics, protobuf};

/// What Prometheus expects of its text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// What it expects of OpenMetrics'.
const OPENMETRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// What it expects of its protobuf format.
const PROTOBUF_TYPE: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/// The operational endpoints:
///
/// - `GET /healthz`: 200 while the process can answer at all;
/// - `GET /readyz`: 200 `{"ready":true,"reasons":[]}`, or 503 with `reasons` of `check` and `reason`;
/// - `GET /metrics`: the registry in Prometheus' text or protobuf format, or in OpenMetrics', whichever is preferred.
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
    let (media_type, body) = match Format::asked_for(accepted) {
        Format::Protobuf => (PROTOBUF_TYPE, registry.protobuf().into()),
        Format::OpenMetrics => (OPENMETRICS_TYPE, registry.openmetrics().into()),
        Format::Text => match registry.text() {
            Ok(text) => (METRICS_TYPE, Body::from(text)),
            Err(error) => {
                tracing::error!(%error, "the metrics cannot be rendered");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        },
    };
    ([(header::CONTENT_TYPE, media_type)], body).into_response()
}

/// How metrics can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Protobuf,
    OpenMetrics,
    Text,
}

impl Format {
    /// The first one named of those that are preferred most; text, unless something else is asked for.
    fn asked_for<'a>(accepted: impl Iterator<Item = &'a str>) -> Self {
        let (mut best, mut most) = (Self::Text, 0.0);
        for media_type in accepted.flat_map(|types| types.split(',')) {
            let mut parts = media_type.split(';').map(str::trim);
            let format = match parts.next() {
                Some(protobuf::MEDIA_TYPE) => Self::Protobuf,
                Some(openmetrics::MEDIA_TYPE) => Self::OpenMetrics,
                Some("text/plain" | "*/*") => Self::Text,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            if quality > most {
                (best, most) = (format, quality);
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::body::to_bytes;
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
        let registry = crate::registry();
        registry.register(Box::new(crate::ReadyMetric::new(readiness.clone()).unwrap())).unwrap();
        let router = router(registry, readiness);

        let (status, body) = ask(&router, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body, r#"{"ready":false,"reasons":[{"check":"bus","reason":"connection refused"}]}"#);
        assert_eq!(ask(&router, "/healthz").await, (StatusCode::OK, "alive\n".to_owned()));

        let (_, metrics) = ask(&router, "/metrics").await;
        assert!(
            metrics.contains("\nduet_ready{check=\"bus\"} 0\nduet_ready{check=\"store\"} 1\n"),
            "{metrics}"
        );

        connected.store(true, Ordering::SeqCst);
        assert_eq!(
            ask(&router, "/readyz").await,
            (StatusCode::OK, r#"{"ready":true,"reasons":[]}"#.to_owned())
        );
    }

    #[test]
    fn the_format_is_the_one_preferred() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        let with_native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;\
                           q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2";
        for (accepted, format) in [
            (prometheus, Format::OpenMetrics),
            (with_native, Format::Protobuf),
            ("text/html,*/*;q=0.8", Format::Text),
            ("", Format::Text),
            ("text/plain, application/openmetrics-text;q=0", Format::Text),
        ] {
            assert_eq!(Format::asked_for([accepted].into_iter()), format, "{accepted}");
        }
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
