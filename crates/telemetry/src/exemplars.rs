//! Histograms that remember, for each of their buckets, a trace that fell into it: the way from a slow percentile to an
//! order that was slow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::{Histogram, HistogramOpts, HistogramVec};

use crate::Registry;

/// One observation with its trace.
#[derive(Clone, Debug)]
struct Exemplar {
    trace_id: u128,
    value: f64,
    at: Duration,
}

/// The latest exemplar of every bucket that has one, by the bucket's series as Prometheus' text format writes it. Clones share
/// them. As many as there are buckets, at the most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exemplars(Arc<Mutex<HashMap<Arc<str>, Exemplar>>>);

impl Exemplars {
    fn keep(&self, series: &Arc<str>, exemplar: Exemplar) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(series), exemplar);
    }

    /// What OpenMetrics writes behind a sample of this series; `None` if it has no exemplar.
    pub(crate) fn of(&self, series: &str) -> Option<String> {
        let exemplars = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Exemplar { trace_id, value, at } = exemplars.get(series)?;
        Some(format!(" # {{trace_id=\"{trace_id:032x}\"}} {value} {:.3}", at.as_secs_f64()))
    }
}

/// Histograms of one name, told apart by labels, with exemplars. Clones share the same numbers.
#[derive(Clone)]
pub struct ExemplarHistogramVec {
    histograms: HistogramVec,
    name: String,
    labels: &'static [&'static str],
    bounds: Arc<[f64]>,
    exemplars: Exemplars,
}

/// A histogram with exemplars. Clones share the same numbers.
#[derive(Clone)]
pub struct ExemplarHistogram {
    histogram: Histogram,
    /// Upper bounds of the buckets, but for the last, which has none.
    bounds: Arc<[f64]>,
    /// The buckets' series, the last one included.
    series: Arc<[Arc<str>]>,
    exemplars: Exemplars,
}

impl ExemplarHistogramVec {
    /// In that registry.
    ///
    /// # Errors
    /// The registry has metrics of this name already.
    pub fn register(
        registry: &Registry,
        opts: HistogramOpts,
        labels: &'static [&'static str],
    ) -> prometheus::Result<Self> {
        let (name, bounds) = (opts.common_opts.name.clone(), opts.buckets.as_slice().into());
        let histograms = crate::registered(registry, HistogramVec::new(opts, labels))?;
        Ok(Self { histograms, name, labels, bounds, exemplars: registry.exemplars().clone() })
    }

    /// The one with these values of the labels.
    #[must_use]
    pub fn with_label_values(&self, values: &[&str]) -> ExemplarHistogram {
        // As the text format has them: sorted by name, and the bound behind them.
        let mut pairs: Vec<(&str, &str)> = self.labels.iter().copied().zip(values.iter().copied()).collect();
        pairs.sort_unstable();
        let pairs: String =
            pairs.into_iter().map(|(name, value)| format!("{name}=\"{}\",", escaped(value))).collect();
        let series = |bound: String| format!("{}_bucket{{{pairs}le=\"{bound}\"}}", self.name).into();
        let bounds = self.bounds.iter().map(ToString::to_string);
        ExemplarHistogram {
            histogram: self.histograms.with_label_values(values),
            bounds: Arc::clone(&self.bounds),
            series: bounds.chain(["+Inf".to_owned()]).map(series).collect(),
            exemplars: self.exemplars.clone(),
        }
    }
}

impl ExemplarHistogram {
    /// Counts a value, in seconds or whatever the unit is, of something that belongs to this trace, if it belongs to one.
    pub fn observe(&self, value: f64, trace_id: Option<u128>) {
        self.histogram.observe(value);
        if let Some(trace_id) = trace_id {
            let bucket = self.bounds.partition_point(|bound| *bound < value);
            self.exemplars.keep(&self.series[bucket], Exemplar { trace_id, value, at: since_1970() });
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "only shown")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}
