//! What the client library's histograms do not hold: native buckets, and a trace for each classic one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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

    pub(crate) fn observe(&self, value: f64, bucket: usize, exemplar: Option<Exemplar>) {
        let mut state = self.lock();
        state.native.observe(value);
        if exemplar.is_some() {
            state.exemplars[bucket] = exemplar;
        }
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

    pub(crate) fn of_or_new(&self, key: String, buckets: usize) -> Arc<Detail> {
        let state = State { native: NativeBuckets::default(), exemplars: vec![None; buckets] };
        let mut details = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(details.entry(key).or_insert_with(|| Arc::new(Detail(Mutex::new(state)))))
    }
}

pub(crate) fn key<'a>(family: &str, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut labels: Vec<_> = labels.into_iter().collect();
    labels.sort_unstable();
    format!("{family}{labels:?}")
}
