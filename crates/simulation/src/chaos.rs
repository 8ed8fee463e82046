//! Where all the trouble comes from: one seeded source of randomness, which is also the trace.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often each fault happens, as probabilities from 0 to 1 per opportunity.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// A participant crashes at a step of its pipeline.
    pub crash: f64,
    /// A load or commit fails without effect.
    pub store_fails: f64,
    /// A commit happens, but is reported as failed.
    pub commit_in_doubt: f64,
    /// A publish fails without effect.
    pub publish_fails: f64,
    /// A publish happens, in whole or in part, but is reported as failed.
    pub publish_in_doubt: f64,
    /// An acknowledgement is lost: the delivery comes again.
    pub ack_lost: f64,
    /// A delivery is made twice.
    pub duplicate: f64,
    /// A delivery is held back, so that later ones overtake it.
    pub delay: f64,
    /// A message that the bus has taken is lost before its group gets it, as from a disk that dies. Not one that customers sent:
    /// nobody else knows of those.
    pub broker_loses: f64,
}

impl Faults {
    /// The same on a broker that loses what it has confirmed.
    #[must_use]
    pub fn with_losses(self) -> Self {
        Self { broker_loses: 0.08, ..self }
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            crash: 0.01,
            store_fails: 0.02,
            commit_in_doubt: 0.02,
            publish_fails: 0.02,
            publish_in_doubt: 0.03,
            ack_lost: 0.03,
            duplicate: 0.05,
            delay: 0.05,
            broker_loses: 0.0,
        }
    }
}

/// The world's source of trouble; clones share it.
#[derive(Clone)]
pub(crate) struct Chaos(Arc<Mutex<Inner>>);

struct Inner {
    rng: ChaCha8Rng,
    faults: Faults,
    active: bool,
    injected: u64,
    crashes: u64,
    trace: Option<Vec<String>>,
    begin: Instant,
}

impl Chaos {
    pub(crate) fn new(seed: u64, faults: Faults, traced: bool) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            rng: ChaCha8Rng::seed_from_u64(seed),
            faults,
            active: true,
            injected: 0,
            crashes: 0,
            trace: traced.then(Vec::new),
            begin: Instant::now(),
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No more faults: what is under way must now come to its end.
    pub(crate) fn calm(&self) {
        self.inner().active = false;
    }

    pub(crate) fn injected(&self) -> u64 {
        self.inner().injected
    }

    pub(crate) fn crashes(&self) -> u64 {
        self.inner().crashes
    }

    pub(crate) fn take_trace(&self) -> Vec<String> {
        self.inner().trace.take().unwrap_or_default()
    }

    /// Whether this fault happens now.
    pub(crate) fn strikes(&self, fault: impl Fn(&Faults) -> f64) -> bool {
        let mut inner = self.inner();
        if !inner.active {
            return false;
        }
        let probability = fault(&inner.faults);
        if probability == 0.0 {
            return false;
        }
        let strikes = inner.rng.random_bool(probability);
        inner.injected += u64::from(strikes);
        strikes
    }

    pub(crate) fn below(&self, limit: usize) -> usize {
        if limit == 0 { 0 } else { self.inner().rng.random_range(0..limit) }
    }

    pub(crate) fn millis(&self, most: u64) -> Duration {
        Duration::from_millis(self.inner().rng.random_range(0..=most))
    }

    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        let mut inner = self.inner();
        let at = inner.begin.elapsed();
        if let Some(trace) = &mut inner.trace {
            trace.push(format!("{:>10.3} s  {}", at.as_secs_f64(), line()));
        }
    }
}

/// One participant's place in the chaos: where it may crash.
#[derive(Clone)]
pub(crate) struct Spot {
    pub(crate) chaos: Chaos,
    pub(crate) participant: &'static str,
    crashed: Arc<Notify>,
}

impl Spot {
    pub(crate) fn new(chaos: Chaos, participant: &'static str) -> Self {
        Self { chaos, participant, crashed: Arc::new(Notify::new()) }
    }

    /// Completes when the participant has crashed: whoever runs it must drop it.
    pub(crate) async fn crashed(&self) {
        self.crashed.notified().await;
    }

    /// A point between two steps of the pipeline. A participant that crashes here never gets any further.
    pub(crate) async fn may_crash(&self, before_or_after: &'static str, step: &'static str) {
        if self.chaos.strikes(|faults| faults.crash) {
            self.chaos.inner().crashes += 1;
            self.note(format_args!("CRASH {before_or_after} {step}"));
            self.crashed.notify_one();
            std::future::pending::<()>().await;
        }
    }

    pub(crate) fn note(&self, what: fmt::Arguments<'_>) {
        self.chaos.note(|| format!("{:<14} {what}", self.participant));
    }
}
