//! Pauses between attempts.

use std::time::Duration;

/// Pauses that double up to a maximum, each shortened by up to half at random so that clients which lost the same
/// server do not come back in step.
pub(super) struct Backoff {
    min: Duration,
    max: Duration,
    pause: Duration,
    random: u64,
}

impl Backoff {
    pub(super) fn new(min: Duration, max: Duration, seed: u64) -> Self {
        Self { min, max, pause: min, random: seed }
    }

    /// The next pause.
    pub(super) fn pause(&mut self) -> Duration {
        let half = self.pause.min(self.max) / 2;
        // Sixteen random bits are plenty for a pause.
        let fraction = u32::from((self.splitmix64() >> 48) as u16);
        self.pause = self.pause.saturating_mul(2).min(self.max);
        half + half * fraction / u32::from(u16::MAX)
    }

    /// Begins again with the shortest pause.
    pub(super) fn reset(&mut self) {
        self.pause = self.min;
    }

    /// Sebastiano Vigna's splitmix64: a few operations, any seed will do.
    fn splitmix64(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_maximum_and_keep_at_least_half() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(400), 7);
        for full_ms in [100, 200, 400, 400, 400] {
            let pause = backoff.pause();
            let full = Duration::from_millis(full_ms);
            assert!(pause >= full / 2 && pause <= full, "{pause:?} of {full:?}");
        }
        backoff.reset();
        assert!(backoff.pause() <= Duration::from_millis(100));
    }

    #[test]
    fn other_seeds_make_other_pauses() {
        let first = |seed| Backoff::new(Duration::from_secs(1), Duration::from_secs(1), seed).pause();
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }
}
