//! What the disk and SQLite give at best: the measure that figures of throughput are stated against.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use serde::Serialize;
use tokio::time::Instant;

use super::error::explain;
use super::options::SqliteOptions;
use super::{open, schema};
use crate::{Durability, StoreError};

/// Rows in one transaction of the throughput half.
pub const ROWS_PER_TRANSACTION: usize = 100;
/// Size of a row's content, in bytes.
pub const ROW_BYTES: usize = 1024;

/// What one thread reaches with a [`SqliteStore`](super::SqliteStore)'s settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Yardstick {
    /// Committed rows of 1 KB a second, at 100 a transaction.
    pub rows_per_s: f64,
    /// Median duration of a transaction of one such row, in microseconds: the price of one flush.
    pub commit_us_p50: f64,
    /// The 99th percentile of the same.
    pub commit_us_p99: f64,
}

/// Measures for about `duration` (half for the throughput, half for the latency) in a file of its own in `dir`,
/// which it removes. Counts the rows committed in `counted` meanwhile. Blocks. Writes up to `duration` times the throughput to the disk: some 100 MB a second.
///
/// # Errors
///
/// As [`SqliteStore::open`](super::SqliteStore::open).
pub fn yardstick(
    dir: &Path,
    duration: Duration,
    durability: Durability,
    counted: &AtomicU64,
) -> Result<Yardstick, StoreError> {
    let path = open::resolve(&dir.join(format!("duet-yardstick-{}.db", std::process::id())))?;
    let scratch = Scratch { path };
    scratch.remove();
    let measured = measure(&scratch.path, duration, durability, counted);
    // Also after a failure: on a full disk this file may be what fills it.
    drop(scratch);
    measured
}

fn measure(
    path: &Path,
    duration: Duration,
    durability: Durability,
    counted: &AtomicU64,
) -> Result<Yardstick, StoreError> {
    let sqlite = |error| explain(path, error);
    let mut conn = Connection::open(path).map_err(sqlite)?;
    schema::use_wal(path, &conn)?;
    open::configure_writer(&conn, &SqliteOptions { durability, ..SqliteOptions::default() })
        .map_err(sqlite)?;
    conn.execute_batch("CREATE TABLE sample (id INTEGER PRIMARY KEY, data BLOB NOT NULL)").map_err(sqlite)?;
    let batches = commits(&mut conn, ROWS_PER_TRANSACTION, duration / 2, counted).map_err(sqlite)?;
    let mut singles = commits(&mut conn, 1, duration / 2, counted).map_err(sqlite)?;
    let rows = batches.len() * ROWS_PER_TRANSACTION;
    singles.sort_unstable();
    Ok(Yardstick {
        rows_per_s: rows as f64 / batches.iter().sum::<Duration>().as_secs_f64(),
        commit_us_p50: percentile_us(&singles, 50),
        commit_us_p99: percentile_us(&singles, 99),
    })
}

/// How long each of the commits took that fit into `duration`; at least one.
fn commits(
    conn: &mut Connection,
    rows: usize,
    duration: Duration,
    counted: &AtomicU64,
) -> rusqlite::Result<Vec<Duration>> {
    let data = [0x5a_u8; ROW_BYTES];
    let mut taken = Vec::new();
    let end = Instant::now() + duration;
    loop {
        let start = Instant::now();
        let transaction = conn.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO sample (data) VALUES (?1)")?;
            for _ in 0..rows {
                insert.execute([&data[..]])?;
            }
        }
        transaction.commit()?;
        let now = Instant::now();
        taken.push(now - start);
        counted.fetch_add(rows as u64, Ordering::Relaxed);
        if now >= end {
            return Ok(taken);
        }
    }
}

fn percentile_us(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |taken| taken.as_secs_f64() * 1e6)
}

/// A file that goes with its value.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn remove(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = self.path.as_os_str().to_owned();
            name.push(suffix);
            match std::fs::remove_file(&name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(path = %Path::new(&name).display(), %error, "a scratch file stays behind");
                }
                _ => {}
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let (duration, counted) = (Duration::from_millis(40), AtomicU64::default());
        let measured = yardstick(dir.path(), duration, Durability::Power, &counted).unwrap();
        assert!(measured.rows_per_s > 0.0, "{measured:?}");
        assert!(counted.into_inner() > ROWS_PER_TRANSACTION as u64, "a batch, and one row by itself");
        assert!(
            measured.commit_us_p50 > 0.0 && measured.commit_us_p50 <= measured.commit_us_p99,
            "{measured:?}"
        );
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn says_which_folder_is_missing() {
        let (folder, counted) = (Path::new("/nowhere/at/all"), AtomicU64::default());
        let error = yardstick(folder, Duration::from_millis(1), Durability::Power, &counted).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all does not exist"), "{error}");
    }
}
