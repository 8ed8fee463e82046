//! Records spans and hands them to an exporter.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use contract::TraceContext;
use opentelemetry::trace::{
    Event, Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    self, BatchSpanProcessor, IdGenerator as _, RandomIdGenerator, SpanData, SpanEvents, SpanLinks,
    SpanProcessor,
};

use crate::reporting::{Counts, Reporting};
use crate::{Sampler, Settings};

/// How long the last spans may take when the program ends.
const LAST_EXPORT: Duration = Duration::from_secs(3);

/// Something that was done, for a trace.
#[derive(Debug)]
pub struct Span {
    /// Its trace and id.
    pub context: TraceContext,
    /// The span that caused it; `None` for a root.
    pub parent: Option<TraceContext>,
    /// The same for all of its kind.
    pub name: Cow<'static, str>,
    /// Its role.
    pub kind: SpanKind,
    /// When it began.
    pub began: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
    /// What else is known.
    pub attributes: Vec<KeyValue>,
    /// Other spans that it has to do with.
    pub links: Vec<TraceContext>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// The exporter cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("spans cannot be exported to {endpoint}")]
pub struct StartError {
    endpoint: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Records spans, or does not: one that is off takes nothing and costs nothing. Clones record to the same place.
#[derive(Clone, Default)]
pub struct Tracer(Option<Arc<Recorder>>);

struct Recorder {
    processor: BatchSpanProcessor,
    counts: Counts,
    scope: InstrumentationScope,
    sampler: Sampler,
    ids: RandomIdGenerator,
}

impl Tracer {
    /// Records nothing.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// Exports as the settings say, as the service of that name (unless the environment names it otherwise).
    ///
    /// # Errors
    /// The exporter cannot be made. That nobody takes the spans is no error: it is logged when they are to go.
    pub fn start(settings: &Settings, service: &'static str) -> Result<Self, StartError> {
        // What the exporter's HTTP client encrypts with. It is there already if this is not the first tracer.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&settings.endpoint)
            .build();
        let failed = |source| StartError { endpoint: settings.shown(), source };
        let exporter = Reporting::new(exporter.map_err(|error| failed(error.into()))?, &settings.shown());
        Ok(Self::exporting(exporter, settings.sampler, service))
    }

    fn exporting<E: trace::SpanExporter + 'static>(
        exporter: Reporting<E>,
        sampler: Sampler,
        service: &'static str,
    ) -> Self {
        let counts = exporter.counts().clone();
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        processor.set_resource(&resource(service));
        let scope = InstrumentationScope::builder("duet").with_version(env!("CARGO_PKG_VERSION")).build();
        let ids = RandomIdGenerator::default();
        Self(Some(Arc::new(Recorder { processor, counts, scope, sampler, ids })))
    }

    /// Counts there what is recorded and exported; nothing, when nothing is recorded.
    ///
    /// # Errors
    /// The registry has metrics of these names already.
    pub fn register(&self, registry: &prometheus::Registry) -> prometheus::Result<()> {
        let Some(recorder) = &self.0 else { return Ok(()) };
        registry.register(Box::new(recorder.counts.recorded.clone()))?;
        registry.register(Box::new(recorder.counts.exported.clone()))
    }

    /// Whether anything is recorded.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The root span of an order that enters the system here without a trace; `None` if it is not to be traced.
    #[must_use]
    pub fn root(&self, order_id: &str) -> Option<TraceContext> {
        let recorder = self.0.as_ref()?;
        let root = TraceContext::of_order(order_id);
        recorder.sampler.takes(root.trace_id).then_some(root)
    }

    /// The context that a header brings; `None` where it brings none or its trace is not recorded.
    #[must_use]
    pub fn joined(&self, header: Option<&str>) -> Option<TraceContext> {
        let recorder = self.0.as_ref()?;
        let context = TraceContext::parse(header?)?;
        recorder.sampler.joins(context.trace_id, context.is_sampled()).then_some(context.sampled())
    }

    /// A new span of this trace; the same one when nothing is recorded.
    #[must_use]
    pub fn span_of(&self, trace: TraceContext) -> TraceContext {
        let Some(recorder) = &self.0 else { return trace };
        trace.with_span(u64::from_be_bytes(recorder.ids.new_span_id().to_bytes()))
    }

    /// The time, finer than what decisions are made with: for spans alone.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "nothing is decided by it")]
    pub fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Takes a span that has ended. Never waits: what comes faster than it is exported is dropped, as the counts show.
    pub fn record(&self, span: Span) {
        let Some(recorder) = &self.0 else { return };
        recorder.counts.recorded.inc();
        let (status, events) = match span.failure {
            None => (Status::Unset, SpanEvents::default()),
            Some(reason) => (Status::error(reason.clone()), failed(span.ended, reason)),
        };
        let mut links = SpanLinks::default();
        links.links.extend(span.links.into_iter().map(|link| Link::new(exported(link, true), Vec::new(), 0)));
        recorder.processor.on_end(SpanData {
            span_context: exported(span.context, false),
            parent_span_id: span.parent.map_or(SpanId::INVALID, |parent| span_id(parent.span_id)),
            parent_span_is_remote: matches!(span.kind, SpanKind::Consumer | SpanKind::Server),
            span_kind: span.kind,
            name: span.name,
            start_time: span.began,
            end_time: span.ended.max(span.began),
            attributes: span.attributes,
            dropped_attributes_count: 0,
            events,
            links,
            status,
            instrumentation_scope: recorder.scope.clone(),
        });
    }

    /// Exports what was recorded and ends; waits for it, some seconds at the most. What is recorded afterwards is lost.
    pub fn finish(&self) {
        if let Some(recorder) = &self.0 {
            // What could not be exported was logged by the exporter.
            let _ = recorder.processor.shutdown_with_timeout(LAST_EXPORT);
        }
    }
}

/// What the environment says of this program comes first.
fn resource(service: &'static str) -> Resource {
    // A random id, as the conventions want it: in a container every process has the same number.
    let instance = u128::from_be_bytes(RandomIdGenerator::default().new_trace_id().to_bytes());
    let instance = format!("{instance:032x}");
    let own = [
        ("service.name", service),
        ("service.namespace", "duet"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("service.instance.id", &instance),
    ];
    let named = std::env::var("OTEL_SERVICE_NAME").is_ok_and(|name| !name.is_empty());
    let given = std::env::var("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    let is_given = |name: &str| {
        let keys = given.split(',').filter_map(|pair| Some(pair.split_once('=')?.0.trim()));
        keys.into_iter().any(|key| key == name) || (named && name == "service.name")
    };
    let own = own.into_iter().filter(|(name, _)| !is_given(name));
    Resource::builder()
        .with_attributes(own.map(|(name, value)| KeyValue::new(name, value.to_owned())))
        .build()
}

/// As the semantic conventions record what went wrong.
fn failed(at: SystemTime, reason: String) -> SpanEvents {
    let mut events = SpanEvents::default();
    let attributes = vec![KeyValue::new("exception.message", reason)];
    events.events.push(Event::new("exception", at, attributes, 0));
    events
}

fn span_id(id: u64) -> SpanId {
    SpanId::from_bytes(id.to_be_bytes())
}

fn exported(context: TraceContext, is_remote: bool) -> SpanContext {
    let trace_id = TraceId::from_bytes(context.trace_id.to_be_bytes());
    SpanContext::new(trace_id, span_id(context.span_id), TraceFlags::SAMPLED, is_remote, TraceState::NONE)
}

#[cfg(test)]
pub(crate) mod tests {
    use opentelemetry_sdk::trace::InMemorySpanExporter;

    use super::*;

    /// A tracer that records everything here.
    pub(crate) fn recorded() -> (Tracer, InMemorySpanExporter) {
        let exporter = InMemorySpanExporter::default();
        (Tracer::exporting(Reporting::new(exporter.clone(), "here"), Sampler::ALL, "trial"), exporter)
    }

    /// What was recorded, in the order in which it ended.
    pub(crate) fn spans(tracer: &Tracer, exporter: &InMemorySpanExporter) -> Vec<SpanData> {
        tracer.0.as_ref().unwrap().processor.force_flush().unwrap();
        exporter.get_finished_spans().unwrap()
    }

    #[test]
    fn what_is_off_takes_nothing() {
        let off = Tracer::off();
        assert!(!off.is_on());
        assert_eq!(off.root("o-1"), None);
        let header = TraceContext::of_order("o-1").to_string();
        assert_eq!(off.joined(Some(&header)), None);
    }

    #[test]
    fn a_span_is_exported_with_its_cause() {
        let (tracer, exporter) = recorded();
        let root = tracer.root("o-1").unwrap();
        let now = tracer.now();
        tracer.record(Span {
            context: tracer.span_of(root),
            parent: Some(root),
            name: "trial".into(),
            kind: SpanKind::Internal,
            began: now,
            ended: now + Duration::from_millis(5),
            attributes: vec![KeyValue::new("duet.order.id", "o-1")],
            links: vec![root],
            failure: Some("it broke".into()),
        });
        let spans = spans(&tracer, &exporter);
        let [span] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!(span.parent_span_id, span_id(root.span_id));
        assert_eq!(span.span_context.trace_id(), exported(root, false).trace_id());
        assert_ne!(span.span_context.span_id(), span.parent_span_id);
        assert_eq!(span.status, Status::error("it broke"));
        assert_eq!(span.links.links.len(), 1);
    }
}
