//! Histograms that know more than the client library's: native buckets, fine and without bounds given beforehand, and for each
//! classic bucket a trace that fell into it, the way from a slow percentile to an order that was slow.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::{Histogram, HistogramOpts, HistogramVec};

use crate::Registry;
use crate::details::{Detail, Details, Exemplar, key};

/// Histograms of one name, told apart by labels. Clones share the same numbers.
#[derive(Clone)]
pub struct DetailedHistogramVec {
    histograms: HistogramVec,
    name: String,
    labels: &'static [&'static str],
    bounds: Arc<[f64]>,
    details: Details,
}

/// A histogram with native buckets and exemplars. Clones share the same numbers.
#[derive(Clone)]
pub struct DetailedHistogram {
    histogram: Histogram,
    /// Upper bounds of the classic buckets, but for the last, which has none.
    bounds: Arc<[f64]>,
    detail: Arc<Detail>,
}

impl DetailedHistogramVec {
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
        Ok(Self { histograms, name, labels, bounds, details: registry.details().clone() })
    }

    /// The one with these values of the labels. To be kept by whoever observes often.
    #[must_use]
    pub fn with_label_values(&self, values: &[&str]) -> DetailedHistogram {
        let key = key(&self.name, self.labels.iter().copied().zip(values.iter().copied()));
        DetailedHistogram {
            histogram: self.histograms.with_label_values(values),
            bounds: Arc::clone(&self.bounds),
            detail: self.details.of_or_new(key, self.bounds.len() + 1),
        }
    }
}

impl DetailedHistogram {
    /// Counts a value, which is not negative, of something that belongs to this trace, if it belongs to one.
    pub fn observe(&self, value: f64, trace_id: Option<u128>) {
        self.histogram.observe(value);
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        let exemplar = trace_id.map(|trace_id| Exemplar { trace_id, value, at: since_1970() });
        self.detail.observe(value, bucket, exemplar);
    }
}

#[expect(clippy::disallowed_methods, reason = "only shown")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
