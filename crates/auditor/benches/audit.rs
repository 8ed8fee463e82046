//! How many orders a second are audited on SQLite files, one pass and many.

#[path = "../tests/audit/world.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "made for the tests")]
mod world;

use std::hint::black_box;
use std::sync::Arc;

use auditor::{Limits, SentLedger, SentWriter, audit_within};
use contract::Style;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use store::sqlite::{SqliteOptions, SqliteStore};
use world::{Path, World};

const ORDERS: u64 = 20_000;

fn audited(criterion: &mut Criterion) {
    let mut world = World::default();
    for n in 0..ORDERS {
        let style = if n % 2 == 0 { Style::Choreography } else { Style::Orchestration };
        let path = if n % 20 == 19 { Path::ALL[(n / 20 % 7) as usize].0 } else { Path::Delivered };
        world.add(&format!("order-{n:08}"), style, path);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sent = folder.path().join("sent.ndjson");
    let mut writer = SentWriter::create(&sent).expect("the list of orders");
    world.sent.iter().for_each(|order| writer.write(order).expect("a line"));
    writer.finish().expect("the list of orders");

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let evidence = runtime.block_on(world.evidence_in(|service| {
        let path = folder.path().join(format!("{service:?}.db"));
        Arc::new(SqliteStore::open(path, SqliteOptions::default()).expect("a store"))
    }));
    let mut group = criterion.benchmark_group("audit");
    group.throughput(Throughput::Elements(ORDERS)).sample_size(10);
    for passes in [1, 20] {
        let limits = Limits { orders_per_pass: ORDERS / passes, ..Limits::default() };
        group.bench_function(format!("sqlite, {passes} passes"), |bencher| {
            bencher.iter(|| {
                let verdict = runtime.block_on(audit_within(&evidence, &SentLedger::new(&sent), limits));
                assert!(black_box(verdict).expect("a verdict").is_clean());
            });
        });
    }
    group.finish();
}

criterion_group!(benches, audited);
criterion_main!(benches);
