//! Executions of random workflows while commits fail and the process ends at any of them: each ends once, with a legal history, and with the
//! result that it has where nothing is disturbed.
//!
//! A world follows from its seed. `DUET_SIMULATED_SEEDS=FROM..TO` runs others than the usual ones.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod perils;
mod workflows;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use engine::{Ending, Fact, Status};
use executions::{Catalogue, Request, Start, describe, execution_key, list, map_runs};
use participant::{Clock, Millis};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Read, Store};
use tokio::time::Instant;

use common::{Running, keep, somebody, start};
use perils::Perils;
use workflows::{FAILS_AT_FIRST, states};

/// Worlds of a usual run.
const SEEDS: std::ops::Range<u64> = 0..40;
/// Looks at a world before it is given up: far more than any needs.
const LOOKS_MAX: usize = 5_000;

/// Time that goes on from life to life.
struct WorldClock(Instant);

impl Clock for WorldClock {
    fn now(&self) -> Millis {
        1_700_000_000_000 + Millis::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}

/// What came of a world.
struct Outcome {
    ending: Ending,
    redrives: u32,
    lives: usize,
}

/// All executions that there are: the one of the machine, and the children of its Map runs, with theirs.
async fn all(store: &dyn Read) -> BTreeSet<String> {
    let mut found = BTreeSet::from([execution_key("m", "a")]);
    let mut looked_at = BTreeSet::new();
    while let Some(key) = found.iter().find(|key| !looked_at.contains(*key)).cloned() {
        let runs = map_runs::list(store, &Catalogue::default(), &key, None, 100).await.unwrap().0;
        for run in runs {
            let label = run.run.arn.rsplit_once('/').unwrap().1.split_once(':').unwrap().0.to_owned();
            let name = format!("m/{}", run.run.arn.rsplit_once('/').unwrap().1);
            let (children, _) = list(store, &name, None, None, 1_000).await.unwrap();
            found.extend(children.iter().map(|it| execution_key(&format!("m/{label}"), &it.name)));
        }
        looked_at.insert(key);
    }
    found
}

/// Answers what waits for somebody; what fails at first does so until the execution was redriven.
async fn answer(running: &Running, store: &dyn Read, definition: &asl::Definition) {
    let root = describe(store, &execution_key("m", "a")).await.unwrap();
    let is_redriven = root.is_some_and(|root| root.redriven().is_some());
    for key in all(store).await {
        let journal = executions::journal(store, &key).await.unwrap();
        if journal.is_empty() {
            continue;
        }
        let (_, calls) = engine::unanswered(definition, journal).unwrap();
        for call in calls.into_iter().filter(|call| !call.resource.ends_with("function:f")) {
            let task = call.task;
            let fact = match call.state.starts_with(FAILS_AT_FIRST) && !is_redriven {
                true => Fact::TaskFailed { task, error: "E".to_owned(), cause: None },
                false => Fact::TaskSucceeded { task, output: json!(*call.state) },
            };
            // If the process ends meanwhile, it is found unanswered again.
            let asked = running.requests.ask(&*key, Request::Tell(fact));
            let _ = tokio::time::timeout(Duration::from_millis(40), asked).await;
        }
    }
}

/// Runs the world of that seed to its end; with perils or without.
async fn world(seed: u64, is_perilous: bool) -> Outcome {
    let inner: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let (states, input) = states(seed);
    let definition = keep(&*inner, "m", states).await;
    let perils = Perils::new(Arc::clone(&inner), seed, is_perilous);
    let clock: Arc<dyn Clock> = Arc::new(WorldClock(Instant::now()));
    let live = || Running::at(Arc::clone(&perils) as Arc<dyn Store>, Arc::clone(&clock));
    let (mut running, mut lives, reader) = (live(), 1, inner.reader());
    for _ in 0..LOOKS_MAX {
        if perils.has_crashed() {
            running.crash().await;
            perils.begin_life();
            (running, lives) = (live(), lives + 1);
        }
        let root = describe(reader, &execution_key("m", "a")).await.unwrap();
        let patience = Duration::from_millis(40);
        match root.as_ref().map(executions::Stored::status) {
            None => {
                let Request::Start(request) = start(&definition, input.clone()) else { unreachable!() };
                let request = Request::Start(Box::new(Start { identity: Some(somebody("a")), ..*request }));
                let _ = tokio::time::timeout(patience, running.ask("a", request)).await;
            }
            Some(Status::Running) => answer(&running, reader, &definition).await,
            Some(Status::Failed) if root.as_ref().is_some_and(|root| root.redriven().is_none()) => {
                let redrive = Request::Redrive { token: Some("t".to_owned()) };
                let _ = tokio::time::timeout(patience, running.ask("a", redrive)).await;
            }
            Some(_) => {
                let stats = reader.stats().await.unwrap();
                if (stats.outbox_rows, stats.timers) == (0, 0) {
                    let stored = root.unwrap();
                    check(reader, &definition).await;
                    running.crash().await;
                    let redrives = stored.redriven().map_or(0, |(count, _)| count);
                    return Outcome { ending: stored.ending().unwrap().clone(), redrives, lives };
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let stats = reader.stats().await.unwrap();
    panic!("seed {seed}: it comes to no end: {stats:?} {:?}", all(reader).await);
}

/// What must hold of every execution at the end.
async fn check(store: &dyn Read, definition: &asl::Definition) {
    for key in all(store).await {
        let stored = describe(store, &key).await.unwrap().unwrap();
        let ending = stored.ending().unwrap_or_else(|| panic!("{key} has not ended"));
        let journal = executions::journal(store, &key).await.unwrap();
        let (execution, history) = engine::replay(definition, journal).unwrap();
        let engine::Phase::Ended(replayed) = execution.phase() else { panic!("{key} has ended") };
        assert_eq!(**replayed, *ending, "{key}");
        if let Err(illegal) = engine::legal(&history) {
            panic!(
                "{key}: {illegal}: {:?}",
                history.iter().map(engine::HistoryEvent::type_name).collect::<Vec<_>>()
            );
        }
        let ends = ["ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"];
        let ends = history.iter().filter(|event| ends.contains(&&*event.type_name())).count();
        assert_eq!(ends as u32, 1 + execution.redrives(), "{key} ends once, and once more for each redrive");
        for run in map_runs::list(store, &Catalogue::default(), &key, None, 100).await.unwrap().0 {
            assert_ne!(run.run.status, Status::Running, "{key}");
            let items = run.run.items;
            assert_eq!((items.running, items.pending_redrive), (0, 0), "{key}");
        }
    }
}

fn seeds() -> std::ops::Range<u64> {
    let Ok(wanted) = std::env::var("DUET_SIMULATED_SEEDS") else { return SEEDS };
    let (from, to) = wanted.split_once("..").expect("FROM..TO");
    from.parse().unwrap()..to.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_execution_ends_once_with_the_result_of_an_undisturbed_one() {
    let (mut lives, mut redrives) = (0, 0);
    for seed in seeds() {
        let undisturbed = world(seed, false).await;
        let perilous = world(seed, true).await;
        let told = |outcome: &Outcome| -> (Status, Option<Value>, Option<String>, u32) {
            let Ending { status, output, error, .. } = outcome.ending.clone();
            (status, output, error, outcome.redrives)
        };
        assert_eq!(told(&perilous), told(&undisturbed), "seed {seed}");
        lives += perilous.lives - 1;
        redrives += perilous.redrives;
    }
    // Else nothing of this would have been tried.
    assert!(seeds() != SEEDS || lives > 50 && redrives > 5, "{lives} crashes, {redrives} redrives");
}
