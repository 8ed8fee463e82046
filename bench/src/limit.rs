//! `duet limit`: what store and broker give at best, the measures that figures of throughput are stated against.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use bus::{BusError, Load};
use daemon::{HostError, connect};
use durability::Durability;
use operate::target::{BusPlace, StoreChoice, StorePlace};
use store::StoreError;
use store::sqlite::{ROW_BYTES, ROWS_PER_TRANSACTION};
use telemetry::Code;
use terminal::{grouped, significant};

use crate::cell::PARTICIPANTS;
use crate::measure::is_ram_disk;
use crate::report::{BrokerLimit, StoreReport, Yardstick};

/// The average size of this system's messages with their attributes, in bytes: what a broker's limit is measured with
/// unless told otherwise. Generated orders make 310 bytes a message in the choreography and 305 in the orchestration
/// (`bytes_per_order` by `messages_per_order` of a report).
pub const BODY_BYTES: usize = 310;
/// How long `duet limit` measures a store, and each half of a broker's limit.
const DURATION: Duration = Duration::from_secs(3);

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
        /// Why not.
        #[source]
        source: BusError,
    },
    /// Signals or threads cannot be had.
    #[error("the operating system refuses what measuring needs")]
    System(#[source] std::io::Error),
}

/// Measures the store for about `duration`, a SQLite in `dir` whose commits survive `durability`, on a thread of its own;
/// `None` for a store that has no yardstick.
///
/// # Errors
/// The folder cannot hold a store.
pub async fn yardstick(
    store: &StoreChoice,
    dir: PathBuf,
    duration: Duration,
    durability: Durability,
) -> Result<Option<Yardstick>, LimitError> {
    match store {
        StoreChoice::Sqlite(_) => {
            let measuring = tokio::task::spawn_blocking(move || disk(&dir, duration, durability));
            match measuring.await {
                Ok(measured) => measured.map(Some),
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            }
        }
        StoreChoice::Postgres(_) => Ok(None),
    }
}

fn disk(dir: &Path, duration: Duration, durability: Durability) -> Result<Yardstick, LimitError> {
    let measured = store::sqlite::yardstick(dir, duration, durability).map_err(LimitError::Disk)?;
    Ok(Yardstick {
        rows_per_s: measured.rows_per_s,
        commit_us_p50: measured.commit_us_p50,
        commit_us_p99: measured.commit_us_p99,
    })
}

/// What the store is and guarantees; a SQLite in `dir`. A database is waited for, at most `patience`.
///
/// # Errors
/// The database cannot be used.
pub async fn describe(place: &StorePlace, dir: &Path, patience: Duration) -> Result<StoreReport, HostError> {
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
            let address = place.address(dir, PARTICIPANTS[0])?;
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
/// than twice `each`.
///
/// # Errors
/// It cannot be reached or used.
pub async fn broker(
    bus: &BusPlace,
    body_bytes: usize,
    each: Duration,
) -> Result<Option<BrokerLimit>, BusError> {
    let address = bus.address().map_err(|error| BusError::Protocol(error.to_string()))?;
    // However slow it is, and however it fails: nobody waits for ever.
    let patience = 4 * each + Duration::from_secs(30);
    let load = Load { body_bytes, each };
    let limit = crate::cell::answered(patience, connect::limit(&address, &load)).await?;
    Ok(limit.map(|limit| BrokerLimit {
        body_bytes,
        messages_per_s: limit.messages_per_s,
        one_at_a_time_per_s: limit.one_at_a_time_per_s,
        alone_ms_p50: limit.alone_ms_p50,
    }))
}

/// What `duet limit` measures.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The brokers.
    pub buses: Vec<BusPlace>,
    /// The store.
    pub store: StoreChoice,
    /// Size of each message's body.
    pub body_bytes: usize,
}

/// Measures and prints. After Ctrl-C what is being measured is measured to its end, some seconds at the most, so that
/// nothing of it stays on a disk or a broker; then it returns exit code 130.
///
/// # Errors
/// Something cannot be measured; what was measured before it has been printed.
pub fn main(settings: &Settings) -> Result<ExitCode, LimitError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(LimitError::System)?.block_on(measure(settings))
}

async fn measure(settings: &Settings) -> Result<ExitCode, LimitError> {
    let interrupt = daemon::on_signals().map_err(LimitError::System)?;
    let dir = match &settings.store {
        StoreChoice::Sqlite(Some(dir)) => dir.clone(),
        StoreChoice::Sqlite(None) | StoreChoice::Postgres(_) => std::env::temp_dir(),
    };
    match yardstick(&settings.store, dir.clone(), DURATION, Durability::Power).await? {
        Some(measured) => terminal::print(&render_store(&dir, measured)),
        None => terminal::print(
            "There is no yardstick for PostgreSQL: that of --store sqlite says what the disk gives.\n",
        ),
    }
    for bus in &settings.buses {
        if interrupt.is_requested() {
            break;
        }
        let failed = |source| LimitError::Broker { name: bus.name.clone(), url: bus.url.to_string(), source };
        if let Some(measured) = broker(bus, settings.body_bytes, DURATION).await.map_err(failed)? {
            terminal::print(&render_broker(bus, measured));
        }
    }
    Ok(if interrupt.is_requested() { Code::Interrupted.into() } else { ExitCode::SUCCESS })
}

fn render_store(dir: &Path, measured: Yardstick) -> String {
    let per_s = |number: f64| grouped(number as u64);
    let dir = dir.display();
    format!(
        "SQLite in {dir}, write-ahead log, synchronous=FULL, one thread:\n\
         {:>12}  durable rows/s of {ROW_BYTES} bytes, {ROWS_PER_TRANSACTION} a transaction: the yardstick Y\n\
         {:>12}  microseconds for a transaction of one such row, median\n\
         {:>12}  microseconds, 99th percentile\n\
         Put figures of different machines side by side in shares of it: Y/30 = {}, Y/50 = {} a second.\n",
        per_s(measured.rows_per_s),
        per_s(measured.commit_us_p50),
        per_s(measured.commit_us_p99),
        per_s(measured.rows_per_s / 30.0),
        per_s(measured.rows_per_s / 50.0),
    )
}

fn render_broker(bus: &BusPlace, measured: BrokerLimit) -> String {
    let level = bus.durability.map_or_else(String::new, |level| format!(", asked for {level}"));
    format!(
        "{} at {}{level}, one producer and one consumer, bodies of {} bytes:\n\
         {:>12}  messages/s confirmed, delivered and settled, batched and pipelined: the limit L\n\
         {:>12}  messages/s confirmed one at a time\n\
         {:>12}  milliseconds from sending a lone message to receiving it, median\n",
        bus.name,
        bus.url,
        grouped(measured.body_bytes as u64),
        grouped(measured.messages_per_s as u64),
        grouped(measured.one_at_a_time_per_s as u64),
        significant(measured.alone_ms_p50),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_yardstick_is_shown_with_shares_of_it() {
        let measured = Yardstick { rows_per_s: 150_000.0, commit_us_p50: 90.4, commit_us_p99: 1234.0 };
        let shown = render_store(Path::new("/data"), measured);
        for part in ["SQLite in /data", "150,000  durable", "1,234  micro", "Y/30 = 5,000, Y/50 = 3,000"] {
            assert!(shown.contains(part), "{part} is missing from\n{shown}");
        }
    }

    #[test]
    fn a_brokers_limit_is_shown_without_its_password() {
        let bus = BusPlace {
            name: "rabbitmq".into(),
            url: operate::target::Url::new("amqp://u:secret@h"),
            durability: Some(Durability::Power),
            ..BusPlace::memory()
        };
        let measured = BrokerLimit {
            body_bytes: 1024,
            messages_per_s: 16_500.4,
            one_at_a_time_per_s: 926.0,
            alone_ms_p50: 1.234,
        };
        let shown = render_broker(&bus, measured);
        for part in [
            "rabbitmq at amqp://***@h, asked for power",
            "1,024 bytes",
            "16,500  messages/s",
            "926  mess",
            "1.23  milli",
        ] {
            assert!(shown.contains(part), "{part} is missing from\n{shown}");
        }
    }
}
