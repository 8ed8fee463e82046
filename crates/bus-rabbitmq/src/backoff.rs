//! Pauses between attempts, and the randomness in them.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use bus::Backoff;

const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(3);

/// Pauses between attempts to connect: no two clients that lost the same broker come back in step.
pub(crate) fn backoff() -> Backoff {
    Backoff::new(SHORTEST, LONGEST, random())
}

/// A number that differs from call to call and from process to process: enough for names and jitter.
pub(crate) fn random() -> u64 {
    // The standard library's random keys differ from process to process and from one state to the next.
    RandomState::new().build_hasher().finish()
}
