//! What `duet compare` and the process of one cell say to each other: one JSON value a line, on the cell's
//! standard input and output.

use std::path::PathBuf;

use auditor::Violation;
use contract::Style;
use external::Rates;
use operate::target::{BusPlace, StorePlace};
use serde::{Deserialize, Serialize};
use workload::orders_file::Rules;

use crate::phase::Phase;
use crate::report::{Cell, Percentiles};

/// Everything a cell needs to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// How the services work together.
    pub style: Style,
    /// The bus, in a namespace of this cell's own.
    pub bus: BusPlace,
    /// Where the participants' stores are.
    pub store: StorePlace,
    /// Whether services and orchestrator run as processes of their own.
    pub processes: bool,
    /// An existing, empty folder for its files.
    pub dir: PathBuf,
    /// Where its orders come from.
    pub source: SourceSpec,
    /// The seed of the outside world.
    pub seed: u64,
    /// How the outside world misbehaves.
    pub rates: Rates,
    /// Orders in flight while saturated.
    pub window: usize,
    /// Threads of its runtime.
    pub worker_threads: usize,
    /// How long to wait for orders that do not end, in milliseconds.
    pub drain_ms_max: u64,
}

/// Where orders come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceSpec {
    /// The seeded generator.
    Generated {
        /// Share of its orders that cannot be taken.
        invalid_rate: f64,
    },
    /// A checked file.
    File {
        /// Where it is.
        path: PathBuf,
        /// How it is read.
        rules: Rules,
        /// Whether its bad lines are left out.
        skip_bad: bool,
        /// Its lines that repeat an id.
        duplicates: Vec<u64>,
        /// How many times faster its arrival pattern is replayed.
        speed: Option<f64>,
    },
}

/// Orders to send.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// How they are sent.
    pub phase: Phase,
    /// How many, at the most.
    pub orders: u64,
    /// After how long no more are sent, in milliseconds; `None`: when all were.
    pub ms_max: Option<u64>,
    /// Orders/s of a phase with fixed times, unless the file says when.
    pub rate_per_s: f64,
}

/// To the cell. The first line is a [`Spec`]; the input's end ends the cell at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Send the next orders; answered by [`Answer::Sent`].
    Send(Load),
    /// Send no more: the phase under way ends early.
    Stop,
    /// Wait for what is in flight and stop running; answered by [`Answer::Parked`].
    Park,
    /// Run again; answered by [`Answer::Ready`].
    Resume,
    /// Wait for what is in flight, audit, answer with [`Answer::Finished`] and end.
    Finish,
}

/// What became of a [`Load`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// How many were sent.
    pub orders: u64,
    /// Orders/s that this load reached, where it was sent as fast as it went.
    pub reached_per_s: Option<f64>,
    /// What there is to say of a point of the curve.
    pub at_rate: Option<AtRate>,
    /// Whether it was ended before its time, by [`Request::Stop`] or because orders that should have ended did not.
    pub cut: bool,
    /// Orders/s at saturation over all saturated phases so far.
    pub orders_per_s: Option<f64>,
}

/// What a cell did at a rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtRate {
    /// Delivered orders that went straight through, from due time to terminal event.
    pub latency_ms: Option<Percentiles>,
    /// How late the sender was at most, in milliseconds.
    pub sender_late_ms_max: f64,
    /// CPU seconds of the system, without what measures it.
    pub cpu_s: f64,
}

/// From the cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It runs, and takes a load.
    Ready,
    /// How far the phase is.
    Progress {
        /// Orders sent in it.
        sent: u64,
    },
    /// The phase is over.
    Sent(Sent),
    /// It does not run any more, until it is told to.
    Parked,
    /// All is over.
    Finished(Box<Finished>),
    /// The cell cannot go on.
    Failed {
        /// Why, with all causes and what to do.
        error: String,
    },
}

/// The result of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// What was measured.
    pub cell: Cell,
    /// How many violations the auditor found.
    pub violations_total: u64,
    /// The first of them.
    pub violations: Vec<Violation>,
    /// What else is to be said about the run.
    pub notes: Vec<String>,
}
