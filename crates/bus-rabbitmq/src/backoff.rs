//! Pauses between attempts.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(3);

/// A number that differs from call to call and from process to process: enough for names and jitter.
pub(crate) fn random() -> u64 {
    // The standard library's random keys differ from process to process and from one state to the next.
    RandomState::new().build_hasher().finish()
}

/// Pauses that double from 50 ms up to 3 s, each shortened by up to half at random so that clients which lost the
/// same broker do not come back in step.
#[derive(Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next pause.
    pub(crate) fn pause(&mut self) -> Duration {
        let pause = pause(self.failures, random());
        self.failures = self.failures.saturating_add(1);
        pause
    }

    /// Begins again with the shortest pause.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

fn pause(failures: u32, random: u64) -> Duration {
    let full = SHORTEST.saturating_mul(2_u32.saturating_pow(failures.min(16))).min(LONGEST);
    // Sixteen random bits are plenty for a pause.
    let fraction = u32::from((random >> 48) as u16);
    full / 2 + full / 2 * fraction / u32::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_maximum_and_keep_at_least_half() {
        for (failures, full_ms) in [(0, 50), (1, 100), (2, 200), (5, 1600), (6, 3000), (60, 3000)] {
            let full = Duration::from_millis(full_ms);
            assert_eq!(pause(failures, u64::MAX), full, "{failures}");
            assert_eq!(pause(failures, 0), full / 2, "{failures}");
        }
    }
}
