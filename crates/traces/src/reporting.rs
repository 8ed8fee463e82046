//! Says once that spans cannot be exported, and once that they can again; and counts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prometheus::IntCounter;

/// What became of spans. Clones share the numbers.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    pub(crate) recorded: IntCounter,
    pub(crate) exported: IntCounter,
}

/// An exporter whose failures are told. The library's own words, several for each attempt, are not heard unless the log's
/// filter names it.
#[derive(Debug)]
pub(crate) struct Reporting<E> {
    exporter: E,
    endpoint: String,
    counts: Counts,
    is_failing: Arc<AtomicBool>,
}

impl<E> Reporting<E> {
    pub(crate) fn new(exporter: E, endpoint: &str) -> Self {
        let counter = |name, help| IntCounter::new(name, help).expect("the names are valid constants");
        let counts = Counts {
            recorded: counter("duet_traces_spans_recorded_total", "Spans of traces recorded."),
            exported: counter("duet_traces_spans_exported_total", "Spans that the collector has taken."),
        };
        Self { exporter, endpoint: endpoint.to_owned(), counts, is_failing: Arc::default() }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    fn told(&self, exported: &OTelSdkResult, spans: usize) {
        let endpoint = &self.endpoint;
        match exported {
            Ok(()) => {
                self.counts.exported.inc_by(spans as u64);
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!(endpoint, "traces are exported again");
                }
            }
            Err(error) if !self.is_failing.swap(true, Ordering::Relaxed) => {
                tracing::warn!(endpoint, %error, "traces cannot be exported: until they can, their spans are lost");
            }
            Err(_) => {}
        }
    }
}

impl<E: SpanExporter> SpanExporter for Reporting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let exported = self.exporter.export(batch).await;
        self.told(&exported, spans);
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::error::OTelSdkError;

    use super::*;

    #[test]
    fn only_what_was_taken_counts_as_exported() {
        let reporting = Reporting::new((), "here");
        reporting.told(&Ok(()), 3);
        reporting.told(&Err(OTelSdkError::InternalFailure("away".into())), 5);
        assert!(reporting.is_failing.load(Ordering::Relaxed));
        reporting.told(&Ok(()), 4);
        assert!(!reporting.is_failing.load(Ordering::Relaxed));
        assert_eq!(reporting.counts.exported.get(), 7);
    }
}
