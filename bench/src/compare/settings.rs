//! What shapes a run.

use std::path::PathBuf;
use std::time::Duration;

use durability::Durability;
use external::Rates;
use operate::target::{BusPlace, StoreChoice};

/// Everything that shapes a run.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareSettings {
    /// Seed of the orders and of the outside world.
    pub seed: u64,
    /// A file of orders instead of generated ones.
    pub orders: Option<OrdersFile>,
    /// How many generated orders per cell; `None`: as many as fit into a minute, or half a minute for each cell on a
    /// broker.
    pub count: Option<u64>,
    /// Orders/s of the paced phase; `None`: 500, or half of what the slowest cell reached at saturation if that is less.
    pub rate_per_s: Option<f64>,
    /// Whether latency and cost at shares of each cell's own saturation are measured, too.
    pub curve: bool,
    /// Share of generated orders that cannot be taken.
    pub invalid_rate: f64,
    /// How the outside world misbehaves.
    pub rates: Rates,
    /// Orders in flight while saturated.
    pub window: usize,
    /// Threads of each cell's runtime.
    pub worker_threads: usize,
    /// How long to wait for orders that do not end.
    pub drain: Duration,
    /// The buses, each with a cell for each style.
    pub buses: Vec<BusPlace>,
    /// The store of every participant.
    pub store: StoreChoice,
    /// The level of durability that every bus must have; `None`: the same one, whichever.
    pub durability: Option<Durability>,
    /// Whether cells are compared although their guarantees differ.
    pub unequal: bool,
    /// Whether services and orchestrator run as processes of their own.
    pub processes: bool,
    /// A folder in which the files are kept.
    pub keep: Option<PathBuf>,
    /// Where the machine-readable result goes.
    pub json: Option<PathBuf>,
}

impl CompareSettings {
    /// Whether a bus's cells get all their orders before those of the next bus are started. The rate of the paced phase
    /// is the same for all cells: where it follows from what each of them reached at saturation, all of them must have
    /// been measured before any of them is sent paced orders.
    pub(super) fn in_one_sitting(&self) -> bool {
        let replays = self.orders.as_ref().is_some_and(|file| file.speed.is_some());
        self.buses.len() == 1 || self.rate_per_s.is_some() || replays
    }

    /// Whether brokers are warmed until they get no faster. A run of so many orders, or of a file's, is as long as its
    /// user wants it.
    pub(super) fn warms(&self) -> bool {
        self.curve || (self.orders.is_none() && self.count.is_none())
    }
}

/// A user's own orders.
#[derive(Clone, Debug, PartialEq)]
pub struct OrdersFile {
    /// Where the file is.
    pub path: PathBuf,
    /// How many times faster its arrival pattern is replayed; `None`: like generated orders.
    pub speed: Option<f64>,
    /// Whether bad lines are left out.
    pub skip_bad: bool,
}
