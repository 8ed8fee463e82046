//! What is counted of executions, once it is committed.

use engine::Status;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry};
use telemetry::registered;

/// Bounds of the histogram's buckets, in seconds: an Express execution may take 5 minutes, a Standard one a year.
const SECONDS: &[f64] = &[
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0,
    86_400.0,
];

/// The types of machines, as AWS writes them.
const TYPES: [&str; 2] = ["STANDARD", "EXPRESS"];

/// How executions end.
const ENDS: [Status; 4] = [Status::Succeeded, Status::Failed, Status::TimedOut, Status::Aborted];

/// The counts of executions. Clones share the same numbers.
#[derive(Clone, Debug)]
pub struct Metrics {
    by_type: [OfType; 2],
}

#[derive(Clone, Debug)]
struct OfType {
    started: IntCounter,
    redriven: IntCounter,
    /// In the order of [`ENDS`].
    ended: [IntCounter; 4],
    transitions: IntCounter,
    seconds: Histogram,
}

/// How an execution came to be running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It was running before.
    Before,
    Started,
    Redriven,
}

/// What a decision did to an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub(crate) express: bool,
    pub(crate) opening: Opening,
    /// States entered.
    pub(crate) transitions: u32,
    /// How it ended, and how many milliseconds after its beginning.
    pub(crate) ended: Option<(Status, u64)>,
}

impl Moved {
    /// Whether there is nothing to count.
    pub(crate) fn is_nothing(&self) -> bool {
        self.opening == Opening::Before && self.transitions == 0 && self.ended.is_none()
    }
}

impl Metrics {
    /// In that registry.
    ///
    /// # Errors
    /// The registry has metrics of these names already.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let opts = |name: &str, help: &str| Opts::new(format!("duet_workflow_{name}"), help);
        let counters = |name: &str, help: &str, labels: &[&str]| {
            registered(registry, IntCounterVec::new(opts(name, help), labels))
        };
        let started = counters("executions_started_total", "Executions begun.", &["type"])?;
        let redriven = counters(
            "executions_redriven_total",
            "Executions that went on after they had ended.",
            &["type"],
        )?;
        let ended =
            counters("executions_ended_total", "Executions that came to an end.", &["status", "type"])?;
        let transitions = counters("state_transitions_total", "States entered.", &["type"])?;
        let help = "From the beginning of an execution to its end.";
        let seconds =
            HistogramOpts { common_opts: opts("execution_seconds", help), buckets: SECONDS.to_vec() };
        let seconds = registered(registry, HistogramVec::new(seconds, &["type"]))?;
        let by_type = TYPES.map(|type_name| OfType {
            started: started.with_label_values(&[type_name]),
            redriven: redriven.with_label_values(&[type_name]),
            ended: ENDS.map(|status| ended.with_label_values(&[status.name(), type_name])),
            transitions: transitions.with_label_values(&[type_name]),
            seconds: seconds.with_label_values(&[type_name]),
        });
        Ok(Self { by_type })
    }

    pub(crate) fn count(&self, moved: Moved) {
        let Moved { express, opening, transitions, ended } = moved;
        let of_type = &self.by_type[usize::from(express)];
        match opening {
            Opening::Before => {}
            Opening::Started => of_type.started.inc(),
            Opening::Redriven => of_type.redriven.inc(),
        }
        of_type.transitions.inc_by(transitions.into());
        if let Some((status, took_ms)) = ended {
            for (counter, _) in of_type.ended.iter().zip(ENDS).filter(|(_, end)| *end == status) {
                counter.inc();
            }
            of_type.seconds.observe(took_ms as f64 / 1000.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_counted_by_type() {
        let registry = Registry::new();
        let metrics = Metrics::register(&registry).unwrap();
        let begun = Moved { express: true, opening: Opening::Started, transitions: 3, ended: None };
        assert!(
            !begun.is_nothing() && Moved { opening: Opening::Before, transitions: 0, ..begun }.is_nothing()
        );
        metrics.count(begun);
        metrics.count(Moved {
            opening: Opening::Before,
            transitions: 2,
            ended: Some((Status::TimedOut, 1500)),
            ..begun
        });
        let told = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        for line in [
            "duet_workflow_executions_started_total{type=\"EXPRESS\"} 1",
            "duet_workflow_executions_started_total{type=\"STANDARD\"} 0",
            "duet_workflow_executions_ended_total{status=\"TIMED_OUT\",type=\"EXPRESS\"} 1",
            "duet_workflow_state_transitions_total{type=\"EXPRESS\"} 5",
            "duet_workflow_execution_seconds_sum{type=\"EXPRESS\"} 1.5",
        ] {
            assert!(told.lines().any(|told| told == line), "{line} is not in\n{told}");
        }
    }
}
