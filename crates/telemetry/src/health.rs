//! Whether the program can do its work now.

use std::fmt;
use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGaugeVec, Opts};
use serde::Serialize;

type Check = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// Named checks, all of which must pass. A check must be cheap and must not block: it is asked at each `/readyz`.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Vec<(&'static str, Check)>,
}

/// What stands against being ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotReady {
    /// The check that does not pass.
    pub check: &'static str,
    /// Why not.
    pub reason: String,
}

impl Readiness {
    /// No checks: always ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, which says why it does not pass.
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        check: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.checks.push((name, Arc::new(check)));
        self
    }

    /// Asks every check; empty means ready. In the order in which they were added.
    #[must_use]
    pub fn reasons(&self) -> Vec<NotReady> {
        let failed = self.checks.iter().filter_map(|(check, ask)| {
            let reason = ask().err()?;
            Some(NotReady { check, reason })
        });
        failed.collect()
    }
}

/// The checks as a metric, `duet_ready`. Asked whenever metrics are collected.
pub struct ReadyMetric {
    readiness: Readiness,
    ready: IntGaugeVec,
}

impl ReadyMetric {
    /// Of these checks.
    ///
    /// # Errors
    /// None: name, help and label are valid.
    pub fn new(readiness: Readiness) -> prometheus::Result<Self> {
        let help = "1 for each check of /readyz that passes, 0 for one that does not.";
        Ok(Self { readiness, ready: IntGaugeVec::new(Opts::new("duet_ready", help), &["check"])? })
    }
}

impl Collector for ReadyMetric {
    fn desc(&self) -> Vec<&Desc> {
        self.ready.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for (name, ask) in &self.readiness.checks {
            self.ready.with_label_values(&[name]).set(ask().is_ok().into());
        }
        self.ready.collect()
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.checks.iter().map(|(name, _)| name)).finish()
    }
}
