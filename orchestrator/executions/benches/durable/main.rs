//! What durable executions cost, through the participant: on SQLite with a flush for each commit, unless said otherwise.
//!
//! ```text
//! cargo bench -p executions [-- rate|fan|memory|killed]
//! ```
//!
//! Each figure is of a store of its own. `rate` is stated against the yardstick (durable 1-KB rows a second at best), measured in
//! turn with it. DUET_BENCH_DIR says where the stores are made; DUET_BENCH_OPEN how many executions `memory` and `killed` open.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails by panicking")]

#[path = "../../tests/common/mod.rs"]
mod common;
mod killed;
mod life;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::stores::Watched;
use common::{
    CALLBACK, F, NESTED, callback, ending, five_passes, keep, make_machine, map_of, parallel_of, start,
    succeeded,
};
use engine::Status;
use executions::execution_key;
use life::{AT_ONCE, Life, folder, open_count, sqlite};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::sqlite::yardstick;
use store::{Durability, Store};
use tokio::time::Instant;

const PAIRS: usize = 3;
const MEASURED_FOR: Duration = Duration::from_secs(4);

async fn rate() {
    println!("five Pass states, started and ended in one commit, {AT_ONCE} at once:");
    for _ in 0..PAIRS {
        let dir = folder();
        let counted = AtomicU64::new(0);
        let y =
            yardstick(dir.path(), Duration::from_secs(2), Durability::Power, &counted).unwrap().rows_per_s;
        let store = Watched::new(sqlite(&dir.path().join("e.db")), 0);
        let definition = keep(&*store, "m", five_passes()).await;
        let life = Life::on(&(Arc::clone(&store) as Arc<dyn Store>));
        let (until, done) = (Instant::now() + MEASURED_FOR, Arc::new(AtomicU64::new(0)));
        let (began, counted) = (Instant::now(), Arc::clone(&done));
        life.ask_all(move |number| {
            let goes_on = Instant::now() < until;
            counted.fetch_add(u64::from(goes_on), Ordering::Relaxed);
            goes_on.then(|| {
                (
                    execution_key("m", &format!("e{number}")),
                    start(&definition, json!({"in": "x", "order": number})),
                )
            })
        })
        .await;
        let done = done.load(Ordering::Relaxed);
        let per_s = done as f64 / began.elapsed().as_secs_f64();
        println!(
            "  {per_s:.0}/s = Y/{:.1} (Y {y:.0}); {} bytes and {:.3} commits an execution",
            y / per_s,
            store.written() / done,
            store.commits() as f64 / done as f64
        );
        life.stop().await;
    }
}

async fn fan() {
    println!(
        "a Map or Parallel of tasks; answered by calls (many a commit), by one request after the other, or by executions that they start:"
    );
    let dir = folder();
    for count in [10_usize, 100, 1_000] {
        for (what, states) in [
            ("Map, called", map_of(F)),
            ("Map, asked", map_of(CALLBACK)),
            ("Parallel, called", parallel_of(count, F)),
            ("Parallel, asked", parallel_of(count, CALLBACK)),
            ("Parallel, nested", parallel_of(count, NESTED)),
        ] {
            for store in ["memory", "sqlite"] {
                let inner: Arc<dyn Store> = match store {
                    "memory" => Arc::new(MemoryStore::new()),
                    _ => sqlite(&dir.path().join(format!("{what}{count}.db"))),
                };
                let (taken, bytes) = fan_of(inner, states.clone(), count).await;
                let each = taken.as_secs_f64() * 1e6 / count as f64;
                println!(
                    "  {what:<17} {count:>5} {store:<7} {each:>8.1} us and {:>6} bytes a task",
                    bytes / count as u64
                );
            }
        }
    }
}

async fn fan_of(inner: Arc<dyn Store>, states: Value, count: usize) -> (Duration, u64) {
    let store = Watched::new(inner, 0);
    let definition = keep(&*store, "m", states).await;
    make_machine(&*store, "inner", json!({"P": {"Type": "Pass", "End": true}}), false).await;
    let written_before = store.written();
    let life = Life::on(&(Arc::clone(&store) as Arc<dyn Store>));
    let began = Instant::now();
    let input = json!({"items": (0..count).collect::<Vec<_>>()});
    life.requests.ask(execution_key("m", "a"), start(&definition, input)).await.unwrap();
    loop {
        let waiting: Vec<_> = life.works.waiting.lock().unwrap().drain(..).collect();
        if waiting.is_empty() {
            break;
        }
        for (key, task) in waiting {
            life.requests.ask(key, succeeded(task, json!("answered"))).await.unwrap();
        }
    }
    while ending(&*store, "a").await.is_none() {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    let taken = began.elapsed();
    assert_eq!(ending(&*store, "a").await.unwrap().status, Status::Succeeded);
    life.stop().await;
    (taken, store.written() - written_before)
}

/// The memory of this process that is its own, in bytes.
fn resident() -> u64 {
    let status = procfs::process::Process::myself().unwrap().status().unwrap();
    status.rssanon.unwrap() * 1024
}

async fn memory() {
    let dir = folder();
    let store = sqlite(&dir.path().join("e.db"));
    let count = open_count();
    for (what, states) in [
        ("Wait", json!({"W": {"Type": "Wait", "Seconds": 86_400, "End": true}})),
        ("callback", json!({"W": callback(("End", json!(true)))})),
    ] {
        let definition = keep(&*store, what, states).await;
        let life = Life::on(&store);
        let before = resident();
        let began = Instant::now();
        life.ask_all(move |number| {
            let key = execution_key(what, &format!("e{number}"));
            (number < count).then(|| (key, start(&definition, json!({"order": number}))))
        })
        .await;
        life.works.waiting.lock().unwrap().clear();
        life.works.waiting.lock().unwrap().shrink_to_fit();
        let each = (resident().saturating_sub(before)) as f64 / count as f64;
        let taken = began.elapsed().as_secs_f64();
        println!("{count} open in a {what}: {each:.0} bytes of memory each; opened in {taken:.1} s");
        life.stop().await;
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let Some(part) = std::env::var_os(killed::CHILD) {
        return runtime.block_on(killed::child(&part.to_string_lossy()));
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if is_wanted("rate") {
        runtime.block_on(rate());
    }
    if is_wanted("fan") {
        runtime.block_on(fan());
    }
    if is_wanted("memory") {
        runtime.block_on(memory());
    }
    if is_wanted("killed") {
        runtime.block_on(killed::killed());
    }
}
