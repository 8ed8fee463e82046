//! Exponential back-off with full jitter, from a seed so that simulation can replay it.
//!
//! Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

use std::time::Duration;

/// Successive waiting times: uniformly drawn between half of and the whole of `base x 2^n`, capped.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    attempt: u32,
    state: u64,
}

impl Backoff {
    /// Starts at `base` and never waits longer than `cap`.
    #[must_use]
    pub fn new(base: Duration, cap: Duration, seed: u64) -> Self {
        Self { base, cap, attempt: 0, state: seed }
    }

    /// How often [`Self::next_delay`] was asked since the last reset.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempt
    }

    /// It worked: start over.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }

    /// How long to wait before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        let whole = self.base.saturating_mul(2_u32.saturating_pow(self.attempt)).min(self.cap);
        self.attempt = self.attempt.saturating_add(1);
        // SplitMix64: one multiplication-mixed counter is random enough to spread retries.
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let fraction = f64::from((mixed >> 40) as u32) / f64::from(1_u32 << 24);
        whole.mul_f64(0.5 + fraction / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap_and_spread() {
        let mut backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(100), 7);
        let delays: Vec<_> = (0..40).map(|_| backoff.next_delay()).collect();
        for (n, delay) in delays.iter().enumerate() {
            let whole = Duration::from_millis(10 << n.min(10)).min(Duration::from_millis(100));
            assert!(*delay >= whole / 2 && *delay <= whole, "delay {n} is {delay:?}");
        }
        assert_ne!(delays[10], delays[11]);
        backoff.reset();
        assert!(backoff.next_delay() <= Duration::from_millis(10));
    }

    #[test]
    fn it_can_fail_for_ever() {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(3), 7);
        let last = (0..=60).map(|_| backoff.next_delay()).last().unwrap();
        assert!(last >= Duration::from_millis(1500) && last <= Duration::from_secs(3), "{last:?}");
    }

    #[test]
    fn other_seeds_make_other_delays() {
        let first = |seed| Backoff::new(Duration::from_secs(1), Duration::from_secs(1), seed).next_delay();
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }
}
