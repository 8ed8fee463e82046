//! Histograms that know more than the client library's: native buckets, fine and without bounds given beforehand, and for each
//! classic bucket a trace that fell into it, the way from a slow percentile to an order that was slow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::{Histogram, HistogramOpts, HistogramVec};

use crate::Registry;
use crate::native::NativeBuckets;

/// One observation with its trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exemplar {
    pub(crate) trace_id: u128,
    pub(crate) value: f64,
    /// Since 1970.
    pub(crate) at: Duration,
}

/// What the client library's histogram does not hold.
#[derive(Debug)]
pub(crate) struct Detail(Mutex<State>);

#[derive(Debug)]
struct State {
    native: NativeBuckets,
    /// The latest of each classic bucket, the one without a bound included.
    exemplars: Vec<Option<Exemplar>>,
}

impl Detail {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is whole after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn native(&self) -> NativeBuckets {
        self.lock().native.clone()
    }

    pub(crate) fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        self.lock().exemplars.get(bucket).copied().flatten()
    }
}

/// The details of all histograms of a registry. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details(Arc<Mutex<HashMap<String, Arc<Detail>>>>);

impl Details {
    /// Of a histogram with these labels, in whatever order.
    pub(crate) fn of<'a>(
        &self,
        family: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Option<Arc<Detail>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key(family, labels)).cloned()
    }

    fn of_or_new(&self, key: String, buckets: usize) -> Arc<Detail> {
        let state = State { native: NativeBuckets::default(), exemplars: vec![None; buckets] };
        let mut details = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(details.entry(key).or_insert_with(|| Arc::new(Detail(Mutex::new(state)))))
    }
}

fn key<'a>(family: &str, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut labels: Vec<_> = labels.into_iter().collect();
    labels.sort_unstable();
    format!("{family}{labels:?}")
}

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
        let mut detail = self.detail.lock();
        detail.native.observe(value);
        if let Some(trace_id) = trace_id {
            let bucket = self.bounds.partition_point(|bound| *bound < value);
            detail.exemplars[bucket] = Some(Exemplar { trace_id, value, at: since_1970() });
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "only shown")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
