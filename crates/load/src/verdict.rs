//! How the orders stand that were judged so far.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auditor::{Finding, Judged, StyleSummary, Verdict, Violation, ViolationKind};
use contract::{Style, TerminalState};
use operate::processes::Program;
use participant::Millis;
use prometheus::{Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts};
use serde::{Deserialize, Serialize};
use telemetry::{Registry, registered};

use super::hold_ups::HoldUp;

/// Orders found wrong that are kept, at the most; all are counted.
const WRONG_MAX: usize = 10_000;
/// Violations that a report lists.
const LISTED: usize = 1_000;

/// What is known at the moment. Clones share it.
#[derive(Clone)]
pub struct Standing(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    metrics: Metrics,
}

#[derive(Default)]
struct State {
    styles: BTreeMap<Style, StyleSummary>,
    wrong: BTreeMap<String, Vec<Violation>>,
    /// Orders found wrong beyond those that are kept.
    wrong_more: u64,
    unseen: Vec<String>,
    strangers: u64,
    never_came: u64,
    waiting: usize,
    held_up: Vec<HoldUp>,
    behind: BTreeMap<Style, Millis>,
    /// Every order placed before then was judged.
    judged_to: Option<Millis>,
    trouble: Option<String>,
}

struct Metrics {
    judged: IntCounterVec,
    violations: IntGaugeVec,
    waiting: IntGauge,
    known: IntGauge,
    clean: IntGauge,
    verdict: IntGaugeVec,
    oldest: Gauge,
    failures: IntCounter,
    held_up: IntGaugeVec,
    behind: GaugeVec,
}

/// The verdict on a system that goes on working.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The verdict on the orders judged so far.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Orders that are not judged yet, because they are under way or have just ended, or that were found wrong.
    pub waiting: usize,
    /// Orders that the verdict is about: seen by this load, in this life and those before, judged or waiting.
    pub known: u64,
    /// Every order placed before then was judged, in milliseconds since the Unix epoch; `None` before the first look.
    pub judged_to: Option<Millis>,
    /// Orders whose money moved although nobody saw them placed: from before this load began.
    pub strangers: u64,
    /// Why nothing can be judged at the moment.
    pub trouble: Option<String>,
    /// Whom orders wait for at the moment: as long as they do, they are not stuck.
    #[serde(default)]
    pub held_up: Vec<HoldUp>,
    /// What orders take in a style that is behind with its work, in milliseconds: one that has taken no longer waits its turn, and is not
    /// stuck.
    #[serde(default)]
    pub behind: BTreeMap<Style, Millis>,
    /// Orders that a former life of the load had begun to send when it ended, and that never came: no confirmation of the bus had
    /// been written down, so they are not taken for lost.
    #[serde(default)]
    pub never_came: u64,
}

impl Report {
    /// The same where not every order was judged that should have been: not clean, unless something is wrong anyway.
    #[must_use]
    pub fn out_of_time(mut self) -> Self {
        if self.verdict.is_clean() {
            self.verdict.verdict = Finding::NotJudged;
            let by: Vec<_> = self.held_up.iter().map(|held_up| held_up.by.as_str()).collect();
            let behind = self.behind.values().max().map(|took| format!(": orders take {} s", took / 1_000));
            let held_up = match by.is_empty() {
                true => behind.unwrap_or_default(),
                false => format!(": held up by {}", by.join(", ")),
            };
            let why = format!("Not every order was judged in time{held_up}; --within-s waits longer");
            self.verdict.not_judged = Some(why);
        }
        self
    }
}

impl Standing {
    /// Nothing yet, with metrics in that registry.
    ///
    /// # Errors
    /// The registry has metrics of these names already.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Metrics::register(registry)?;
        for style in Style::ALL {
            for outcome in TerminalState::ALL {
                metrics.judged.with_label_values(&[style.as_str(), outcome.as_str()]);
            }
        }
        for kind in ViolationKind::ALL {
            metrics.violations.with_label_values(&[kind.as_str()]).set(0);
        }
        for program in Program::PARTICIPANTS {
            metrics.held_up.with_label_values(&[program.name()]).set(0);
        }
        let standing = Self(Arc::new(Shared { state: Mutex::default(), metrics }));
        standing.tell(&State::default());
        Ok(standing)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is whole after any panic.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The order is as it should be.
    pub fn done(&self, order_id: &str, judged: &Judged) {
        let mut state = self.lock();
        judged.count_in(&mut state.styles);
        if let Some(outcome) = judged.outcome {
            self.0.metrics.judged.with_label_values(&[judged.style.as_str(), outcome.as_str()]).inc();
        }
        // The first order that is done with makes the verdict one; later ones change it only where one was wrong.
        let is_first = state.done() == 1;
        if state.wrong.remove(order_id).is_some() || is_first {
            self.tell(&state);
        }
    }

    /// The order is not as it should be, and should be by now.
    pub fn wrong(&self, order_id: &str, violations: Vec<Violation>) {
        let mut state = self.lock();
        if !state.wrong.contains_key(order_id) {
            for violation in &violations {
                tracing::warn!(order_id, kind = %violation.kind, detail = violation.detail, "an order is violated");
            }
            if state.wrong.len() >= WRONG_MAX {
                state.wrong_more += 1;
                return;
            }
        }
        state.wrong.insert(order_id.to_owned(), violations);
        self.tell(&state);
    }

    /// Orders that the bus confirmed long ago and that nobody has seen.
    pub fn set_unseen(&self, unseen: Vec<String>) {
        let mut state = self.lock();
        if state.unseen != unseen {
            state.unseen = unseen;
            self.tell(&state);
        }
    }

    /// An order's money moved, and nobody saw it placed.
    pub fn stranger(&self) {
        self.lock().strangers += 1;
    }

    /// So many orders were begun by former lives of the load, not known to be confirmed, and never seen.
    pub fn set_never_came(&self, orders: u64) {
        self.lock().never_came = orders;
    }

    /// Every order placed before then was judged.
    pub fn set_judged_to(&self, then: Millis) {
        self.lock().judged_to = Some(then);
    }

    /// Orders wait for these.
    pub fn set_held_up(&self, held_up: Vec<HoldUp>) {
        let mut state = self.lock();
        let was = |by: &str| state.held_up.iter().any(|held_up| held_up.by == by);
        for HoldUp { by, why, .. } in held_up.iter().filter(|held_up| !was(&held_up.by)) {
            tracing::warn!(by, why, "orders are held up: this program is not ready");
        }
        for program in Program::PARTICIPANTS {
            let holds_up = held_up.iter().any(|held_up| held_up.by == program.name());
            self.0.metrics.held_up.with_label_values(&[program.name()]).set(holds_up.into());
        }
        state.held_up = held_up;
    }

    /// A system is behind with its work where that is not 0: orders take so long, in milliseconds.
    pub fn set_behind(&self, took: [(Style, Millis); Style::ALL.len()]) {
        let mut state = self.lock();
        for (style, took) in took {
            if took > 0 && !state.behind.contains_key(&style) {
                let seconds = took / 1_000;
                tracing::warn!(%style, seconds, "orders wait their turn: the system is behind with its work");
            }
            self.0.metrics.behind.with_label_values(&[style.as_str()]).set(took as f64 / 1000.0);
        }
        state.behind = took.into_iter().filter(|(_, took)| *took > 0).collect();
    }

    /// So many orders are not done with.
    pub fn set_waiting(&self, waiting: usize, now: Millis) {
        let mut state = self.lock();
        state.waiting = waiting;
        let oldest = state.judged_to.map_or(0, |to| now - to);
        self.0.metrics.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.0.metrics.known.set(i64::try_from(state.known()).unwrap_or(i64::MAX));
        self.0.metrics.oldest.set(oldest as f64 / 1000.0);
    }

    /// Why nothing can be judged; `None` when all is well.
    pub fn set_trouble(&self, trouble: Option<String>) {
        let mut state = self.lock();
        if let Some(why) = &trouble {
            self.0.metrics.failures.inc();
            if state.trouble.is_none() {
                tracing::warn!(why, "orders cannot be judged; trying again");
            }
        }
        let changes = state.trouble.is_some() != trouble.is_some();
        state.trouble = trouble;
        if changes {
            self.tell(&state);
        }
    }

    fn tell(&self, state: &State) {
        let verdict = state.verdict();
        for kind in ViolationKind::ALL {
            let count = verdict.violations_by_kind.get(kind).copied().unwrap_or(0);
            let gauge = self.0.metrics.violations.with_label_values(&[kind.as_str()]);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.0.metrics.clean.set(verdict.is_clean().into());
        for finding in Finding::ALL {
            let is_it = verdict.verdict == finding;
            self.0.metrics.verdict.with_label_values(&[finding.as_str()]).set(is_it.into());
        }
    }

    /// How things stand.
    #[must_use]
    pub fn report(&self) -> Report {
        let state = self.lock();
        Report {
            verdict: state.verdict(),
            waiting: state.waiting,
            known: state.known(),
            judged_to: state.judged_to,
            strangers: state.strangers,
            trouble: state.trouble.clone(),
            held_up: state.held_up.clone(),
            behind: state.behind.clone(),
            never_came: state.never_came,
        }
    }
}

impl State {
    /// Orders that were found as they have to be.
    fn done(&self) -> u64 {
        self.styles.values().map(|style| style.accepted).sum()
    }

    fn known(&self) -> u64 {
        self.done() + self.waiting as u64
    }

    /// Why it cannot be said that all is well, though nothing is known to be wrong.
    fn not_judged(&self) -> Option<String> {
        match &self.trouble {
            Some(trouble) => Some(format!("Orders cannot be judged at the moment: {trouble}")),
            None if self.done() == 0 => Some("No order has had the time to settle yet".to_owned()),
            None => None,
        }
    }

    fn verdict(&self) -> Verdict {
        let lost = self.unseen.iter().map(|id| Violation {
            order_id: Some(id.clone()),
            kind: ViolationKind::Lost,
            detail: "the bus confirmed it, and nobody has seen it".to_owned(),
        });
        let mut violations: Vec<_> = self.wrong.values().flatten().cloned().chain(lost).collect();
        let mut by_kind = BTreeMap::new();
        for violation in &violations {
            *by_kind.entry(violation.kind).or_default() += 1;
        }
        let total = violations.len() as u64 + self.wrong_more;
        violations.sort();
        violations.truncate(LISTED);
        let not_judged = self.not_judged().filter(|_| total == 0);
        let verdict = match (total, &not_judged) {
            (0, None) => Finding::Clean,
            (0, Some(_)) => Finding::NotJudged,
            _ => Finding::Violated,
        };
        Verdict {
            verdict,
            not_judged,
            violations_total: total,
            violations_by_kind: by_kind,
            violations,
            duplicates_in_input: 0,
            styles: self.styles.clone(),
        }
    }
}

impl Metrics {
    fn register(registry: &Registry) -> prometheus::Result<Self> {
        let opts = |name: &str, help: &str| Opts::new(format!("duet_audit_{name}"), help);
        let gauge = |name, help| registered(registry, IntGauge::with_opts(opts(name, help)));
        let judged = opts("orders_total", "Orders judged and found as they should be.");
        let violations = opts("violations", "Violations that stand at the moment.");
        let oldest = opts(
            "oldest_waiting_seconds",
            "How long ago the oldest order was placed that is not judged yet.",
        );
        let verdict = opts("verdict", "1 for the verdict that stands: clean, violated or not_judged.");
        let failures = opts("failures_total", "Rounds in which not all could be read.");
        let behind = opts(
            "behind_seconds",
            "What half of the orders took that ended in the last minute, where that is more than usual; else 0.",
        );
        let held_up = opts("held_up", "1 while orders wait for this program, which is not ready.");
        Ok(Self {
            judged: registered(registry, IntCounterVec::new(judged, &["style", "outcome"]))?,
            violations: registered(registry, IntGaugeVec::new(violations, &["kind"]))?,
            waiting: gauge("waiting_orders", "Orders that are not done with.")?,
            known: gauge("known_orders", "Orders that the verdict is about: judged, or not done with.")?,
            clean: gauge("clean", "1 while orders are judged and no violation stands, else 0.")?,
            verdict: registered(registry, IntGaugeVec::new(verdict, &["verdict"]))?,
            oldest: registered(registry, Gauge::with_opts(oldest))?,
            failures: registered(registry, IntCounter::with_opts(failures))?,
            held_up: registered(registry, IntGaugeVec::new(held_up, &["by"]))?,
            behind: registered(registry, GaugeVec::new(behind, &["style"]))?,
        })
    }
}
