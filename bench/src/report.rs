//! The machine-readable result of `duet compare`, as `--json` writes it; described in REPORT.md.
//!
//! The schema only ever grows within a version: a reader ignores fields it does not know. A field whose value
//! was not measured (a run ended early) is `null`.

use std::collections::BTreeMap;

use auditor::{Paths, ViolationKind};
use contract::{Style, TerminalState};
use durability::Durability;
use external::Rates;
use serde::{Deserialize, Serialize};

use crate::phase::Phase;

/// The name and version of the schema.
pub const SCHEMA: &str = "duet.compare/1";

/// The whole result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`]: what the fields mean.
    pub schema: String,
    /// Whether the run was ended before all orders were sent; the verdict is about those that were.
    pub partial: bool,
    /// The finding about both styles together.
    pub verdict: Verdict,
    /// How many violations there are in all.
    pub violations_total: u64,
    /// The first of them.
    pub violations: Vec<Violation>,
    /// Orders that did not end the same way in every cell that they were sent through: how many, where it was
    /// compared.
    pub outcomes_differ: Option<u64>,
    /// In what the cells' guarantees differ, where the run was told to compare them all the same; empty when they are
    /// equal.
    pub unequal: Vec<String>,
    /// Where and how it was measured.
    pub environment: Environment,
    /// One for each bus and style.
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
    /// On which bus: [`Cell::bus`].
    pub bus: String,
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
    /// What it was measured on.
    pub machine: Machine,
    /// Worker threads of each cell's runtime.
    pub worker_threads: usize,
    /// Whether services and orchestrator ran as processes of their own instead of in their cell's.
    pub processes: bool,
    /// What a message confirmed by the bus survives; the weakest bus of the run.
    pub bus_durability: Durability,
    /// What a commit of the store survives; the weakest store of the run.
    pub store_durability: Durability,
    /// The level of durability that the buses were asked for; `None`: each as it comes.
    pub durability_asked: Option<Durability>,
    /// The buses, in the order in which they ran.
    pub buses: Vec<BusReport>,
    /// The store of every participant.
    pub store: Option<StoreReport>,
    /// What one client reaches on the store, measured in this run.
    pub yardstick: Option<Yardstick>,
    /// What was sent, and how.
    pub workload: Workload,
}

/// A bus, and what it guarantees, as it said itself when the run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BusReport {
    /// What this run calls it: `memory`, `rabbitmq` or `kafka`, with a number where there are several of a kind.
    pub name: String,
    /// Where it is, without secrets.
    pub address: String,
    /// What it is, with its version.
    pub product: String,
    /// What keeps the messages.
    pub kept_in: String,
    /// When a publish counts as done.
    pub confirmed: String,
    /// When a delivery counts as handled.
    pub settled: String,
    /// How many copies of a message there are.
    pub replicas: u32,
    /// What a confirmed message survives.
    pub durability: Durability,
    /// What it gives at best to a bare producer and consumer, measured in this run; `None` for a bus that is no broker.
    pub limit: Option<BrokerLimit>,
    /// How it was warmed before anything was measured; `None` for a bus that is no broker, and in a short run.
    #[serde(default)]
    pub warming: Option<Warming>,
}

/// How a broker was warmed: its first minute is slower (its code is compiled, its memory and files are laid out), and
/// whoever came first would pay for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warming {
    /// How many rounds of both styles, as fast as they went.
    pub rounds: u64,
    /// How long they took, in seconds.
    pub took_s: f64,
    /// Orders/s of both styles together in the first round.
    pub first_per_s: f64,
    /// Orders/s in the last one.
    pub last_per_s: f64,
    /// Whether throughput had settled when it ended; else time was up.
    pub settled: bool,
}

/// What a broker gives at best at the guarantees of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BrokerLimit {
    /// Size of each message's body.
    pub body_bytes: usize,
    /// Messages/s confirmed, delivered and settled, batched and pipelined.
    pub messages_per_s: f64,
    /// Messages/s confirmed when each waits for the one before it.
    pub one_at_a_time_per_s: f64,
    /// Median time from sending a lone message to receiving it, in milliseconds.
    pub alone_ms_p50: f64,
}

/// A store, and what it guarantees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreReport {
    /// `sqlite` or `postgres`.
    pub name: String,
    /// Where it is, without secrets.
    pub address: String,
    /// What it is, with its version.
    pub product: String,
    /// When a commit counts as done.
    pub committed: String,
    /// What a commit survives.
    pub durability: Durability,
}

/// What figures were measured on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Cores that the run could use.
    pub cores: usize,
    /// The processor's name.
    pub cpu: String,
    /// Main memory, in bytes; `None` where the system does not say.
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
    /// Orders of each phase that every cell was sent.
    pub phases: Phases,
}

/// How many orders each phase sends to a cell.
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
    /// At shares of the cell's own saturation.
    #[serde(default)]
    pub curve: u64,
}

impl Phases {
    /// The orders of a phase.
    pub fn of_mut(&mut self, phase: Phase) -> &mut u64 {
        match phase {
            Phase::WarmUp => &mut self.warm_up,
            Phase::Alone => &mut self.alone,
            Phase::Saturated => &mut self.saturated,
            Phase::Paced => &mut self.paced,
            Phase::Curve => &mut self.curve,
        }
    }

    /// The less of each phase.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        Self {
            warm_up: self.warm_up.min(other.warm_up),
            alone: self.alone.min(other.alone),
            saturated: self.saturated.min(other.saturated),
            paced: self.paced.min(other.paced),
            curve: self.curve.min(other.curve),
        }
    }

    /// All phases together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.warm_up + self.alone + self.saturated + self.paced + self.curve
    }
}

/// One style on one bus and one store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The style that ran in it.
    pub style: Style,
    /// The bus: [`BusReport::name`].
    pub bus: String,
    /// The store: [`StoreReport::name`].
    pub store: String,
    /// What a message confirmed by its bus survives.
    pub bus_durability: Durability,
    /// What a commit of its stores survives.
    pub store_durability: Durability,
    /// Orders sent to it in each phase.
    pub phases: Phases,
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
    /// Whether that is of a full window only; otherwise there were too few orders, and filling and emptying it are in it.
    #[serde(default = "full")]
    pub window_was_full: bool,
    /// The rate of the paced phase as a share of the former.
    #[serde(default)]
    pub paced_share: Option<f64>,
    /// Latency and cost at shares of this cell's own saturation, ascending; empty unless asked for (`--curve`).
    #[serde(default)]
    pub curve: Vec<CurvePoint>,
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
    /// Messages/s that passed through the broker's queues at saturation: deliveries to all groups, the observer's
    /// included. `None` for a bus that is no broker.
    pub broker_messages_per_s: Option<f64>,
    /// The same as a share of the broker's limit.
    pub limit_share: Option<f64>,
    /// The broker's limit as a multiple of this cell's orders/s at saturation.
    pub limit_per_order: Option<f64>,
    /// CPU seconds that services and orchestrator used per 1000 orders at saturation, with the bus and the stores where
    /// these live in the same process.
    pub cpu_s_per_1000_orders: Option<f64>,
    /// CPU seconds of the load generator and the observer on top of it.
    pub cpu_s_per_1000_orders_measuring: Option<f64>,
    /// The most resident memory before the audit, of the cell's process and those that belong to it.
    pub peak_rss_bytes: Option<u64>,
    /// The processes that this cell's orders kept busy, as far as they are on this machine and can be seen.
    pub processes: Vec<ProcessReport>,
    /// Store transactions per order at saturation, all stores together.
    pub store_commits_per_order: Option<f64>,
    /// Commits, publishes and settlements that failed and were tried again: where there are many, a server was away, and
    /// the figures are not those of an undisturbed run.
    pub retries: u64,
    /// How often each path of the flow was taken.
    pub paths: Paths,
}

/// A cell at a share of its own saturation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// How much of it, from 0 to 1.
    pub share: f64,
    /// Orders/s that were sent.
    pub rate_per_s: f64,
    /// How many were sent.
    pub orders: u64,
    /// Delivered orders that went straight through, from due time to terminal event.
    pub latency_ms: Option<Percentiles>,
    /// How late the sender was at most, in milliseconds; latencies count from the due time all the same.
    pub sender_late_ms_max: f64,
    /// As [`Cell::cpu_s_per_1000_orders`], at this rate.
    pub cpu_s_per_1000_orders: f64,
    /// CPU seconds of the broker per 1000 orders at this rate; `None` where there is none or it cannot be seen.
    pub cpu_s_per_1000_orders_broker: Option<f64>,
}

/// What one process, with its children, used for a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessReport {
    /// The service's name, or `broker`, `database`, `load generator`.
    pub name: String,
    /// What it belongs to.
    pub role: ProcessRole,
    /// CPU seconds (user and system) per 1000 orders at saturation. Whatever else a server does counts, too.
    pub cpu_s_per_1000_orders: Option<f64>,
    /// The most resident memory: of a service since it started, of a server in all its life.
    pub peak_rss_bytes: Option<u64>,
    /// Why there are no figures.
    pub not_measured: Option<String>,
}

/// To which part of a cell a process belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessRole {
    /// A service or the orchestrator.
    Participant,
    /// The bus's server.
    Broker,
    /// The stores' server.
    Database,
    /// The cell's own process, where it only sends and observes.
    Measuring,
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
    /// The longest of all.
    pub max: f64,
    /// How many values there are.
    pub count: u64,
}

/// What reports from before it was told are taken for.
fn full() -> bool {
    true
}
