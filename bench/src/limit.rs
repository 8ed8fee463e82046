//! `duet limit`: what the store's disk gives at best, the measure that throughput is stated against.

use std::path::{Path, PathBuf};
use std::time::Duration;

use store::StoreError;
use store::sqlite::{ROW_BYTES, ROWS_PER_TRANSACTION, yardstick};

use crate::report::Yardstick;
use crate::text::{self, grouped};

/// How long `duet limit` measures.
const DURATION: Duration = Duration::from_secs(3);

/// Measures the disk under `dir` for about `duration`, on a thread of its own.
///
/// # Errors
/// The folder cannot hold a store.
pub async fn measure(dir: PathBuf, duration: Duration) -> Result<Yardstick, StoreError> {
    let measuring = tokio::task::spawn_blocking(move || measure_here(&dir, duration));
    match measuring.await {
        Ok(measured) => measured,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

fn measure_here(dir: &Path, duration: Duration) -> Result<Yardstick, StoreError> {
    yardstick(dir, duration).map(|measured| Yardstick {
        rows_per_s: measured.rows_per_s,
        commit_us_p50: measured.commit_us_p50,
        commit_us_p99: measured.commit_us_p99,
    })
}

/// Measures and prints.
///
/// # Errors
/// The folder cannot hold a store.
pub fn main(dir: Option<PathBuf>) -> Result<(), StoreError> {
    let dir = dir.unwrap_or_else(std::env::temp_dir);
    let measured = measure_here(&dir, DURATION)?;
    text::print(&render(&dir, measured));
    Ok(())
}

fn render(dir: &Path, measured: Yardstick) -> String {
    let per_s = |number: f64| grouped(number as u64);
    format!(
        "SQLite in {}, write-ahead log, synchronous=FULL, one thread:\n\
         {:>12}  durable rows/s of {ROW_BYTES} bytes, {ROWS_PER_TRANSACTION} a transaction: the yardstick Y\n\
         {:>12}  microseconds for a transaction of one such row, median\n\
         {:>12}  microseconds, 99th percentile\n\
         Y/30 = {} and Y/50 = {} orders/s are what choreography and orchestration should reach.\n",
        dir.display(),
        per_s(measured.rows_per_s),
        per_s(measured.commit_us_p50),
        per_s(measured.commit_us_p99),
        per_s(measured.rows_per_s / 30.0),
        per_s(measured.rows_per_s / 50.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_yardstick_is_shown_with_what_follows_from_it() {
        let measured = Yardstick { rows_per_s: 150_000.0, commit_us_p50: 90.4, commit_us_p99: 1234.0 };
        let shown = render(Path::new("/data"), measured);
        for part in ["SQLite in /data", "150,000  durable", "1,234  micro", "Y/30 = 5,000 and Y/50 = 3,000"] {
            assert!(shown.contains(part), "{part} is missing from\n{shown}");
        }
    }
}
