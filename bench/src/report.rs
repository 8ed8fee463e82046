//! The machine-readable result of `duet compare`, as `--json` writes it; described in REPORT.md.
//!
//! The schema only ever grows within a version: a reader ignores fields it does not know. A field whose value
//! was not measured (a run ended early) is `null`.

use std::collections::BTreeMap;

use auditor::{Paths, ViolationKind};
use contract::{Style, TerminalState};
use durability::Durability;
use outside::Rates;
use serde::{Deserialize, Serialize};

/// The name and version of the schema.
pub const SCHEMA: &str = "duet.compare/1";

/// The whole result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// Whether the run was ended before all orders were sent; the verdict is about those that were.
    pub partial: bool,
    /// The finding about both styles together.
    pub verdict: Verdict,
    /// How many violations there are in all.
    pub violations_total: u64,
    /// The first of them.
    pub violations: Vec<Violation>,
    /// Orders that ended otherwise in one style than in the other: how many, where it was compared.
    pub outcomes_differ: Option<u64>,
    /// Where and how it was measured.
    pub environment: Environment,
    /// One for each style.
    pub cells: Vec<Cell>,
}

/// Whether the guarantee held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every accepted order is accounted for and every invariant holds.
    Clean,
    /// It is not so: see the violations.
    Violated,
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// In which style.
    pub style: Style,
    /// Which kind, as a word that stays the same: `lost`, `stuck`, `doubled`, ….
    pub kind: ViolationKind,
    /// The order, where it is about one.
    pub order_id: Option<String>,
    /// What was found, and what should have been.
    pub detail: String,
}

/// Where and how a run was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The version of duet.
    pub duet_version: String,
    /// The compiler's profile: `release` or `debug`. Figures of a debug build mean nothing.
    pub profile: String,
    /// When the run began (RFC 3339).
    pub started_at: String,
    /// How long it took in all, in seconds.
    pub duration_s: f64,
    /// The machine.
    pub machine: Machine,
    /// Worker threads of each cell's runtime.
    pub worker_threads: usize,
    /// What a message confirmed by the bus survives.
    pub bus_durability: Durability,
    /// What a commit of the store survives.
    pub store_durability: Durability,
    /// What one thread reaches on the store's disk, measured in this run.
    pub yardstick: Option<Yardstick>,
    /// What was sent, and how.
    pub workload: Workload,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Cores that the run could use.
    pub cores: usize,
    /// The processor's name.
    pub cpu: String,
    /// Main memory.
    pub memory_bytes: Option<u64>,
    /// The operating system and its release.
    pub system: String,
}

/// The disk and the store at their best, for putting figures of different machines side by side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Yardstick {
    /// Durable rows of 1 KB a second, 100 a transaction, one thread.
    pub rows_per_s: f64,
    /// Median duration of a transaction of one such row, in microseconds.
    pub commit_us_p50: f64,
    /// 99th percentile of the same.
    pub commit_us_p99: f64,
}

/// What was sent, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// The seed of the outside world, and of the orders unless they came from a file.
    pub seed: u64,
    /// The file that the orders came from.
    pub orders_file: Option<String>,
    /// Lines of it that were bad and skipped.
    pub bad_lines_skipped: u64,
    /// How many times faster than real its arrival pattern was replayed.
    pub speed: Option<f64>,
    /// Orders/s of the paced phase.
    pub rate_per_s: Option<f64>,
    /// Orders in flight while saturated, those that wait for a time-out or a back-off not counted.
    pub window: usize,
    /// Share of generated orders that cannot be taken.
    pub invalid_rate: f64,
    /// How the outside world misbehaves.
    pub outside: Rates,
    /// Orders of each phase.
    pub phases: Phases,
}

/// How many orders each phase sends, per style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Before anything is measured.
    pub warm_up: u64,
    /// One at a time.
    pub alone: u64,
    /// As fast as they go.
    pub saturated: u64,
    /// At a fixed rate, or in the file's own pattern.
    pub paced: u64,
}

impl Phases {
    /// All phases together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.warm_up + self.alone + self.saturated + self.paced
    }
}

/// One style on one bus and one store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The style.
    pub style: Style,
    /// The bus.
    pub bus: String,
    /// The store.
    pub store: String,
    /// Orders that the system accepted.
    pub orders: u64,
    /// How they ended.
    pub outcomes: BTreeMap<TerminalState, u64>,
    /// Orders that were accepted and have not ended.
    pub unaccounted: u64,
    /// A digest of which order ended how: equal in both styles when every order ended the same.
    pub outcomes_digest: String,
    /// Orders/s at saturation.
    pub orders_per_s: Option<f64>,
    /// Paced, delivered orders that went straight through, from due time to terminal event.
    pub latency_ms: Option<Percentiles>,
    /// Paced, orders that had to wait for a back-off or a time-out, whatever became of them.
    pub latency_waiting_ms: Option<Percentiles>,
    /// Paced, orders rejected or cancelled without waiting.
    pub latency_refused_ms: Option<Percentiles>,
    /// Delivered orders sent one at a time.
    pub latency_alone_ms: Option<Percentiles>,
    /// The distribution behind `latency_ms`: pairs of microseconds and count.
    pub latency_us_buckets: Vec<(u64, u64)>,
    /// How late the sender was at most, in milliseconds; latencies count from the due time all the same.
    pub sender_late_ms_max: Option<f64>,
    /// Messages published per order.
    pub messages_per_order: Option<f64>,
    /// Deliveries to consumers per order, the observer's not counted.
    pub deliveries_per_order: Option<f64>,
    /// Bytes published per order.
    pub bytes_per_order: Option<f64>,
    /// CPU seconds that the services (and orchestrator), bus and stores used per 1000 orders at saturation.
    pub cpu_s_per_1000_orders: Option<f64>,
    /// CPU seconds of the load generator and the observer on top of it.
    pub cpu_s_per_1000_orders_measuring: Option<f64>,
    /// The most resident memory of the cell's process before the audit.
    pub peak_rss_bytes: Option<u64>,
    /// Store transactions per order at saturation, all stores together.
    pub store_commits_per_order: Option<f64>,
    /// How often each path of the flow was taken.
    pub paths: Paths,
}

/// Percentiles in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half are at most this.
    pub p50: f64,
    /// Nine of ten are at most this.
    pub p90: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
    /// The longest.
    pub max: f64,
    /// How many values there are.
    pub count: u64,
}
