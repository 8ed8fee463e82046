//! What the orchestrator counts of its executions. A decision that is made again, because its commit failed, is counted again.

use engine::{Status, Tally};
use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry};

/// Bounds of the histogram's buckets, in seconds.
const SECONDS: &[f64] =
    &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0];

/// The counts. Clones share the same numbers.
#[derive(Clone, Debug)]
pub struct Metrics {
    started: IntCounter,
    ended: IntCounterVec,
    transitions: IntCounter,
    retries: IntCounter,
    caught: IntCounter,
    state_seconds: HistogramVec,
}

impl Metrics {
    /// In that registry.
    ///
    /// # Errors
    /// The registry has metrics of these names already.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self::new()?;
        for counter in [&metrics.started, &metrics.transitions, &metrics.retries, &metrics.caught] {
            registry.register(Box::new(counter.clone()))?;
        }
        registry.register(Box::new(metrics.ended.clone()))?;
        registry.register(Box::new(metrics.state_seconds.clone()))?;
        Ok(metrics)
    }

    /// For nobody's eyes: counts, in no registry.
    #[must_use]
    pub fn unregistered() -> Self {
        Self::new().expect("the names and buckets below are valid")
    }

    fn new() -> prometheus::Result<Self> {
        let opts = |name: &str, help: &str| Opts::new(format!("duet_orchestrator_{name}"), help);
        let counter = |name: &str, help: &str| IntCounter::with_opts(opts(name, help));
        let seconds = HistogramOpts {
            common_opts: opts("state_seconds", "How long executions waited in a state, by its name."),
            buckets: SECONDS.to_vec(),
        };
        let metrics = Self {
            started: counter("executions_started_total", "Executions begun.")?,
            ended: IntCounterVec::new(
                opts("executions_ended_total", "Executions that came to an end."),
                &["status"],
            )?,
            transitions: counter("transitions_total", "States entered.")?,
            retries: counter("retries_total", "Failures for which a retrier decided on another attempt.")?,
            caught: counter("failures_caught_total", "Failures that led to the state of a catcher.")?,
            state_seconds: HistogramVec::new(seconds, &["state"])?,
        };
        for status in [Status::Succeeded, Status::Failed, Status::TimedOut, Status::Aborted] {
            metrics.ended.with_label_values(&[status.name()]);
        }
        Ok(metrics)
    }

    /// An execution began.
    pub(crate) fn started(&self) {
        self.started.inc();
    }

    /// A step was made, after which the execution has this status.
    pub(crate) fn stepped(&self, tally: Tally, status: Status) {
        self.transitions.inc_by(tally.transitions.into());
        self.retries.inc_by(tally.retries.into());
        self.caught.inc_by(tally.caught.into());
        if status != Status::Running {
            self.ended.with_label_values(&[status.name()]).inc();
        }
    }

    /// An execution left a state in which it had waited for so long.
    pub(crate) fn left(&self, state: &str, waited_ms: u64) {
        self.state_seconds.with_label_values(&[state]).observe(waited_ms as f64 / 1000.0);
    }
}
