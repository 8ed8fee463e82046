//! How the service works, as far as it can be set.

use participant::Millis;

/// How the choreography retries and how long things take in it. In the orchestration the workflow says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How often an authorisation is tried again before it is given up and voided.
    pub authorise_retries_max: u32,
    /// How often a capture or a void is tried before a person has to look: then the order stays as it is, and the
    /// answer is rejected with the reason.
    pub settle_attempts_max: u32,
    /// The waiting time before the first retry; each further one is half as long again.
    pub retry_base_ms: u32,
    /// The longest waiting time between retries.
    pub retry_cap_ms: u32,
    /// How long the kitchen takes.
    pub preparation_ms: u32,
    /// How long until a courier has taken a prepared order.
    pub dispatch_ms: u32,
    /// How long the courier is on the way.
    pub delivery_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            authorise_retries_max: 4,
            settle_attempts_max: 1000,
            retry_base_ms: 1000,
            retry_cap_ms: 5000,
            preparation_ms: 0,
            dispatch_ms: 0,
            delivery_ms: 0,
        }
    }
}

impl Settings {
    /// How long to wait after the `attempt`-th try (from 1).
    #[must_use]
    pub fn retry_delay(&self, attempt: u32) -> Millis {
        let cap = u64::from(self.retry_cap_ms);
        let mut delay = u64::from(self.retry_base_ms).min(cap);
        for _ in 1..attempt {
            let longer = (delay + delay / 2).min(cap);
            if longer == delay {
                break;
            }
            delay = longer;
        }
        // Both limits are 32 bits wide.
        delay as Millis
    }
}
