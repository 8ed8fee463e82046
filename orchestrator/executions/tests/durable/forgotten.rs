//! Executions that are forgotten while something of them is there still: parts of their own, and what they have begun.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::{Fact, Status, TaskId};
use executions::{
    Answer, Catalogue, Request, Retention, Step, Stored, describe, execution_key, list, map_runs,
};
use serde_json::json;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Commit, Entity, EntityForget, EntityWrite, Link, Read, Store};
use tokio::time::Instant;

use crate::common::{Running, TokioClock, callback, five_passes, keep, machine_arn, make_machine, succeeded};
use crate::map_runs::{at_rest, begin, each, name_of, runs};
use crate::retention::{KEEP, MINUTE, World, nothing_is_left, sweep};

const STOP: Request = Request::Tell(Fact::Stopped { error: None, cause: None });

async fn stored(store: &dyn Read, key: &str) -> Option<Stored> {
    describe(store, key).await.unwrap()
}

/// What waits for somebody with its token, once it is there.
async fn token(running: &Running) -> (String, TaskId) {
    loop {
        if let Some(waiting) = running.waiting().pop() {
            return waiting;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Forgets an execution, and nothing that it has begun: as if it had ended long ago.
async fn forget(store: &dyn Store, name: &str) {
    let key = execution_key("m", name);
    let expected = store.get(&key).await.unwrap().unwrap().version;
    let forget = vec![EntityForget { key, expected, unlink: Vec::new() }];
    store.commit(&Commit { forget, ..Commit::default() }).await.unwrap();
}

async fn write(store: &dyn Store, write: EntityWrite) {
    store.commit(&Commit { entities: vec![write], ..Commit::default() }).await.unwrap();
}

/// Nobody sees a part of an execution, redrives it, or begins another of its name, while its Map runs go.
#[tokio::test(start_paused = true)]
async fn what_is_forgotten_in_part_is_not_there() {
    let world = World::new();
    let mut map = each(json!({"Type": "Pass", "End": true}), &json!({"ItemsPath": "$.items"}));
    map.as_object_mut().unwrap().remove("End");
    map["Next"] = json!("F");
    let states = json!({"M": map, "F": {"Type": "Fail", "Error": "E"}});
    let definition = keep(&*world.store, "m", states).await;
    let items: Vec<u64> = (0..250).collect();
    let key = execution_key("m", "a");
    world.running.ask("a", begin(&definition, "a", json!({"items": items}))).await.unwrap();
    assert_eq!(world.running.ended("a").await.status, Status::Failed);
    at_rest(&*world.store).await;
    let run = name_of(&runs(&*world.store, "a").await[0]);
    stored(&*world.store, &key).await.unwrap().redrivable(1_700_000_000_000).unwrap();
    tokio::time::sleep(KEEP + MINUTE).await;
    let (mut forgotten, mut seen_in_part) = (0, 0);
    loop {
        match world.retention.step().await.unwrap() {
            Step::Idle => break,
            Step::Went => {}
            Step::Forgot(executions) => forgotten += executions,
        }
        if forgotten == 0 || forgotten == 251 {
            continue;
        }
        seen_in_part += 1;
        let redrive = world.running.ask("a", Request::Redrive { token: None }).await.unwrap();
        assert_eq!(redrive, Answer::Unknown, "after {forgotten} of 251");
        assert_eq!(stored(&*world.store, &key).await, None);
        assert!(runs(&*world.store, "a").await.is_empty());
        let described = map_runs::describe(&*world.store, &Catalogue::default(), &run).await;
        assert_eq!(described.unwrap(), None);
        for status in [None, Some(Status::Failed)] {
            assert!(list(&*world.store, "m", status, None, 10).await.unwrap().0.is_empty());
        }
        let again = world.running.ask("a", begin(&definition, "a", json!({"items": []}))).await.unwrap();
        assert!(matches!(again, Answer::Exists { .. }), "{again:?}");
        assert_eq!(world.running.ask("a", STOP).await.unwrap(), Answer::Unknown);
    }
    assert_eq!(forgotten, 251);
    assert!(seen_in_part >= 3, "{seen_in_part}");
    nothing_is_left(&world.store).await;
    let anew = world.running.ask("a", begin(&definition, "a", json!({"items": []}))).await.unwrap();
    assert!(matches!(anew, Answer::Started { is_new: true, .. }), "{anew:?}");
    world.running.stop().await;
}

/// An execution whose child waits for somebody with a token: the child's key, its task, and its row.
async fn with_a_child_at_work(world: &World) -> (String, TaskId, Entity) {
    let map = each(callback(("End", json!(true))), &json!({"ItemsPath": "$.items"}));
    let definition = keep(&*world.store, "m", json!({"M": map})).await;
    world.running.ask("a", begin(&definition, "a", json!({"items": [1]}))).await.unwrap();
    let (child, task) = token(&world.running).await;
    at_rest(&*world.store).await;
    let row = world.store.get(&child).await.unwrap().unwrap();
    (child, task, row)
}

/// What stops it is on its way still, or is lost: it is not forgotten with its parent, but by itself.
#[tokio::test(start_paused = true)]
async fn a_child_that_has_not_ended_stays_until_it_has_and_goes_by_itself() {
    let world = World::new();
    let (child, task, before) = with_a_child_at_work(&world).await;
    world.running.ask("a", STOP).await.unwrap();
    at_rest(&*world.store).await;
    let stopped = world.store.get(&child).await.unwrap().unwrap();
    let run = name_of(&runs(&*world.store, "a").await[0]);
    let status = |status: &str| Link { index: "execution-status", value: format!("{run}:{status}") };
    let Entity { state, meta, next_due, .. } = before;
    let (links, unlink) = (vec![status("RUNNING")], vec![status("ABORTED")]);
    let expected = stopped.version;
    let as_before = EntityWrite {
        key: child.clone(),
        expected,
        state,
        meta,
        next_due,
        links,
        unlink,
        journal: Vec::new(),
    };
    write(&*world.store, as_before).await;

    tokio::time::sleep(KEEP + 2 * MINUTE).await;
    assert_eq!(world.sweep().await, 1, "the parent alone");
    assert!(!world.is_there("a").await);
    assert_eq!(stored(&*world.store, &child).await.unwrap().status(), Status::Running);
    assert!(world.running.tell(&child, succeeded(task, json!({}))).await);
    at_rest(&*world.store).await;
    assert_eq!(stored(&*world.store, &child).await.unwrap().status(), Status::Succeeded);
    assert_eq!(world.sweep().await, 0);
    tokio::time::sleep(KEEP + 2 * MINUTE).await;
    assert_eq!(world.sweep().await, 1);
    nothing_is_left(&world.store).await;
    world.running.stop().await;
}

/// It is stopped, as nobody waits for it, and goes by itself.
#[tokio::test(start_paused = true)]
async fn a_child_that_begins_when_its_parent_is_forgotten_is_stopped_and_goes_by_itself() {
    let World { store, running, retention } = World::new();
    let map = each(callback(("End", json!(true))), &json!({"ItemsPath": "$.items"}));
    let definition = keep(&*store, "m", json!({"M": map})).await;
    running.ask("a", begin(&definition, "a", json!({"items": [1]}))).await.unwrap();
    // What begins the child is committed, and not done.
    running.crash().await;
    assert!(store.stats().await.unwrap().outbox_rows > 0);
    forget(&*store, "a").await;
    let running =
        Running::at(Arc::clone(&store) as Arc<dyn Store>, Arc::new(TokioClock::new(Instant::now())));
    at_rest(&*store).await;
    let rows = store.scan(0, 100).await.unwrap();
    let (_, child, _) = rows.into_iter().find(|(_, key, _)| key.starts_with("execution/m/Each:")).unwrap();
    assert_eq!(stored(&*store, &child).await.unwrap().status(), Status::Aborted);
    assert_eq!(sweep(&retention).await, 0);
    tokio::time::sleep(KEEP + 2 * MINUTE).await;
    assert_eq!(sweep(&retention).await, 2, "the child, and what its parent knows of calls");
    nothing_is_left(&store).await;
    running.stop().await;
}

/// What an earlier version has left of this kind is noted, too.
#[tokio::test(start_paused = true)]
async fn a_child_that_an_earlier_version_has_left_behind_is_noted_and_goes() {
    let world = World::new();
    let (child, task, _) = with_a_child_at_work(&world).await;
    assert!(world.running.tell(&child, succeeded(task, json!({}))).await);
    world.running.ended("a").await;
    at_rest(&*world.store).await;
    forget(&*world.store, "a").await;
    let run =
        world.store.scan(0, 100).await.unwrap().into_iter().find(|(_, key, _)| key.starts_with("map-run/"));
    let (_, key, entity) = run.unwrap();
    let forget = vec![EntityForget { key, expected: entity.version, unlink: Vec::new() }];
    world.store.commit(&Commit { forget, ..Commit::default() }).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.sweep().await, 0);
    assert!(stored(&*world.store, &child).await.is_some());
    tokio::time::sleep(KEEP + 2 * MINUTE).await;
    assert_eq!(world.sweep().await, 1);
    nothing_is_left(&world.store).await;
    world.running.stop().await;
}

/// Of two executions that had one key, each has its own.
#[tokio::test(start_paused = true)]
async fn what_is_begun_for_an_execution_is_nothing_to_another_of_its_name() {
    const HOME: &str = "us-east-1/inner";
    let World { store, running, .. } = World::new();
    make_machine(&*store, "inner", json!({"W": callback(("End", json!(true)))}), false).await;
    let starts = json!({"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync", "End": true,
                        "Parameters": {"StateMachineArn": machine_arn("inner"), "Name.$": "$.name"}});
    let definition = keep(&*store, "m", json!({"S": starts})).await;
    let key = |name: &str| execution_key(HOME, name);
    let status = async |key: &str| stored(&*store, key).await.map(|stored| stored.status());
    // Each begins at another time, and its first task is that of the one before.
    let anew = async |name: &str| {
        tokio::time::sleep(Duration::from_millis(10)).await;
        running.start("a", &definition, json!({"name": name})).await;
    };
    anew("n1").await;
    let (of_first, first_task) = token(&running).await;
    assert_eq!(of_first, key("n1"));
    at_rest(&*store).await;
    forget(&*store, "a").await;

    anew("n1").await;
    let error = running.ended("a").await.error;
    assert_eq!(error.as_deref(), Some("StepFunctions.ExecutionAlreadyExistsException"), "that is another's");
    forget(&*store, "a").await;

    anew("n2").await;
    assert_eq!(token(&running).await.0, key("n2"));
    at_rest(&*store).await;
    running.ask("a", STOP).await.unwrap();
    at_rest(&*store).await;
    assert_eq!(
        (status(&key("n1")).await, status(&key("n2")).await),
        (Some(Status::Running), Some(Status::Aborted))
    );
    forget(&*store, "a").await;

    anew("n3").await;
    let (of_last, last_task) = token(&running).await;
    at_rest(&*store).await;
    assert!(running.tell(&of_first, succeeded(first_task, json!("of another"))).await);
    at_rest(&*store).await;
    assert_eq!(status(&execution_key("m", "a")).await, Some(Status::Running), "it is told nothing");
    assert!(running.tell(&of_last, succeeded(last_task, json!("its own"))).await);
    assert_eq!(running.ended("a").await.output.unwrap()["Output"], json!("\"its own\""));
    running.stop().await;
}

/// No commit frees more of a journal than all others can wait for; in the end it is gone.
#[tokio::test(start_paused = true)]
async fn a_long_journal_goes_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executions.db");
    let store = Arc::new(SqliteStore::open(path, SqliteOptions::default()).unwrap());
    let clock = Arc::new(TokioClock::new(Instant::now()));
    let running = Running::at(Arc::clone(&store) as Arc<dyn Store>, clock.clone());
    let definition = keep(&*store, "m", five_passes()).await;
    running.start("a", &definition, json!({"in": 1})).await;
    running.stop().await;
    let key = execution_key("m", "a");
    let Entity { version: expected, state, meta, next_due } = store.get(&key).await.unwrap().unwrap();
    let journal = vec![Bytes::from(vec![b'{'; 1_000]); 25_000];
    let long = EntityWrite { key, expected, state, meta, next_due, journal, ..EntityWrite::default() };
    write(&*store, long).await;
    let retention = Retention::new(Arc::clone(&store) as Arc<dyn Store>, clock, KEEP);
    assert_eq!(sweep(&retention).await, 0);
    tokio::time::sleep(KEEP + MINUTE).await;
    let mut steps = 0;
    loop {
        match retention.step().await.unwrap() {
            Step::Idle => break,
            Step::Forgot(executions) => assert_eq!((executions, steps), (1, 0)),
            Step::Went => {}
        }
        steps += 1;
    }
    // 4 MB of 25 at a time.
    assert!(steps >= 6, "{steps}");
    assert!(!store.sweep().await.unwrap(), "nothing is left");
}

/// An earlier version kept rows of Express executions for their inboxes, and noted when the others end, not these.
#[tokio::test(start_paused = true)]
async fn inboxes_that_an_earlier_version_has_left_go_when_all_that_ends_now_does() {
    for was_noted in [false, true] {
        let world = World::new();
        for number in 0..150 {
            let key = execution_key("m", &format!("e:{number}"));
            write(&*world.store, EntityWrite { key, ..EntityWrite::default() }).await;
        }
        if was_noted {
            let state = Bytes::from(json!({"minute": 28_333_333}).to_string());
            write(
                &*world.store,
                EntityWrite { key: "retention".to_owned(), state, ..EntityWrite::default() },
            )
            .await;
        }
        assert_eq!(world.sweep().await, 0);
        tokio::time::sleep(KEEP - MINUTE).await;
        assert_eq!((world.sweep().await, world.store.stats().await.unwrap().entities), (0, 151));
        tokio::time::sleep(2 * MINUTE).await;
        assert_eq!(world.sweep().await, 150, "{was_noted}");
        nothing_is_left(&world.store).await;
        world.running.stop().await;
    }
}
