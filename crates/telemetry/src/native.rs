//! Native histograms: buckets that grow by a ninth each, made as they are needed, so that percentiles are good to a twentieth
//! whatever the values are. See the [specification](https://prometheus.io/docs/specs/native_histograms/).

use std::collections::BTreeMap;

/// Eight buckets from one power of two to the next.
pub(crate) const SCHEMA: i32 = 3;
/// What is smaller counts as nothing.
pub(crate) const ZERO_THRESHOLD: f64 = 1e-6;
/// From a microsecond to eleven days: what is beyond counts in the outermost bucket, and there are some 300 at the most.
const INDEX_MIN: i32 = -160;
const INDEX_MAX: i32 = 160;

/// How many observations fell into each bucket, by its index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NativeBuckets {
    pub(crate) zero: u64,
    pub(crate) positive: BTreeMap<i32, u64>,
}

/// A run of neighbouring buckets: how many are left out before it, and how many it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) offset: i32,
    pub(crate) length: u32,
}

impl NativeBuckets {
    /// Counts a value, which is not negative.
    pub(crate) fn observe(&mut self, value: f64) {
        // Also what is no number.
        if value.is_nan() || value <= ZERO_THRESHOLD {
            self.zero += 1;
        } else {
            *self.positive.entry(index(value)).or_default() += 1;
        }
    }

    /// As the format has them: runs of buckets, and by how much each count differs from the one before.
    pub(crate) fn spans_and_deltas(&self) -> (Vec<Span>, Vec<i64>) {
        let (mut spans, mut deltas): (Vec<Span>, Vec<i64>) = (Vec::new(), Vec::new());
        let (mut next, mut before) = (0, 0);
        for (&index, &count) in &self.positive {
            match spans.last_mut() {
                Some(span) if index == next => span.length += 1,
                _ => spans.push(Span { offset: index - next, length: 1 }),
            }
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            deltas.push(count - before);
            (next, before) = (index + 1, count);
        }
        (spans, deltas)
    }
}

/// The bucket whose upper bound, `2^(index / 8)`, is the first that is not below the value.
fn index(value: f64) -> i32 {
    let index = (value.log2() * f64::from(1 << SCHEMA)).ceil();
    (index.clamp(f64::from(INDEX_MIN), f64::from(INDEX_MAX))) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_powers_of_the_eighth_root_of_two() {
        for (value, expected) in
            [(1.0, 0), (1.01, 1), (2.0, 8), (0.5, -8), (0.51, -7), (1e9, 160), (2e-6, -151)]
        {
            assert_eq!(index(value), expected, "{value}");
        }
    }

    #[test]
    fn neighbours_share_a_span_and_counts_are_told_by_their_difference() {
        let mut buckets = NativeBuckets::default();
        for value in [0.0, f64::NAN, 1.0, 1.0, 1.0, 1.05, 2.0, 2.0] {
            buckets.observe(value);
        }
        assert_eq!(buckets.zero, 2);
        let (spans, deltas) = buckets.spans_and_deltas();
        assert_eq!(spans, [Span { offset: 0, length: 2 }, Span { offset: 6, length: 1 }]);
        assert_eq!(deltas, [3, -2, 1]);
    }
}
