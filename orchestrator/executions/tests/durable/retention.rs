//! What becomes of executions that ended long ago.

use std::sync::Arc;
use std::time::Duration;

use engine::{Fact, Status};
use executions::{
    Answer, Catalogue, Request, Retention, Start, Step, describe, execution_key, list, map_runs,
};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Commit, EntityWrite, Link, Read, Store};
use tokio::time::Instant;

use crate::common::stores::Watched;
use crate::common::{
    Running, TokioClock, callback, five_passes, keep, machine_arn, make_machine, somebody, start, succeeded,
};

pub(crate) const KEEP: Duration = Duration::from_secs(3_600);
/// An execution is forgotten once the minute in which it ended is that long ago.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) running: Running,
    pub(crate) retention: Retention,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(MemoryStore::new()))
    }

    fn over(store: Arc<MemoryStore>) -> Self {
        let clock = Arc::new(TokioClock::new(Instant::now()));
        let running = Running::at(Arc::clone(&store) as Arc<dyn Store>, clock.clone());
        let retention = Retention::new(Arc::clone(&store) as Arc<dyn Store>, clock, KEEP);
        Self { store, running, retention }
    }

    /// Takes steps until there is nothing to do; how many executions were forgotten.
    pub(crate) async fn sweep(&self) -> usize {
        sweep(&self.retention).await
    }

    pub(crate) async fn is_there(&self, name: &str) -> bool {
        self.store.get(&execution_key("m", name)).await.unwrap().is_some()
    }
}

pub(crate) async fn sweep(retention: &Retention) -> usize {
    let mut forgotten = 0;
    loop {
        match retention.step().await.unwrap() {
            Step::Forgot(executions) => forgotten += executions,
            Step::Went => {}
            Step::Idle => return forgotten,
        }
    }
}

/// Nothing but where it stands how far it was walked, and definitions.
pub(crate) async fn nothing_is_left(store: &MemoryStore) {
    let left = store.scan(0, 1_000).await.unwrap();
    let left: Vec<_> = left.into_iter().map(|(_, key, _)| key).collect();
    let strangers = left.iter().filter(|key| *key != "retention" && !key.starts_with("workflow/"));
    assert_eq!(strangers.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_ended_long_ago_is_forgotten_and_its_name_is_free() {
    let world = World::new();
    let passes = keep(&*world.store, "m", five_passes()).await;
    let waits = keep(&*world.store, "m", json!({"W": callback(("End", json!(true)))})).await;
    world.running.start("ended", &passes, json!({"in": 1})).await;
    world.running.start("waits", &waits, json!({})).await;
    let waiting = world.running.waiting();
    assert_eq!(world.sweep().await, 0);
    tokio::time::sleep(KEEP).await;
    world.running.start("later", &passes, json!({"in": 2})).await;
    tokio::time::sleep(MINUTE).await;
    assert_eq!(world.sweep().await, 1);
    assert!(!world.is_there("ended").await && world.is_there("waits").await && world.is_there("later").await);
    let key = execution_key("m", "ended");
    assert!(world.store.journal(&key, 0, 10).await.unwrap().is_empty());
    let (page, _) = list(&*world.store, "m", Some(Status::Succeeded), None, 10).await.unwrap();
    assert_eq!(page.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["later"]);

    // Its name begins another execution, which is another in every respect.
    world.running.start("ended", &waits, json!({})).await;
    assert_eq!(describe(&*world.store, &key).await.unwrap().unwrap().status(), Status::Running);
    for (key, task) in [waiting, world.running.waiting()].concat() {
        assert!(world.running.tell(&key, succeeded(task, json!({}))).await);
    }
    tokio::time::sleep(KEEP + MINUTE).await;
    assert_eq!(world.sweep().await, 3);
    nothing_is_left(&world.store).await;
    world.running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_was_redriven_is_kept_from_when_it_ended_last() {
    let world = World::new();
    let fails = keep(&*world.store, "m", json!({"F": {"Type": "Fail", "Error": "E"}})).await;
    let Request::Start(request) = start(&fails, json!({})) else { unreachable!() };
    let request = Start { identity: Some(somebody("a")), ..*request };
    world.running.ask("a", Request::Start(Box::new(request))).await.unwrap();
    tokio::time::sleep(KEEP / 2).await;
    let again = world.running.ask("a", Request::Redrive { token: None }).await.unwrap();
    assert!(matches!(again, Answer::Redriven { .. }), "{again:?}");
    tokio::time::sleep(KEEP / 2 + MINUTE).await;
    assert_eq!(world.sweep().await, 0);
    assert!(world.is_there("a").await);
    tokio::time::sleep(KEEP / 2).await;
    assert_eq!(world.sweep().await, 1);
    nothing_is_left(&world.store).await;
    world.running.stop().await;
}

/// A Map in distributed mode whose children are Maps in distributed mode.
fn maps() -> Value {
    let map = |label: &str, does: Value| {
        json!({"Type": "Map", "Label": label, "End": true, "ItemsPath": "$.items", "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": label, "States": {label: does}}})
    };
    json!({"M": map("Outer", map("Inner", json!({"Type": "Pass", "End": true})))})
}

#[tokio::test(start_paused = true)]
async fn children_of_map_runs_go_with_the_execution_a_page_at_a_time() {
    let world = World::new();
    let definition = keep(&*world.store, "m", maps()).await;
    let Request::Start(request) = start(&definition, json!({})) else { unreachable!() };
    let inner: Vec<u64> = (0..150).collect();
    let input = json!({"items": [{"items": inner}, {"items": [1]}, {"items": []}]});
    let request = Start { identity: Some(somebody("a")), input, ..*request };
    world.running.ask("a", Request::Start(Box::new(request))).await.unwrap();
    assert_eq!(world.running.ended("a").await.status, Status::Succeeded);
    while world.store.stats().await.unwrap().outbox_rows > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(world.sweep().await, 0);
    tokio::time::sleep(KEEP + MINUTE).await;
    let mut forgotten = 0;
    loop {
        match world.retention.step().await.unwrap() {
            Step::Forgot(executions) => {
                assert!(executions <= 100, "a step is bounded: {executions}");
                forgotten += executions;
                // As long as there is anything of it, it is there itself.
                assert!(world.is_there("a").await || forgotten == 155, "{forgotten}");
            }
            Step::Went => {}
            Step::Idle => break,
        }
    }
    assert_eq!(forgotten, 1 + 3 + 151);
    nothing_is_left(&world.store).await;
    let runs = map_runs::list(&*world.store, &Catalogue::default(), &execution_key("m", "a"), None, 10).await;
    assert!(runs.unwrap().0.is_empty());
    world.running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_is_waited_for_stays_until_that_is_over() {
    let world = World::new();
    make_machine(&*world.store, "inner", json!({"P": {"Type": "Pass", "End": true}}), false).await;
    let starts = json!({"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync", "Next": "W",
                        "Parameters": {"StateMachineArn": machine_arn("inner"), "Name": "n"}});
    let outer = keep(&*world.store, "m", json!({"S": starts, "W": callback(("End", json!(true)))})).await;
    world.running.start("a", &outer, json!({})).await;
    let (key, task) = loop {
        if let Some(waiting) = world.running.waiting().pop() {
            break waiting;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let inner = execution_key("us-east-1/inner", "n");
    for _ in 0..3 {
        tokio::time::sleep(KEEP + MINUTE).await;
        assert_eq!(world.sweep().await, 0);
        assert!(world.store.get(&inner).await.unwrap().is_some());
    }
    world.running.tell(&key, succeeded(task, json!({}))).await;
    tokio::time::sleep(KEEP + 2 * MINUTE).await;
    assert_eq!(world.sweep().await, 2);
    assert_eq!(world.store.get(&inner).await.unwrap(), None);
    assert!(!world.is_there("a").await);
    let (left, _) = world.store.linked("execution-of-task", &format!("{key} 1"), None, 10).await.unwrap();
    assert!(left.is_empty());
    world.running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn steps_are_taken_again_after_failures_and_beside_another_instance() {
    for fail_every in [2, 3, 5] {
        let world = World::new();
        let passes = keep(&*world.store, "m", five_passes()).await;
        for number in 0..250 {
            world.running.start(&format!("e{number}"), &passes, json!({"in": 1})).await;
        }
        tokio::time::sleep(KEEP + MINUTE).await;
        let clock = Arc::new(TokioClock::new(Instant::now() - KEEP - MINUTE));
        let watched = Watched::new(Arc::clone(&world.store) as Arc<dyn Store>, fail_every);
        let other = Retention::new(watched, clock, KEEP);
        let both = async |retention: &Retention| {
            loop {
                // A failure is tried again.
                if let Ok(Step::Idle) = retention.step().await {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(both(&world.retention), both(&other));
        nothing_is_left(&world.store).await;
        world.running.stop().await;
    }
}

/// What an earlier version of this program has stored has no note of its end, and is listed among the running ones.
#[tokio::test(start_paused = true)]
async fn what_an_earlier_version_has_stored_is_noted_and_goes() {
    let store = Arc::new(MemoryStore::new());
    let world = World::over(Arc::clone(&store));
    let passes = keep(&*store, "m", five_passes()).await;
    for number in 0..150 {
        world.running.start(&format!("e{number}"), &passes, json!({"in": 1})).await;
    }
    let ended = store.scan(0, 1_000).await.unwrap();
    let minute = 1_700_000_000_000_u64 / 60_000;
    let link = |index, value: &str| Link { index, value: value.to_owned() };
    let mut commit = Commit::default();
    for (_, key, entity) in ended.into_iter().filter(|(_, key, _)| key.starts_with("execution/")) {
        commit.entities.push(EntityWrite {
            key,
            expected: entity.version,
            state: entity.state,
            meta: entity.meta,
            unlink: vec![link("execution-end", &minute.to_string())],
            links: vec![link("execution-status", "m:RUNNING")],
            ..EntityWrite::default()
        });
    }
    store.commit(&commit).await.unwrap();
    let (listed, _) = list(&*store, "m", Some(Status::Running), None, 10).await.unwrap();
    assert!(listed.is_empty(), "they are passed over");

    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.sweep().await, 0);
    let left = store.linked("execution-status", "m:RUNNING", None, 10).await.unwrap();
    assert!(left.0.is_empty(), "and taken from the list");
    assert_eq!(list(&*store, "m", None, None, 1_000).await.unwrap().0.len(), 150);
    tokio::time::sleep(KEEP + MINUTE).await;
    assert_eq!(world.sweep().await, 150);
    nothing_is_left(&store).await;
    world.running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_is_told_something_as_it_goes_is_unknown_then() {
    let world = World::new();
    let passes = keep(&*world.store, "m", five_passes()).await;
    world.running.start("a", &passes, json!({"in": 1})).await;
    tokio::time::sleep(KEEP + MINUTE).await;
    assert_eq!(world.sweep().await, 1);
    let stop = Request::Tell(Fact::Stopped { error: None, cause: None });
    assert_eq!(world.running.ask("a", stop).await.unwrap(), Answer::Unknown);
    assert!(!world.is_there("a").await);
    world.running.stop().await;
}
