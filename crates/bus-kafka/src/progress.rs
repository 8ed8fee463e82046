//! Whether publishing gets anywhere, so that readiness can tell.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::BusError;
use tokio::time::Instant;

/// How long nothing may be confirmed while something waits. Brokers that work confirm within milliseconds, and under load
/// within a second.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(5);
/// For how long a failure counts though nothing waits: whoever publishes tries again, with pauses of up to 5 s.
const FAILURE_COUNTS: Duration = Duration::from_secs(10);

/// What is under way to the brokers, and since when they have been silent.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Batches that are neither confirmed nor refused.
    open: usize,
    /// Since when something has waited without any answer of the brokers.
    silent_since: Option<Instant>,
    /// When one was given up last, without any answer since.
    given_up_at: Option<Instant>,
}

impl Progress {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch is under way.
    pub(crate) fn begun(&self, now: Instant) {
        let mut known = self.known();
        known.open += 1;
        known.silent_since.get_or_insert(now);
    }

    /// The brokers have confirmed a batch, or refused it.
    pub(crate) fn answered(&self, now: Instant) {
        let mut known = self.known();
        known.open = known.open.saturating_sub(1);
        known.silent_since = (known.open > 0).then_some(now);
        known.given_up_at = None;
    }

    /// A batch is not waited for any longer: nobody has answered.
    pub(crate) fn given_up(&self, now: Instant) {
        let mut known = self.known();
        known.open = known.open.saturating_sub(1);
        known.given_up_at = Some(now);
    }

    /// For how long the brokers have said nothing to what waits, or to what was given up lately, if that is too long.
    pub(crate) fn silence(&self, now: Instant) -> Option<Duration> {
        let mut known = self.known();
        let is_recent = |at: Instant| now.saturating_duration_since(at) < FAILURE_COUNTS;
        if known.open == 0 && !known.given_up_at.is_some_and(is_recent) {
            (known.silent_since, known.given_up_at) = (None, None);
        }
        let silence = now.saturating_duration_since(known.silent_since?);
        (silence >= SILENCE_MAX).then_some(silence)
    }

    /// The same as an error.
    pub(crate) fn check(&self, now: Instant) -> Result<(), BusError> {
        self.silence(now).map_or(Ok(()), |silence| {
            Err(BusError::Unavailable(format!(
                "the Kafka brokers have confirmed nothing for {} s, though messages wait for it",
                silence.as_secs()
            )))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_waits_for_long_without_any_answer_is_told() {
        let (progress, start) = (Progress::default(), Instant::now());
        assert_eq!(progress.silence(start + 60 * SECOND), None, "nothing waits");
        progress.begun(start);
        progress.begun(start + SECOND);
        assert_eq!(progress.silence(start + 4 * SECOND), None);
        assert_eq!(progress.silence(start + 6 * SECOND), Some(6 * SECOND));
        let error = progress.check(start + 6 * SECOND).unwrap_err().to_string();
        assert!(error.contains("confirmed nothing for 6 s"), "{error}");
        progress.answered(start + 7 * SECOND);
        assert_eq!(
            progress.silence(start + 8 * SECOND),
            None,
            "one was answered; the other waits since then"
        );
        assert_eq!(progress.silence(start + 12 * SECOND), Some(5 * SECOND));
        progress.answered(start + 13 * SECOND);
        assert_eq!(progress.silence(start + 60 * SECOND), None);
    }

    #[test]
    fn a_failure_counts_until_the_next_try_and_not_for_ever() {
        let (progress, start) = (Progress::default(), Instant::now());
        progress.begun(start);
        progress.given_up(start + 10 * SECOND);
        assert_eq!(progress.silence(start + 12 * SECOND), Some(12 * SECOND), "between two tries");
        progress.begun(start + 15 * SECOND);
        assert_eq!(progress.silence(start + 20 * SECOND), Some(20 * SECOND));
        progress.given_up(start + 25 * SECOND);
        assert_eq!(progress.silence(start + 35 * SECOND), None, "nobody tries any more");
        progress.begun(start + 36 * SECOND);
        assert_eq!(progress.silence(start + 37 * SECOND), None, "it begins anew");
        progress.answered(start + 38 * SECOND);
        assert_eq!(progress.silence(start + 38 * SECOND), None);
    }
}
