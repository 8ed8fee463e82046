//! Load and commit of a batch on the SQLite store and, where there is one, on PostgreSQL, flush included: `cargo bench -p
//! store`.
//!
//! Each entity has about 900 bytes of state and 200 of bookkeeping and gets one journal entry; each commit adds an
//! outbox row and forgets the one before. The memory store beside it shows what is the disk's and SQLite's part.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use store::memory::MemoryStore;
use store::postgres::{PostgresOptions, PostgresStore, drop_schema};
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Commit, EntityWrite, OutboxId, Store};
use tokio::runtime::{Builder, Runtime};

/// Orders that exist: batches go round them.
const ORDERS: usize = 1024;

fn load_and_commit(c: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut group = c.benchmark_group("load_and_commit");
    for batch in [1, 16, 128, 512] {
        group.throughput(Throughput::Elements(batch as u64));
        let path = folder.path().join(format!("{batch}.db"));
        let sqlite = SqliteStore::open(path, SqliteOptions::default()).expect("the store opens");
        measure(&mut group, &runtime, "sqlite", &sqlite, batch);
        if let Some(url) = testbed::POSTGRES.for_test() {
            let mut options = PostgresOptions::parse(&url).expect("the server's URL is one");
            options.schema = Some(format!("bench_{}_{batch}", std::process::id()));
            let postgres = runtime.block_on(async { PostgresStore::open(options.clone()) });
            runtime.block_on(postgres.ready()).expect("the store opens");
            measure(&mut group, &runtime, "postgres", &postgres, batch);
            runtime.block_on(drop_schema(&options)).expect("the schema goes");
        }
        measure(&mut group, &runtime, "memory", &MemoryStore::new(), batch);
    }
    group.finish();
}

fn measure(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    runtime: &Runtime,
    name: &str,
    store: &dyn Store,
    batch: usize,
) {
    let keys: Vec<String> =
        (0..ORDERS).map(|i| format!("order-{:08x}", i.wrapping_mul(0x9e37_79b1))).collect();
    let mut forget = Vec::new();
    for keys in keys.chunks(batch) {
        forget = runtime.block_on(one_batch(store, keys, forget));
    }
    let mut batches = keys.chunks(batch).cycle();
    group.bench_function(BenchmarkId::new(name, batch), |b| {
        b.iter(|| {
            let keys = batches.next().expect("a cycle has no end");
            forget = black_box(runtime.block_on(one_batch(store, keys, std::mem::take(&mut forget))));
        });
    });
}

async fn one_batch(store: &dyn Store, keys: &[String], outbox_forget: Vec<OutboxId>) -> Vec<OutboxId> {
    const CONTENT: &[u8] = &[b'x'; 900];
    let refs: Vec<&str> = keys.iter().map(String::as_str).collect();
    let loaded = store.load(&refs).await.expect("load");
    let entities = keys.iter().zip(loaded).map(|(key, entity)| EntityWrite {
        key: key.clone(),
        expected: entity.map_or(0, |entity| entity.version),
        state: Bytes::from_static(CONTENT),
        meta: Bytes::from_static(&CONTENT[..200]),
        journal: vec![Bytes::from_static(&CONTENT[..120])],
        ..EntityWrite::default()
    });
    let outbox_add = vec![Bytes::from(vec![b'o'; 400 * keys.len()])];
    store
        .commit(&Commit { entities: entities.collect(), outbox_add, outbox_forget, ..Commit::default() })
        .await
        .expect("commit")
}

criterion_group!(benches, load_and_commit);
criterion_main!(benches);
