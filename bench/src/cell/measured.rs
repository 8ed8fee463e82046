//! What was measured of a cell.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::TerminalState;
use contract::groups::PARTICIPANTS;
use durability::Durability;
use operate::target::StorePlace;

use super::files::Audited;
use super::flight;
use super::protocol::Spec;
use super::sender::Steady;
use super::system::{ProcessUse, Work};
use crate::measure::is_ram_disk;
use crate::report::{Cell, Phases, ProcessReport, ProcessRole};

/// What was used up to a moment.
#[derive(Clone, Debug)]
pub(super) struct Used {
    /// CPU time of the cell's process.
    pub(super) cpu: Duration,
    /// CPU time of those of its threads that send and observe.
    pub(super) cpu_measuring: Duration,
    /// What the participants' own processes used.
    pub(super) processes: Vec<ProcessUse>,
    /// What the system has done.
    pub(super) work: Work,
}

/// Sums over all saturated phases.
#[derive(Clone, Debug, Default)]
pub(super) struct Saturated {
    orders: u64,
    steady: Steady,
    cpu: Duration,
    cpu_measuring: Duration,
    /// CPU time of the participants' own processes, by name.
    cpu_of: BTreeMap<&'static str, Duration>,
    commits: u64,
}

impl Saturated {
    /// One more phase.
    pub(super) fn add(&mut self, sent: u64, steady: Steady, before: &Used, after: &Used) {
        self.orders += sent;
        self.steady = self.steady.and(steady);
        self.cpu += after.cpu.saturating_sub(before.cpu);
        self.cpu_measuring += after.cpu_measuring.saturating_sub(before.cpu_measuring);
        self.commits += (after.work - before.work).commits;
        for now in &after.processes {
            *self.cpu_of.entry(now.name).or_default() += now.cpu_since(&before.processes);
        }
    }

    /// Orders/s while the window was full.
    pub(super) fn orders_per_s(&self) -> Option<f64> {
        self.steady.orders_per_s()
    }
}

/// CPU time of the system between two moments, without that of what sends and observes.
pub(super) fn cpu_between(before: &Used, after: &Used, processes: bool) -> Duration {
    if !processes {
        let measuring = after.cpu_measuring.saturating_sub(before.cpu_measuring);
        return after.cpu.saturating_sub(before.cpu).saturating_sub(measuring);
    }
    let participants = after.processes.iter().filter(|now| now.role == ProcessRole::Participant);
    participants.map(|now| now.cpu_since(&before.processes)).sum()
}

/// The most memory that each of the participants' own processes had, over all their lives.
#[derive(Clone, Debug, Default)]
pub(super) struct Peaks(BTreeMap<&'static str, (ProcessRole, u64)>);

impl Peaks {
    /// What processes had used at the end of a life.
    pub(super) fn add(&mut self, used: &[ProcessUse]) {
        for process in used {
            let (_, peak) = self.0.entry(process.name).or_insert((process.role, 0));
            *peak = (*peak).max(process.peak_rss_bytes);
        }
    }

    /// All participants together.
    fn of_participants(&self) -> u64 {
        let participants = self.0.values().filter(|(role, _)| *role == ProcessRole::Participant);
        participants.map(|(_, peak)| peak).sum()
    }
}

/// Everything that is known of a cell at its end but for what became of each order.
pub(super) struct Seen<'a> {
    pub(super) spec: &'a Spec,
    pub(super) sent: Phases,
    pub(super) saturated: &'a Saturated,
    pub(super) work: Work,
    pub(super) peaks: &'a Peaks,
    pub(super) late_max: Duration,
    pub(super) peak_rss_bytes: Option<u64>,
    pub(super) bus_durability: Durability,
    pub(super) store_durability: Durability,
}

/// What a commit survives: no more than the disk can give, where it is known.
pub(super) fn store_durability(spec: &Spec, declared: Durability) -> Durability {
    match spec.store {
        StorePlace::Sqlite(_) if is_ram_disk(&spec.dir) => declared.min(Durability::Kill),
        StorePlace::Sqlite(_) | StorePlace::Postgres { .. } => declared,
    }
}

/// The cell's part of the report.
pub(super) fn cell(seen: &Seen<'_>, state: &flight::State, audited: &Audited) -> Cell {
    let Seen { spec, saturated, work, .. } = seen;
    let per = |amount: f64, orders: u64| (orders > 0).then(|| amount / orders as f64);
    let per_1000 = |cpu: Duration| per(cpu.as_secs_f64() * 1000.0, saturated.orders);
    let cpu = cpu(seen);
    let sent = seen.sent.total();
    let summary = audited.verdict.styles.get(&spec.style).cloned().unwrap_or_default();
    let latency_ms = state.delivered.percentiles();
    Cell {
        style: spec.style,
        bus: spec.bus.name.clone(),
        store: spec.store.kind().to_owned(),
        bus_durability: seen.bus_durability,
        store_durability: seen.store_durability,
        phases: seen.sent,
        orders: summary.accepted,
        outcomes: [
            (TerminalState::Delivered, summary.delivered),
            (TerminalState::Rejected, summary.rejected),
            (TerminalState::Cancelled, summary.cancelled),
        ]
        .into(),
        unaccounted: summary.unaccounted,
        outcomes_digest: format!("{:016x}", state.digest),
        orders_per_s: saturated.orders_per_s(),
        window_was_full: saturated.steady.is_full,
        latency_ms,
        latency_waiting_ms: state.waiting.percentiles(),
        latency_refused_ms: state.refused.percentiles(),
        latency_alone_ms: state.alone.percentiles(),
        latency_us_buckets: state.delivered.buckets(),
        sender_late_ms_max: latency_ms.map(|_| seen.late_max.as_secs_f64() * 1000.0),
        messages_per_order: per(work.published as f64, sent),
        deliveries_per_order: per(work.deliveries as f64, sent),
        bytes_per_order: work.published_bytes.and_then(|bytes| per(bytes as f64, sent)),
        // The broker's limit is known to whoever runs the cells.
        broker_messages_per_s: None,
        // So are the rates.
        paced_share: None,
        curve: Vec::new(),
        limit_share: None,
        limit_per_order: None,
        cpu_s_per_1000_orders: per_1000(cpu.system),
        cpu_s_per_1000_orders_measuring: per_1000(cpu.measuring),
        peak_rss_bytes: if spec.processes {
            Some(seen.peaks.of_participants()).filter(|bytes| *bytes > 0)
        } else {
            seen.peak_rss_bytes
        },
        processes: processes(seen, per_1000),
        retries: work.retries,
        store_commits_per_order: per(saturated.commits as f64, saturated.orders),
        paths: summary.paths,
    }
}

/// CPU time at saturation, of what is measured and of what measures.
struct Cpu {
    system: Duration,
    measuring: Duration,
}

/// Where the participants have processes of their own, this one does nothing but measure.
fn cpu(seen: &Seen<'_>) -> Cpu {
    let Seen { spec, saturated, peaks, .. } = seen;
    if !spec.processes {
        let system = saturated.cpu.saturating_sub(saturated.cpu_measuring);
        return Cpu { system, measuring: saturated.cpu_measuring };
    }
    let is_participant =
        |name: &&'static str| peaks.0.get(name).is_some_and(|(role, _)| *role == ProcessRole::Participant);
    let system = saturated.cpu_of.iter().filter(|(name, _)| is_participant(name)).map(|(_, cpu)| *cpu).sum();
    Cpu { system, measuring: saturated.cpu }
}

/// Each of the participants' own processes, and this one beside them.
fn processes(seen: &Seen<'_>, per_1000: impl Fn(Duration) -> Option<f64>) -> Vec<ProcessReport> {
    if !seen.spec.processes {
        return Vec::new();
    }
    let unknown = || Some("the system does not say what processes use".to_owned());
    let report = |name: &str, role, cpu: Option<Duration>, peak| ProcessReport {
        name: name.to_owned(),
        role,
        cpu_s_per_1000_orders: cpu.and_then(&per_1000),
        peak_rss_bytes: peak,
        not_measured: if cpu.is_none() { unknown() } else { None },
    };
    // In the order of the flow, then whatever else there is.
    let mut names: Vec<_> = PARTICIPANTS.into_iter().filter(|name| seen.peaks.0.contains_key(name)).collect();
    names.extend(seen.peaks.0.keys().filter(|name| !PARTICIPANTS.contains(name)));
    let each = names.into_iter().map(|name| {
        let (role, peak) = seen.peaks.0[name];
        report(name, role, seen.saturated.cpu_of.get(name).copied(), Some(peak))
    });
    let measuring =
        report("load generator", ProcessRole::Measuring, Some(seen.saturated.cpu), seen.peak_rss_bytes);
    each.chain([measuring]).collect()
}
