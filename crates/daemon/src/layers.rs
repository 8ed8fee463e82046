//! What happens to every HTTP request: it is checked ([`crate::guard`]), it is counted, it has a limited time, and
//! whatever goes wrong is told in one style.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use contract::TraceContext;
use contract::trace::TRACEPARENT;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};
use tokio::time::Instant;
use traces::{KeyValue, Span, SpanKind, Tracer};

use crate::{AllowedHosts, Guarded, HttpLimits, Manners, Problem};

/// What stands for all paths that there are not.
const UNKNOWN: &str = "unknown";

struct Layers {
    timeout: Duration,
    manners: Manners,
    requests: IntCounterVec,
    seconds: HistogramVec,
    tracer: Tracer,
}

/// The router behind the checks, with limits, metrics (`duet_http_requests_total`, `duet_http_request_seconds`; what is
/// refused is among them) and answers for paths and methods that it does not know.
///
/// # Errors
/// The registry has metrics of these names already.
pub(crate) fn wrap(
    router: Router,
    limits: &HttpLimits,
    hosts: &AllowedHosts,
    manners: Manners,
    registry: &Registry,
    tracer: Tracer,
) -> prometheus::Result<Guarded> {
    let requests = IntCounterVec::new(
        Opts::new("duet_http_requests_total", "HTTP requests answered."),
        &["method", "route", "status"],
    )?;
    let seconds = HistogramVec::new(
        HistogramOpts::new("duet_http_request_seconds", "Seconds until an HTTP request was answered.")
            .buckets(vec![0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0]),
        &["method", "route"],
    )?;
    registry.register(Box::new(requests.clone()))?;
    registry.register(Box::new(seconds.clone()))?;
    let layers = Arc::new(Layers { timeout: limits.request_timeout, manners, requests, seconds, tracer });
    let router = router
        .fallback(async || Problem::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async |method: Method| {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not allowed at this path"))
        })
        .layer(DefaultBodyLimit::max(limits.body_bytes_max));
    Ok(Guarded::new(router, hosts).within(|router| router.layer(from_fn_with_state(layers, observe))))
}

async fn observe(State(layers): State<Arc<Layers>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    // Neither label may be chosen by the caller, or anybody could fill the registry.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(UNKNOWN, MatchedPath::as_str);
    let method = match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        _ => "other",
    };
    let serving = Serving::begin(&layers.tracer, &mut request);
    let timeout = (layers.manners.timeout)(request.headers()).unwrap_or(layers.timeout);
    let tell = (layers.manners.tell)(request.headers());
    let answered = tokio::time::timeout(timeout, next.run(request)).await;
    let response = answered.unwrap_or_else(|_| {
        tracing::warn!(method, route, timeout_ms = timeout.as_millis(), "an HTTP request took too long");
        Problem::unavailable("the request took too long; it may have been carried out").into_response()
    });
    if let Some(serving) = serving {
        let known = (route != UNKNOWN).then_some(route);
        serving.end(&layers.tracer, method, known, response.status());
    }
    layers.requests.with_label_values(&[method, route, response.status().as_str()]).inc();
    layers.seconds.with_label_values(&[method, route]).observe(started.elapsed().as_secs_f64());
    let response = in_one_style(response);
    match (tell, response.extensions().get::<Problem>()) {
        (Some(tell), Some(problem)) => tell(problem),
        _ => response,
    }
}

/// A request that came with a trace.
struct Serving {
    context: TraceContext,
    cause: TraceContext,
    began: SystemTime,
    path: String,
}

impl Serving {
    /// Puts its own span in the place of the caller's, so that what the request leads to comes from it.
    fn begin(tracer: &Tracer, request: &mut Request) -> Option<Self> {
        let header = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
        let cause = tracer.joined(header)?;
        let context = tracer.span_of(cause);
        let header = HeaderValue::try_from(context.to_string()).ok()?;
        request.headers_mut().insert(TRACEPARENT, header);
        Some(Self { context, cause, began: tracer.now(), path: request.uri().path().to_owned() })
    }

    /// As OpenTelemetry's semantic conventions for HTTP servers have it.
    fn end(self, tracer: &Tracer, method: &'static str, route: Option<&str>, status: StatusCode) {
        let method = if method == "other" { "_OTHER" } else { method };
        let verb = if method == "_OTHER" { "HTTP" } else { method };
        let name = route.map_or_else(|| verb.to_owned(), |route| format!("{verb} {route}"));
        let mut attributes = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
            KeyValue::new("url.path", self.path),
            KeyValue::new("url.scheme", "http"),
        ];
        attributes.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
        let failure = status.is_server_error().then(|| status.to_string());
        attributes.extend(failure.as_ref().map(|_| KeyValue::new("error.type", status.as_str().to_owned())));
        tracer.record(Span {
            context: self.context,
            parent: Some(self.cause),
            name: name.into(),
            kind: SpanKind::Server,
            began: self.began,
            ended: tracer.now(),
            attributes,
            links: Vec::new(),
            failure,
        });
    }
}

/// Makes problem details of an error that some extractor answered in plain text.
fn in_one_style(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    if !is_error || content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"application/")) {
        return response;
    }
    Problem::new(status, format!("the request was refused: {}", status.canonical_reason().unwrap_or("error")))
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes, to_bytes};
    use axum::routing::{get, post};
    use tower::ServiceExt as _;

    use super::*;
    use crate::manners::Tell;

    fn router(registry: &Registry) -> Router {
        let router = Router::new()
            .route("/slow", get(std::future::pending::<()>))
            .route("/body/{id}", post(async |body: Bytes| body.len().to_string()));
        let limits = HttpLimits {
            body_bytes_max: 10,
            request_timeout: Duration::from_millis(50),
            ..HttpLimits::default()
        };
        let hosts = AllowedHosts::default();
        wrap(router, &limits, &hosts, MANNERS, registry, Tracer::off()).unwrap().into_router()
    }

    /// Of whoever says so, in a header.
    const MANNERS: Manners = Manners {
        timeout: |headers| headers.contains_key("patient").then_some(Duration::from_secs(60)),
        tell: |headers| {
            let tell: Tell = |problem| (StatusCode::IM_A_TEAPOT, problem.detail.clone()).into_response();
            headers.contains_key("strange").then_some(tell)
        },
    };

    async fn ask(router: Router, method: &str, path: &str, body: &'static str) -> (u16, serde_json::Value) {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
        let request =
            request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_goes_wrong_is_told_as_problem_details() {
        for (method, path, body, status) in [
            ("GET", "/nowhere", "", 404),
            ("PUT", "/slow", "", 405),
            ("POST", "/body/1", "more than ten bytes", 413),
            ("GET", "/slow", "", 503),
        ] {
            let (answered, problem) = ask(router(&telemetry::Registry::default()), method, path, body).await;
            assert_eq!(answered, status, "{method} {path}");
            assert_eq!(problem["status"], status, "{problem}");
            assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_api_of_another_kind_has_its_own_patience_and_words() {
        let router = router(&telemetry::Registry::default());
        let began = Instant::now();
        for (header, host) in
            [("strange", "localhost"), ("strange", "evil.example"), ("patient", "localhost")]
        {
            let request = Request::get("/slow").header(header::HOST, host).header(header, "");
            let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let (status, body) = (response.status(), to_bytes(response.into_body(), 1 << 20).await.unwrap());
            let said = String::from_utf8(body.to_vec()).unwrap();
            match (header, host) {
                ("patient", _) => assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE),
                _ => assert_eq!(status, StatusCode::IM_A_TEAPOT),
            }
            let expected = if host == "localhost" { "took too long" } else { "Host: found" };
            assert!(said.contains(expected), "{said}");
        }
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test]
    async fn what_is_refused_is_told_as_problem_details_and_counted() {
        let registry = telemetry::Registry::default();
        let request =
            Request::post("/body/1").header(header::HOST, "evil.example").body(Body::empty()).unwrap();
        let response = router(&registry).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let counted = r#"duet_http_requests_total{method="POST",route="/body/{id}",status="421"} 1"#;
        let text = registry.text().unwrap();
        assert!(text.contains(counted), "{text}");
    }

    #[tokio::test]
    async fn requests_are_counted_by_route_not_by_path() {
        let registry = telemetry::Registry::default();
        let router = router(&registry);
        for path in ["/body/1", "/body/2"] {
            assert_eq!(ask(router.clone(), "POST", path, "short").await.0, 200);
        }
        ask(router, "GET", "/made-up-by-somebody", "").await;
        let text = registry.text().unwrap();
        let counted = r#"duet_http_requests_total{method="POST",route="/body/{id}",status="200"} 2"#;
        assert!(text.contains(counted), "{text}");
        assert!(!text.contains("made-up"), "{text}");
    }
}
