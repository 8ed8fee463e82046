//! What librdkafka says by itself: logs and errors of its own threads, passed on without flooding anybody.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;
use tokio::time::Instant;

use crate::figures::Figures;

/// Of each kind of line, one is logged in so long; the others are counted. A broker that is down has every client
/// say so several times a second.
const QUIET: Duration = Duration::from_secs(10);
/// Kinds of lines told apart; librdkafka has some dozens.
const KINDS_MAX: usize = 100;

/// Where all clients of one bus report.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Mutex<Limiter>,
    refusal: Mutex<Option<String>>,
    down: AtomicBool,
    /// What the clients measure.
    pub(crate) figures: Figures,
}

/// Lets one line of each kind pass in a while.
#[derive(Debug, Default)]
struct Limiter {
    kinds: BTreeMap<String, Kind>,
}

#[derive(Debug)]
struct Kind {
    passed_at: Instant,
    suppressed: u64,
}

impl Limiter {
    /// `None` where the line is to be suppressed; else how many were since the last one passed.
    fn admit(&mut self, kind: &str, now: Instant) -> Option<u64> {
        if let Some(known) = self.kinds.get_mut(kind) {
            if now.saturating_duration_since(known.passed_at) < QUIET {
                known.suppressed += 1;
                return None;
            }
            known.passed_at = now;
            return Some(std::mem::take(&mut known.suppressed));
        }
        if self.kinds.len() >= KINDS_MAX {
            return None;
        }
        self.kinds.insert(kind.to_owned(), Kind { passed_at: now, suppressed: 0 });
        Some(0)
    }
}

impl Report {
    /// Passes a line on, unless there were such lines lately.
    pub(crate) fn line(&self, level: tracing::Level, kind: &str, text: &str) {
        let admitted = self.lines.lock().unwrap_or_else(PoisonError::into_inner).admit(kind, Instant::now());
        let Some(suppressed) = admitted else { return };
        match level {
            tracing::Level::ERROR => tracing::error!(kind, suppressed, "Kafka: {text}"),
            tracing::Level::WARN => tracing::warn!(kind, suppressed, "Kafka: {text}"),
            _ => tracing::debug!(kind, suppressed, "Kafka: {text}"),
        }
    }

    /// Notes an error of a client as a whole.
    pub(crate) fn error(&self, error: &KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => self.down.store(true, Ordering::Relaxed),
            Some(code) if is_refusal(code) => {
                *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
            }
            _ => {}
        }
        let kind = error.rdkafka_error_code().map_or_else(|| "error".to_owned(), |code| format!("{code:?}"));
        self.line(tracing::Level::WARN, &kind, reason);
    }

    /// Why the brokers will not have us, where they said so.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether no broker could be reached since this was last asked.
    pub(crate) fn was_down(&self) -> bool {
        self.down.swap(false, Ordering::Relaxed)
    }
}

/// Whether trying again cannot help: the broker does not accept who we are or how we speak.
fn is_refusal(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::UnsupportedSASLMechanism
            | RDKafkaErrorCode::IllegalSASLState
            | RDKafkaErrorCode::SSL
    )
}

/// The context of a client that only reports.
#[derive(Clone)]
pub(crate) struct Context(pub(crate) std::sync::Arc<Report>);

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.0.line(level_of(level), facility, text);
    }

    fn stats(&self, _: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(&error, reason);
    }
}

impl rdkafka::consumer::ConsumerContext for Context {}

/// A broker that cannot be reached is a warning: it may come back, and whoever needs it gets an error besides.
pub(crate) fn level_of(level: RDKafkaLogLevel) -> tracing::Level {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => tracing::Level::ERROR,
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => tracing::Level::WARN,
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => tracing::Level::DEBUG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_each_kind_passes_and_the_others_are_counted() {
        let mut limiter = Limiter::default();
        let now = Instant::now();
        assert_eq!(limiter.admit("FAIL", now), Some(0));
        assert_eq!(limiter.admit("FAIL", now + QUIET / 2), None);
        assert_eq!(limiter.admit("GETPID", now), Some(0));
        assert_eq!(limiter.admit("FAIL", now + QUIET / 2), None);
        assert_eq!(limiter.admit("FAIL", now + QUIET), Some(2));
        assert_eq!(limiter.admit("FAIL", now + QUIET * 2), Some(0));
    }

    #[test]
    fn the_kinds_told_apart_are_bounded() {
        let mut limiter = Limiter::default();
        let now = Instant::now();
        let admitted = (0..2 * KINDS_MAX).filter(|n| limiter.admit(&n.to_string(), now).is_some());
        assert_eq!(admitted.count(), KINDS_MAX);
    }

    #[test]
    fn a_refusal_is_remembered_and_an_outage_told_once() {
        let report = Report::default();
        report.error(&KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
        assert!(report.was_down() && !report.was_down());
        assert_eq!(report.refusal(), None);
        report.error(&KafkaError::Global(RDKafkaErrorCode::Authentication), "invalid credentials");
        assert_eq!(report.refusal().as_deref(), Some("invalid credentials"));
    }
}
