//! What lists and histories cost in a store with very many executions, what these take on the disk, and how they are forgotten; on SQLite:
//!
//! ```text
//! cargo bench -p actions --bench lists
//! ```
//!
//! Executions of five Pass states are started and end at once; a few wait for their tasks, which are answered in the end. Printed are the
//! bytes of the file for each execution; the 50th and 99th percentile of actions, in this process, without HTTP, with what of it the
//! processor was at work on them, which holds on a machine that has other things to do as well; how fast half of the
//! executions are forgotten, with the longest step; and the file again, after that and once as many new ones are there. DUET_BENCH_EXECUTIONS
//! says how many there are (1,000,000), DUET_BENCH_DIR where the store is made.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails by panicking")]

#[path = "../tests/runs/common.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::World;
use executions::{Retention, Step};
use futures::StreamExt as _;
use futures::stream;
use participant::{Clock, Millis, SystemClock};
use serde_json::{Value, json};
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};
use tokio::time::Instant;

/// Asked for at once.
const AT_ONCE: usize = 512;
/// Executions that run on.
const OPEN: usize = 150;
const SAMPLES: usize = 1_000;
/// Percentages as numbers from 0 to 1.
const MEDIAN: f64 = 0.5;
const HIGH: f64 = 0.99;

fn five_passes() -> Value {
    let states = (0..5).map(|n| {
        let next = if n == 4 { ("End", json!(true)) } else { ("Next", json!(format!("S{}", n + 1))) };
        (format!("S{n}"), json!({"Type": "Pass", "Parameters": {"n": n, "in.$": "$.in"}, next.0: next.1}))
    });
    Value::Object(states.collect())
}

/// Shows a time to come.
struct Ahead(Millis);

impl Clock for Ahead {
    fn now(&self) -> Millis {
        SystemClock.now() + self.0
    }
}

async fn start(world: &World, machine: &str, count: usize) {
    let starts = stream::iter(0..count)
        .map(|_| world.ok("StartExecution", json!({"stateMachineArn": machine, "input": "{\"in\":\"x\"}"})));
    starts.buffer_unordered(AT_ONCE).for_each(async |_| {}).await;
}

fn megabytes(path: &Path) -> f64 {
    std::fs::metadata(path).unwrap().len() as f64 / 1e6
}

/// How long the processor has been at work on this thread: reads do all of theirs on the thread that asks.
fn worked() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split_whitespace().next().and_then(|told| told.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

fn at(sorted: &[Duration], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3
}

/// Measures an action, asked for one at a time; each body is made of a number and of the answer before.
async fn measure(world: &World, name: &str, action: &str, body: impl Fn(usize, &Value) -> Value) -> Value {
    let (mut taken, mut at_work, mut answer) = (Vec::new(), Vec::new(), json!({}));
    for number in 0..SAMPLES {
        let body = body(number, &answer);
        let (began, worked_before) = (Instant::now(), worked());
        answer = world.ok(action, body).await;
        at_work.push(worked().saturating_sub(worked_before));
        taken.push(began.elapsed());
    }
    taken.sort_unstable();
    at_work.sort_unstable();
    println!(
        "{name}: p50 {:.2} ms, p99 {:.2} ms; of it at work {:.2} ms, {:.2} ms",
        at(&taken, MEDIAN),
        at(&taken, HIGH),
        at(&at_work, MEDIAN),
        at(&at_work, HIGH)
    );
    answer
}

async fn measure_all(world: &World, machine: &str) {
    let of = |status: Option<&str>| json!({"stateMachineArn": machine, "statusFilter": status});
    let onward = |body: Value, before: &Value| match before.get("nextToken") {
        Some(token) => {
            let mut body = body;
            body["nextToken"] = token.clone();
            body
        }
        None => body,
    };
    measure(world, "ListExecutions, all, page by page", "ListExecutions", |_, before| {
        onward(json!({"stateMachineArn": machine}), before)
    })
    .await;
    for status in ["SUCCEEDED", "RUNNING", "FAILED"] {
        let name = format!("ListExecutions, {status}, page by page");
        measure(world, &name, "ListExecutions", |_, before| onward(of(Some(status)), before)).await;
    }
    let last = world.ok("ListExecutions", json!({"stateMachineArn": machine, "maxResults": 1_000})).await;
    let executions = last["executions"].as_array().unwrap().clone();
    let arn = |number: usize| json!({"executionArn": executions[number % executions.len()]["executionArn"]});
    measure(world, "DescribeExecution", "DescribeExecution", |number, _| arn(number)).await;
    measure(world, "GetExecutionHistory", "GetExecutionHistory", |number, _| arn(number)).await;
}

#[tokio::main]
async fn main() {
    let count = std::env::var("DUET_BENCH_EXECUTIONS").map_or(1_000_000, |count| count.parse().unwrap());
    let within = std::env::var_os("DUET_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(within).unwrap();
    let path = dir.path().join("e.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, SqliteOptions::default()).unwrap());
    let world = World::on_wall_clock(Arc::clone(&store));
    let machine = world.machine("m", five_passes()).await;
    let waiting = world.machine("w", common::callback()).await;
    start(&world, &waiting, OPEN).await;
    let began = Instant::now();
    let before = megabytes(&path);
    start(&world, &machine, count).await;
    let grown = megabytes(&path) - before;
    println!(
        "{count} executions in {:.0} s: {:.0} bytes of the file each",
        began.elapsed().as_secs_f64(),
        grown * 1e6 / count as f64
    );
    measure_all(&world, &machine).await;
    let open = json!({"stateMachineArn": waiting, "statusFilter": "RUNNING"});
    measure(&world, "ListExecutions, the open ones", "ListExecutions", |_, _| open.clone()).await;

    // All that are there are old enough; new ones would be as well, so none is started meanwhile.
    let clock = Arc::new(Ahead(7_200_000));
    let retention = Retention::new(Arc::clone(&store), clock, Duration::from_secs(3_600));
    let (began, mut forgotten, mut longest) = (Instant::now(), 0, Duration::ZERO);
    while forgotten < count / 2 {
        let step = Instant::now();
        match retention.step().await.unwrap() {
            Step::Forgot(executions) => forgotten += executions,
            Step::Went => {}
            Step::Idle => break,
        }
        longest = longest.max(step.elapsed());
    }
    println!(
        "{forgotten} forgotten, {:.0} a second, the longest step {:.1} ms; the file has {:.0} MB",
        forgotten as f64 / began.elapsed().as_secs_f64(),
        longest.as_secs_f64() * 1e3,
        megabytes(&path)
    );
    start(&world, &machine, forgotten).await;
    println!("as many started again: the file has {:.0} MB", megabytes(&path));
    world.end().await;
}
