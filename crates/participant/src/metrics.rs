//! The participant's metrics, all of them.

use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge, Opts, Registry};

/// What a participant counts. Clones share the same numbers.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Inputs handled: messages, timers, call outcomes and requests.
    pub handled: IntCounter,
    /// Deliveries dropped because the inbox had them.
    pub duplicates: IntCounter,
    /// Deliveries sent to the dead letters.
    pub dead_letters: IntCounter,
    /// Timers and call outcomes that the handler rejected: something is stuck, and a person has to look.
    pub rejected: IntCounter,
    /// Messages published and confirmed.
    pub published: IntCounter,
    /// Transactions committed.
    pub commits: IntCounter,
    /// Commits, publishes or settlements that failed and were tried again.
    pub retries: IntCounter,
    /// Timers handled because they were due.
    pub timers_fired: IntCounter,
    /// Calls to the outside made.
    pub calls: IntCounter,
    /// Calls under way or waiting to be made.
    pub calls_pending: IntGauge,
    /// Outbox rows not forgotten yet.
    pub outbox_rows: IntGauge,
    /// Inputs in one transaction.
    pub batch_size: Histogram,
    /// Seconds from loading a batch's states until its commit.
    pub commit_seconds: Histogram,
    /// Seconds from publishing a batch's messages until they were confirmed.
    pub publish_seconds: Histogram,
}

impl Metrics {
    /// For the participant of that name, in that registry.
    ///
    /// # Errors
    /// The registry has metrics of that name and participant already.
    pub fn register(participant: &str, registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self::new(participant)?;
        for counter in [
            &metrics.handled,
            &metrics.duplicates,
            &metrics.dead_letters,
            &metrics.rejected,
            &metrics.published,
            &metrics.commits,
            &metrics.retries,
            &metrics.timers_fired,
            &metrics.calls,
        ] {
            registry.register(Box::new(counter.clone()))?;
        }
        for gauge in [&metrics.calls_pending, &metrics.outbox_rows] {
            registry.register(Box::new(gauge.clone()))?;
        }
        for histogram in [&metrics.batch_size, &metrics.commit_seconds, &metrics.publish_seconds] {
            registry.register(Box::new(histogram.clone()))?;
        }
        Ok(metrics)
    }

    /// For nobody's eyes: counts, in no registry.
    #[must_use]
    pub fn unregistered() -> Self {
        Self::new("unregistered").expect("the names and buckets below are valid")
    }

    fn new(participant: &str) -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| {
            Opts::new(format!("duet_participant_{name}"), help).const_label("participant", participant)
        };
        let counter = |name: &str, help: &str| IntCounter::with_opts(opts(name, help));
        let gauge = |name: &str, help: &str| IntGauge::with_opts(opts(name, help));
        let histogram = |name: &str, help: &str, buckets: Vec<f64>| {
            Histogram::with_opts(HistogramOpts { common_opts: opts(name, help), buckets })
        };
        // To a minute: a broker that comes back has kept somebody waiting for so long.
        let seconds = || {
            let to_a_second =
                [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];
            to_a_second.into_iter().chain([2.5, 5.0, 10.0, 30.0, 60.0]).collect()
        };
        let sizes = prometheus::exponential_buckets(1.0, 2.0, 11)?;
        Ok(Self {
            handled: counter(
                "inputs_handled_total",
                "Messages, timers, call outcomes and requests handled.",
            )?,
            duplicates: counter("duplicates_dropped_total", "Deliveries dropped by the inbox.")?,
            dead_letters: counter("dead_letters_total", "Deliveries sent to the dead letters.")?,
            rejected: counter(
                "rejected_internally_total",
                "Timers and call outcomes that the handler rejected.",
            )?,
            published: counter("messages_published_total", "Messages published and confirmed.")?,
            commits: counter("commits_total", "Store transactions committed.")?,
            retries: counter("retries_total", "Commits, publishes and settlements tried again.")?,
            timers_fired: counter("timers_fired_total", "Durable timers fired.")?,
            calls: counter("calls_total", "Calls to the outside made.")?,
            calls_pending: gauge("calls_pending", "Calls under way or waiting to be made.")?,
            outbox_rows: gauge("outbox_rows", "Outbox rows not forgotten yet.")?,
            batch_size: histogram("batch_inputs", "Inputs in one transaction.", sizes)?,
            commit_seconds: histogram("commit_seconds", "From loading a batch to its commit.", seconds())?,
            publish_seconds: histogram("publish_seconds", "From publishing to confirmation.", seconds())?,
        })
    }
}
