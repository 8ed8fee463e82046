//! What AWS bills of an Express execution.

use crate::execution::{Execution, Phase};

/// The steps in which memory is billed, in MB.
const MEMORY_STEP_MB: u64 = 64;
/// The steps in which time is billed, in milliseconds.
const DURATION_STEP_MS: u64 = 100;

/// What is billed of an Express execution that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billing {
    /// `billedMemoryUsedInMB`, in steps of 64.
    pub memory_mb: u64,
    /// `billedDurationInMilliseconds`, in steps of 100.
    pub duration_ms: u64,
}

impl Billing {
    /// Of so much time and memory, both rounded up; of memory at least one step.
    pub fn of(duration_ms: u64, memory_bytes: u64) -> Self {
        let memory_mb = memory_bytes.div_ceil(1024 * 1024).div_ceil(MEMORY_STEP_MB).max(1) * MEMORY_STEP_MB;
        Self { memory_mb, duration_ms: duration_ms.div_ceil(DURATION_STEP_MS) * DURATION_STEP_MS }
    }
}

impl Execution {
    /// What is billed of it: `None` of a Standard execution, and of one that runs. AWS does not say how it counts memory; it is taken to
    /// be the least.
    pub fn billing(&self) -> Option<Billing> {
        match self.phase() {
            Phase::Ended(ending) if self.is_express() => {
                Some(Billing::of(ending.at_ms.saturating_sub(self.started_ms()), 0))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_are_rounded_up() {
        let mb = 1024 * 1024;
        for (duration_ms, memory, expected) in [
            (0, 0, (64, 0)),
            (1, 64 * mb, (64, 100)),
            (100, 64 * mb + 1, (128, 100)),
            (101, 200 * mb, (256, 200)),
        ] {
            let (memory_mb, duration_ms) = {
                let billing = Billing::of(duration_ms, memory);
                (billing.memory_mb, billing.duration_ms)
            };
            assert_eq!((memory_mb, duration_ms), expected);
        }
    }
}
