//! Why a comparison has no result.

use std::path::PathBuf;
use std::time::Duration;

use bus::BusError;
use daemon::DaemonError;
use operate::target::BusPlace;
use store::StoreError;
use terminal::counted;
use workload::orders_file::OrdersFileError;

use super::guarantees::{self, Difference};
use crate::limit::LimitError;

/// How long a replay of the user's orders may take.
pub(super) const REPLAY_MAX: Duration = Duration::from_secs(7 * 86_400);

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum CompareError {
    /// The user's orders cannot be read.
    #[error(transparent)]
    Orders(#[from] OrdersFileError),
    /// The user's orders are not all good.
    #[error("nothing was sent, because of {} in {}. Mend the file, or leave the bad lines out with --skip-bad", counted(*.bad, "bad line"), .path.display())]
    BadLines {
        path: PathBuf,
        /// How many lines.
        bad: u64,
    },
    /// There is nothing to send.
    #[error("{} holds no good order: one JSON order a line is needed, see examples/ORDERS.md", .0.display())]
    NoOrders(PathBuf),
    /// To replay when the user's orders were placed would take for ever.
    #[error("{}: its orders were placed from {first} to {last}, and to replay that with --speed {speed:?} would take more than {} days: raise it, or mend the times", .path.display(), REPLAY_MAX.as_secs() / 86_400)]
    Replay {
        path: PathBuf,
        /// The time of its first order.
        first: String,
        /// That of the last one.
        last: String,
        /// The value of --speed.
        speed: f64,
    },
    /// A folder or file cannot be made.
    #[error("{} cannot be written: choose another place with {flag}, or give this user write permission", path.display())]
    Unwritable {
        path: PathBuf,
        /// The flag that chooses it.
        flag: &'static str,
        #[source]
        source: std::io::Error,
    },
    /// The folder for the files holds something already.
    #[error("{} is not empty: --keep needs a new or an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// The store could not be measured.
    #[error("the store cannot be measured")]
    Yardstick(#[source] LimitError),
    /// A bus cannot be used.
    #[error("the bus {} at {} cannot be used{}", place.name, place.url, advice(source.is_retryable(), *tried, &place.name, &place.flag))]
    Bus {
        place: Box<BusPlace>,
        /// For how long it was tried.
        tried: Duration,
        /// What stood against it last.
        #[source]
        source: BusError,
    },
    /// The database cannot be used.
    #[error("the store at {url} cannot be used{}", advice(source.is_retryable(), *tried, "postgres", "--postgres-url or DUET_POSTGRES_URL"))]
    Store {
        /// Where it is, without secrets.
        url: String,
        /// For how long it was tried.
        tried: Duration,
        /// What stood against it last.
        #[source]
        source: StoreError,
    },
    /// The store is not named as it should be.
    #[error(transparent)]
    Host(Box<DaemonError>),
    /// The cells would not be equal, and it was not asked for that.
    #[error("nothing was sent: the cells' guarantees differ, so their figures could not be compared{}\nTo compare them all the same, and have the result marked: --unequal", guarantees::explain(.0))]
    Unequal(Vec<Difference>),
    /// Nobody waited for the run.
    #[error("interrupted before anything was sent")]
    Interrupted,
    /// A cell's process could not be started.
    #[error("a process for the run cannot be started")]
    Spawn(#[source] std::io::Error),
    /// A cell's process ended by itself.
    #[error("the process that ran the {cell} ended: {how}")]
    Died { cell: String, how: String },
    /// A cell cannot go on.
    #[error("the {cell} cannot go on: {error}")]
    Cell { cell: String, error: String },
    /// Signals or threads cannot be had.
    #[error("the operating system refuses what a run needs")]
    System(#[source] std::io::Error),
    /// A file of a finished cell cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// What to do about a server that cannot be used: one that is not there may come, one that refuses will go on doing so.
fn advice(may_come: bool, tried: Duration, name: &str, flag: &str) -> String {
    match may_come {
        true => format!(", which was tried for {} s. {}", tried.as_secs(), start(name, flag)),
        false => format!(": it refuses what it is asked. Correct what {flag} says, or the server"),
    }
}

/// How to get a server.
fn start(name: &str, flag: &str) -> String {
    let server = name.split('-').next().unwrap_or(name);
    format!("Start it (scripts/brokers up {server} starts one on this machine), or name another with {flag}")
}
