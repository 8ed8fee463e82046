//! Latencies as histograms: microseconds, three significant digits, nothing averaged and nothing cut off.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::report::Percentiles;

/// Significant decimal digits kept of each value.
const DIGITS: u8 = 3;
/// The longest latency that is kept as it is: a day. A longer one counts as this one.
const MAX_US: u64 = 24 * 3600 * 1_000_000;

/// A distribution of latencies.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(
            Histogram::new_with_bounds(1, MAX_US, DIGITS).expect("the bounds and digits are valid constants"),
        )
    }
}

impl Latencies {
    /// Adds one. Below a microsecond counts as one.
    pub fn record(&mut self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(MAX_US);
        self.0.saturating_record(us.max(1));
    }

    /// Adds those of another distribution.
    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Median, tail and maximum in milliseconds; `None` when there are no values.
    #[must_use]
    pub fn percentiles(&self) -> Option<Percentiles> {
        let ms = |us: u64| us as f64 / 1000.0;
        let at = |quantile| ms(self.0.value_at_quantile(quantile));
        (!self.0.is_empty()).then(|| Percentiles {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: ms(self.0.max()),
            count: self.count(),
        })
    }

    /// The whole distribution, `(microseconds, how many)`, ascending, without empty buckets.
    #[must_use]
    pub fn buckets(&self) -> Vec<(u64, u64)> {
        self.0.iter_recorded().map(|at| (at.value_iterated_to(), at.count_at_value())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_three_digits() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentiles(), None);
        (1..=1000).for_each(|ms| latencies.record(Duration::from_millis(ms)));
        let percentiles = latencies.percentiles().unwrap();
        for (found, exact) in [(percentiles.p50, 500.0), (percentiles.p99, 990.0), (percentiles.max, 1000.0)]
        {
            assert!((found - exact).abs() / exact < 0.001, "{percentiles:?}");
        }
        assert_eq!(latencies.buckets().iter().map(|(_, count)| count).sum::<u64>(), 1000);
    }

    #[test]
    fn those_of_others_are_added() {
        let [mut one, mut other] = [Latencies::default(), Latencies::default()];
        one.record(Duration::from_millis(1));
        other.record(Duration::from_millis(3));
        one.add(&other);
        assert_eq!((one.count(), one.percentiles().unwrap().max.round()), (2, 3.0));
    }

    #[test]
    fn extremes_are_counted() {
        let mut latencies = Latencies::default();
        latencies.record(Duration::ZERO);
        latencies.record(Duration::from_secs(100 * 24 * 3600));
        assert_eq!(latencies.count(), 2);
    }
}
