//! What a commit costs on SQLite and, where there is one, on PostgreSQL: latency and entity writes a second, in a run
//! shaped like orders in flight.
//!
//! Orders are created in batches and then updated five times each, with up to `WINDOW` in flight at once. Each
//! write has about 600 bytes of state, 150 of bookkeeping and a journal entry of 120; each commit adds an outbox row
//! of 400 bytes an entity and forgets the one before. The stores take turns, twice, in the order A B B A. Run with
//! `cargo run --release -p store --example commit_cost`, optionally followed by a folder (the disk to measure) and
//! pages a checkpoint. PostgreSQL is the one that `DUET_POSTGRES_URL` names.
#![allow(clippy::print_stdout, reason = "an example shows what it finds")]

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use store::postgres::{PostgresOptions, PostgresStore, drop_schema};
use store::sqlite::{SqliteOptions, SqliteStore, yardstick};
use store::{Commit, EntityWrite, Link, Store};
use tokio::time::Instant;

/// Orders in flight at once.
const WINDOW: usize = 1024;
/// Writes of each order, its creation included.
const STEPS: usize = 6;
/// How many entity writes each row of the table is measured over, at most.
const WRITES: usize = 60_000;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = tempfile::tempdir_in(arguments.next().map_or_else(std::env::temp_dir, Into::into))?;
    let mut options = SqliteOptions::default();
    if let Some(pages) = arguments.next() {
        options.checkpoint_pages = pages.parse()?;
    }
    println!(
        "{:?}",
        yardstick(folder.path(), Duration::from_secs(2), options.durability, &AtomicU64::default())?
    );
    println!(
        "{:>6} {:<9} {:>9} {:>12} {:>13} {:>9} {:>9} {:>9}",
        "batch", "store", "writes/s", "us CPU/write", "us wall/write", "p50 ms", "p99 ms", "max ms"
    );
    for batch in [1, 16, 128, 256] {
        for turn in 0..4 {
            if turn == 0 || turn == 3 {
                let store =
                    SqliteStore::open(folder.path().join(format!("{batch}-{turn}.db")), options.clone())?;
                run("sqlite", &store, batch).await?;
            } else if let Some(url) = testbed::POSTGRES.for_test() {
                let mut options = PostgresOptions::parse(&url)?;
                options.schema = Some(format!("cost_{}_{batch}_{turn}", std::process::id()));
                let store = PostgresStore::open(options.clone());
                store.ready().await?;
                let done = run("postgres", &store, batch).await;
                drop_schema(&options).await?;
                done?;
            }
        }
    }
    Ok(())
}

async fn run(name: &str, store: &dyn Store, batch: usize) -> Result<(), Failure> {
    let writes = WRITES.min(batch * 3000);
    // The first call connects.
    store.load(&["none"]).await?;
    let (cpu, start) = (cpu_ns()?, Instant::now());
    let mut taken = Vec::new();
    let mut forget = Vec::new();
    // Each round works on another window of orders, step by step.
    let window = WINDOW.max(batch);
    let steps = (0..).flat_map(|round| (0..STEPS).map(move |step| (round * window, step)));
    'rounds: for (first, step) in steps {
        for from in (0..window).step_by(batch) {
            let numbers = (from..from + batch).map(|i| first + i);
            let begun = Instant::now();
            forget = work(store, numbers, step, std::mem::take(&mut forget)).await?;
            taken.push(begun.elapsed());
            if taken.len() * batch >= writes {
                break 'rounds;
            }
        }
    }
    let done = (taken.len() * batch) as f64;
    let wall = start.elapsed().as_secs_f64();
    taken.sort_unstable();
    let ms = |percent: usize| taken[(taken.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!(
        "{batch:>6} {name:<9} {:>9.0} {:>12.2} {:>13.2} {:>9.3} {:>9.3} {:>9.3}",
        done / wall,
        (cpu_ns()? - cpu) as f64 / 1e3 / done,
        wall * 1e6 / done,
        ms(50),
        ms(99),
        ms(100)
    );
    Ok(())
}

/// Loads the orders, decides, commits: what a participant does with a batch.
async fn work(
    store: &dyn Store,
    numbers: impl Iterator<Item = usize>,
    step: usize,
    outbox_forget: Vec<u64>,
) -> Result<Vec<u64>, store::StoreError> {
    // Keys in no order, as ids of customers' orders are.
    let keys: Vec<String> =
        numbers.map(|n| format!("order-{:016x}", (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let loaded = store.load(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    let content = vec![u8::try_from(step).unwrap_or(0); 750 + 10 * step];
    let entities: Vec<EntityWrite> = keys
        .into_iter()
        .zip(loaded)
        .map(|(key, entity)| EntityWrite {
            links: if step == 0 {
                vec![Link { index: "customer", value: key[6..9].to_owned() }]
            } else {
                vec![]
            },
            unlink: Vec::new(),
            key,
            expected: entity.map_or(0, |entity| entity.version),
            state: Bytes::copy_from_slice(&content[150..]),
            meta: Bytes::copy_from_slice(&content[..150]),
            next_due: (step == 2).then_some(1_700_000_000_000),
            journal: vec![Bytes::copy_from_slice(&content[..120])],
        })
        .collect();
    let outbox_add = vec![Bytes::from(vec![7; 400 * entities.len()])];
    store.commit(&Commit { entities, outbox_add, outbox_forget, ..Commit::default() }).await
}

/// CPU time of this thread so far, in the kernel included.
fn cpu_ns() -> Result<u64, Failure> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(stat.split(' ').next().unwrap_or_default().parse()?)
}
