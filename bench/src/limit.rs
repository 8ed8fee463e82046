//! What store and broker give at best: the measures that figures of throughput are stated against.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bus::{BusError, Load};
use daemon::{DaemonError, connect};
use durability::Durability;
use operate::target::{BusPlace, StoreChoice, StorePlace};
use store::StoreError;

use crate::measure::is_ram_disk;
use crate::report::{BrokerLimit, StoreReport, Yardstick};

/// The average size of this system's messages with their attributes, in bytes: what a broker's limit is measured with
/// unless told otherwise. Generated orders make 310 bytes a message in the choreography and 305 in the orchestration
/// (`bytes_per_order` by `messages_per_order` of a report).
pub const BODY_BYTES: usize = 310;
/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum LimitError {
    /// The folder cannot hold a store.
    #[error("the disk of the store cannot be measured")]
    Disk(#[source] StoreError),
    /// The broker cannot be used.
    #[error("the broker {name} at {url} cannot be measured")]
    Broker {
        /// What it is called.
        name: String,
        /// Where it is, without secrets.
        url: String,
        #[source]
        source: BusError,
    },
    /// Signals or threads cannot be had.
    #[error("the operating system refuses what measuring needs")]
    System(#[source] std::io::Error),
}

/// Measures the store for about `duration`, a SQLite in `dir` whose commits survive `durability`, on a thread of its own;
/// `None` for a store that has no yardstick. Counts the rows committed in `counted` meanwhile.
///
/// # Errors
/// The folder cannot hold a store.
pub async fn yardstick(
    store: &StoreChoice,
    dir: PathBuf,
    duration: Duration,
    durability: Durability,
    counted: Arc<AtomicU64>,
) -> Result<Option<Yardstick>, LimitError> {
    match store {
        StoreChoice::Sqlite(_) => {
            let measuring = tokio::task::spawn_blocking(move || disk(&dir, duration, durability, &counted));
            match measuring.await {
                Ok(measured) => measured.map(Some),
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            }
        }
        StoreChoice::Postgres(_) => Ok(None),
    }
}

fn disk(
    dir: &Path,
    duration: Duration,
    durability: Durability,
    counted: &AtomicU64,
) -> Result<Yardstick, LimitError> {
    let measured = store::sqlite::yardstick(dir, duration, durability, counted).map_err(LimitError::Disk)?;
    Ok(Yardstick {
        rows_per_s: measured.rows_per_s,
        commit_us_p50: measured.commit_us_p50,
        commit_us_p99: measured.commit_us_p99,
    })
}

/// What the store of a participant is and guarantees; a SQLite in `dir`. A database is waited for, at most `patience`.
///
/// # Errors
/// The database cannot be used.
pub async fn describe(
    place: &StorePlace,
    dir: &Path,
    participant: &str,
    patience: Duration,
) -> Result<StoreReport, DaemonError> {
    let name = place.kind().to_owned();
    match place {
        StorePlace::Sqlite(asked) => Ok(StoreReport {
            name,
            address: format!("sqlite:{}", dir.display()),
            product: format!("SQLite {}", rusqlite::version()),
            committed: match asked {
                Durability::Power => "its write-ahead log is flushed (synchronous=FULL)".to_owned(),
                _ => "its write-ahead log is in the page cache (synchronous=NORMAL)".to_owned(),
            },
            durability: if is_ram_disk(dir) { Durability::Kill.min(*asked) } else { *asked },
        }),
        StorePlace::Postgres { url, .. } => {
            let address = place.address(dir, participant)?;
            let durability = connect::store_now(&address, patience).await?.durability();
            let committed = match durability {
                Durability::Power => "its write-ahead log is flushed (synchronous_commit and fsync are on)",
                Durability::Kill => {
                    "its write-ahead log is in the page cache (fsync or full_page_writes is off)"
                }
                Durability::Process => "nothing is waited for (synchronous_commit is off)",
            };
            Ok(StoreReport {
                name,
                address: url.to_string(),
                product: "PostgreSQL".to_owned(),
                committed: committed.to_owned(),
                durability,
            })
        }
    }
}

/// What the broker gives at best with bodies of that size; `None` for a bus that is no broker. Takes somewhat more
/// than twice `each`. Counts the messages in `counted` meanwhile.
///
/// # Errors
/// It cannot be reached or used.
pub async fn broker(
    bus: &BusPlace,
    body_bytes: usize,
    each: Duration,
    counted: Arc<AtomicU64>,
) -> Result<Option<BrokerLimit>, BusError> {
    let address = bus.address().map_err(|error| BusError::Protocol(error.to_string()))?;
    // However slow it is, and however it fails: nobody waits for ever.
    let patience = 4 * each + Duration::from_secs(30);
    let load = Load { body_bytes, each };
    let limit = crate::cell::answered(patience, connect::limit(&address, &load, counted)).await?;
    Ok(limit.map(|limit| BrokerLimit {
        body_bytes,
        messages_per_s: limit.messages_per_s,
        one_at_a_time_per_s: limit.one_at_a_time_per_s,
        alone_ms_p50: limit.alone_ms_p50,
    }))
}
