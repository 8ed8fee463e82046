//! Where metrics are kept.

use std::ops::Deref;

use prometheus::TextEncoder;
use prometheus::core::Collector;

use crate::details::Details;
use crate::output::dropped_lines;
use crate::process::Process;
use crate::{openmetrics, protobuf};

/// Metrics, and what some histograms know besides. Clones share them.
#[derive(Clone, Default)]
pub struct Registry {
    metrics: prometheus::Registry,
    details: Details,
}

impl Deref for Registry {
    type Target = prometheus::Registry;

    fn deref(&self) -> &prometheus::Registry {
        &self.metrics
    }
}

impl Registry {
    pub(crate) fn details(&self) -> &Details {
        &self.details
    }

    /// Everything, in Prometheus' text format.
    ///
    /// # Errors
    /// A collector handed out a family without samples or a name.
    pub fn text(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.metrics.gather())
    }

    /// Everything, exemplars included, in OpenMetrics' text format.
    #[must_use]
    pub fn openmetrics(&self) -> String {
        openmetrics::from_families(&self.metrics.gather(), &self.details)
    }

    /// Everything, exemplars and native histograms included, in Prometheus' protobuf format.
    #[must_use]
    pub fn protobuf(&self) -> Vec<u8> {
        protobuf::from_families(&self.metrics.gather(), &self.details)
    }
}

/// A registry that knows the process: `process_cpu_seconds_total`, `process_resident_memory_bytes`,
/// `process_resident_memory_max_bytes`, `process_open_fds` and `process_start_time_seconds`.
#[must_use]
pub fn registry() -> Registry {
    let registry = Registry::default();
    let process = Process::new().expect("the names and help texts are valid constants");
    registry.register(Box::new(process)).expect("an empty registry holds no duplicates");
    registry.register(dropped_lines()).expect("the process has no metric of that name");
    registry
}

/// The collector, known to the registry from now on; for making a metric and registering it in one go.
///
/// # Errors
/// It could not be made, or the registry has metrics of its names already.
pub fn registered<C: Collector + Clone + 'static>(
    registry: &prometheus::Registry,
    collector: prometheus::Result<C>,
) -> prometheus::Result<C> {
    let collector = collector?;
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}
