//! Draws whose results are the same on every machine and in every release.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of draws, named by a seed and a number.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// From 0 (included) to 1: the upper 53 bits fill a double's mantissa exactly.
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to `limit`, excluded.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(limit)) >> 32) as u32
    }

    /// An index, as often as its weight says.
    pub(super) fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut rest = self.below(weights.iter().sum());
        for (index, &weight) in weights.iter().enumerate() {
            if rest < weight {
                return index;
            }
            rest -= weight;
        }
        weights.len().saturating_sub(1)
    }
}

/// Zipf-Mandelbrot: the `k`-th of `count` (from 0) is drawn in proportion to `1 / (k + 1 + offset)`.
#[derive(Debug)]
pub(super) struct Skewed {
    /// Sums of the weights up to and including each.
    sums: Vec<f64>,
}

impl Skewed {
    pub(super) fn new(count: u32, offset: u32) -> Self {
        let weights = (0..count).map(|k| 1.0 / f64::from(k + 1 + offset));
        let sums = weights.scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect() }
    }

    pub(super) fn draw(&self, draw: &mut Draw) -> u32 {
        let at = draw.unit() * self.sums.last().copied().unwrap_or(0.0);
        let index = self.sums.partition_point(|&sum| sum <= at).min(self.sums.len().saturating_sub(1));
        u32::try_from(index).unwrap_or(u32::MAX)
    }
}
