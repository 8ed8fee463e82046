//! Takes traces as an OpenTelemetry collector does (OTLP over HTTP), and keeps them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use tokio::net::TcpListener;

/// A span as it came.
#[derive(Clone, Debug)]
pub struct Span {
    /// The service whose it is.
    pub service: String,
    /// Its trace, in hexadecimal.
    pub trace_id: String,
    /// Its own id, in hexadecimal.
    pub id: String,
    /// Its parent's; empty for a root.
    pub parent: String,
    /// What was done, as the exporter says it.
    pub name: String,
    /// Whether it sent, received, or neither.
    pub kind: SpanKind,
    /// Its attributes, as text.
    pub attributes: BTreeMap<String, String>,
    /// When it began and ended, in nanoseconds since 1970.
    pub times: (u64, u64),
    /// The spans that it links to, in hexadecimal.
    pub links: Vec<String>,
}

/// A collector in this process.
pub struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    /// Listens.
    ///
    /// # Panics
    /// There is no port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, spans) = (listener.local_addr().unwrap(), Arc::default());
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&spans));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, spans }
    }

    /// What tells a program to export to this collector, and soon.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", self.address)),
            ("OTEL_BSP_SCHEDULE_DELAY", "100".to_owned()),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "65536".to_owned()),
        ]
    }

    /// What has come so far, by trace.
    ///
    /// # Panics
    /// A request could not be taken.
    #[must_use]
    pub fn traces(&self) -> BTreeMap<String, Vec<Span>> {
        let mut traces = BTreeMap::<String, Vec<Span>>::new();
        for span in self.spans.lock().unwrap().iter() {
            traces.entry(span.trace_id.clone()).or_default().push(span.clone());
        }
        traces
    }
}

async fn take(State(spans): State<Arc<Mutex<Vec<Span>>>>, body: Bytes) -> (StatusCode, Bytes) {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return (StatusCode::BAD_REQUEST, Bytes::new());
    };
    for group in request.resource_spans {
        let resource = texts(group.resource.map(|resource| resource.attributes).unwrap_or_default());
        let service = resource.get("service.name").cloned().unwrap_or_default();
        for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            spans.lock().unwrap().push(Span {
                service: service.clone(),
                trace_id: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                kind: span.kind(),
                times: (span.start_time_unix_nano, span.end_time_unix_nano),
                links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
                name: span.name,
                attributes: texts(span.attributes),
            });
        }
    }
    (StatusCode::OK, Bytes::new())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value| match value {
        any_value::Value::StringValue(text) => text,
        any_value::Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let pair = |pair: KeyValue| Some((pair.key, text(pair.value?.value?)));
    attributes.into_iter().filter_map(pair).collect()
}
