//! How long it takes after a kill until every open execution has been served.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine::TaskId;
use executions::{execution_key, list};
use participant::{Clock as _, SystemClock};
use serde_json::json;
use store::sqlite::SqliteReader;
use store::{Read, Store};
use tokio::time::Instant;

use crate::common::{callback, keep, start, succeeded};
use crate::life::{Life, folder, open_count, sqlite};

/// Tells this program, started again, what it is: `open` or `serve`.
pub(crate) const CHILD: &str = "DUET_BENCH_CHILD";
const PATH: &str = "DUET_BENCH_PATH";
/// When the timers are due, in milliseconds since 1970.
const DUE: &str = "DUET_BENCH_DUE";
/// The first task of an execution has its first id.
const TASK: TaskId = TaskId(1);

fn now_ms() -> u64 {
    SystemClock.now().unsigned_abs()
}

/// Half of the executions wait for a time that comes while there is no process, half for an answer.
pub(crate) async fn killed() {
    let (dir, count) = (folder(), open_count());
    let path = dir.path().join("e.db");
    // More than it takes to open them.
    let due = now_ms() + 2_000 + count as u64 / 2;
    let began = Instant::now();
    let mut child = spawn("open", &path, due);
    wait_for(&mut child, "opened");
    println!("{count} executions opened in {:.1} s, killed", began.elapsed().as_secs_f64());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(now_ms() < due, "no timer was due while they were opened");
    std::thread::sleep(Duration::from_millis(due - now_ms()));

    let began = Instant::now();
    let mut child = spawn("serve", &path, due);
    for line in ["ready", "served"] {
        wait_for(&mut child, line);
        println!("  {line} {:.2} s after the start", began.elapsed().as_secs_f64());
    }
    child.wait().unwrap();
    let store = SqliteReader::open_read_only(&path).unwrap();
    assert_eq!(store.stats().await.unwrap().timers, 0);
    for machine in ["timers", "answers"] {
        let (mut ended, mut before) = (0, None);
        loop {
            let page = list(&store, machine, Some(engine::Status::Succeeded), before, 1000).await.unwrap();
            ended += page.0.len();
            before = page.1;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(ended, count / 2, "{machine}");
    }
}

fn spawn(part: &str, path: &Path, due: u64) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(CHILD, part).env(PATH, path).env(DUE, due.to_string());
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Reads the child's output byte by byte up to that line.
fn wait_for(child: &mut Child, line: &str) {
    let out = child.stdout.as_mut().unwrap();
    let mut lines = BufReader::with_capacity(1, out).lines().map_while(Result::ok);
    assert!(lines.any(|said| said == line), "the child says {line:?}");
}

/// What the child does.
pub(crate) async fn child(part: &str) {
    let store = sqlite(Path::new(&std::env::var_os(PATH).unwrap()));
    let due: u64 = std::env::var(DUE).unwrap().parse().unwrap();
    let half = open_count() / 2;
    if part == "open" {
        open(&store, due, half).await;
        println!("opened");
        return std::future::pending().await;
    }
    let life = Life::on(&store);
    let ready = life.requests.ask(execution_key("answers", "none"), succeeded(TASK, json!(0))).await;
    ready.unwrap();
    println!("ready");
    let told = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&told);
    life.ask_all(move |number| {
        counted.fetch_add(u64::from(number < half), Ordering::Relaxed);
        let key = execution_key("answers", &format!("e{number}"));
        (number < half).then(|| (key, succeeded(TASK, json!("answer"))))
    })
    .await;
    while store.stats().await.unwrap().timers > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("served");
    life.stop().await;
}

async fn open(store: &Arc<dyn Store>, due: u64, half: usize) {
    let at = json!({"Type": "Wait", "TimestampPath": "$.at", "End": true});
    let timers = keep(&**store, "timers", json!({"W": at})).await;
    let answers = keep(&**store, "answers", json!({"W": callback(("End", json!(true)))})).await;
    let life = Life::on(store);
    let at = timestamp(due);
    life.ask_all(move |number| {
        let (machine, definition) = if number % 2 == 0 { ("timers", &timers) } else { ("answers", &answers) };
        let key = execution_key(machine, &format!("e{}", number / 2));
        (number / 2 < half).then(|| (key, start(definition, json!({"at": at, "order": number}))))
    })
    .await;
    // It is killed before it stops.
    std::mem::forget(life);
}

/// As the States Language writes it, rounded up to seconds.
fn timestamp(at_ms: u64) -> String {
    jiff::Timestamp::from_second(i64::try_from(at_ms.div_ceil(1000)).unwrap()).unwrap().to_string()
}
