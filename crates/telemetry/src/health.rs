//! Whether the program can do its work now.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Gauge, LabelPair, Metric, MetricFamily, MetricType};
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

const READY: &str = "duet_ready";
const READY_HELP: &str = "1 for each check of /readyz that passes, 0 for one that does not.";

/// The checks as a metric, `duet_ready`. Asked whenever metrics are collected.
pub struct ReadyMetric {
    readiness: Readiness,
    desc: Desc,
}

impl ReadyMetric {
    /// Of these checks.
    ///
    /// # Errors
    /// None: name, help and label are valid.
    pub fn new(readiness: Readiness) -> prometheus::Result<Self> {
        let labels = vec!["check".to_owned()];
        let desc = Desc::new(READY.to_owned(), READY_HELP.to_owned(), labels, HashMap::new())?;
        Ok(Self { readiness, desc })
    }
}

impl Collector for ReadyMetric {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut family = MetricFamily::default();
        family.set_name(READY.to_owned());
        family.set_help(READY_HELP.to_owned());
        family.set_field_type(MetricType::GAUGE);
        for (name, ask) in &self.readiness.checks {
            let (mut label, mut value) = (LabelPair::default(), Gauge::default());
            label.set_name("check".to_owned());
            label.set_value((*name).to_owned());
            value.set_value(f64::from(u8::from(ask().is_ok())));
            let mut metric = Metric::from_label(vec![label]);
            metric.set_gauge(value);
            family.mut_metric().push(metric);
        }
        if self.readiness.checks.is_empty() { Vec::new() } else { vec![family] }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.checks.iter().map(|(name, _)| name)).finish()
    }
}
