//! Map runs that are redriven, fact by fact: what is asked for, what is late, what is counted.

use engine::{
    Effect, Execution, Fact, MapNews, MapRun, MapRunId, MapRunUpdate, RedriveChild, Status, quotas,
};
use serde_json::{Value, json};

use crate::distributed::{Told, map};
use crate::redrive::identity;

fn somebody(more: &Value, items: u64) -> Told {
    Told::of(map(more), (0..items).collect(), identity())
}

fn redriven(told: &Told) -> Vec<&RedriveChild> {
    let effects = told.effects.iter();
    let redriven = effects.filter_map(|effect| match effect {
        Effect::RedriveChild(child) => Some(&**child),
        _ => None,
    });
    redriven.collect()
}

fn indices(told: &Told) -> Vec<u64> {
    redriven(told).iter().map(|child| child.index).collect()
}

fn run(told: &Told) -> MapRun {
    told.execution.as_ref().unwrap().map_runs().next().unwrap().clone()
}

/// A redrive, before which what is left undone is stored and read again.
fn redrive(told: &mut Told) {
    let execution = told.execution.take().unwrap();
    let read = Execution::decode(&execution.encode()).unwrap();
    assert_eq!(read, execution);
    told.execution = Some(read);
    told.types.clear();
    assert!(told.tell(Fact::Redriven));
}

#[test]
fn what_was_at_work_when_its_execution_was_stopped_is_redriven_and_late_ends_are_not_heard() {
    let mut told = somebody(&json!({}), 4);
    assert!(told.child_ended(0, Status::Succeeded));
    told.tell(Fact::Stopped { error: None, cause: None });
    redrive(&mut told);
    let children = redriven(&told);
    assert_eq!((&*children[0].execution, children[0].attempt, indices(&told)), ("e1.1.1", 1, vec![1, 2, 3]));
    assert_eq!(told.types, ["ExecutionRedriven", "MapRunRedriven"]);
    assert_eq!((run(&told).items.running, run(&told).redrives), (3, 1));
    // The end of the one that was stopped is told only now.
    let mut late = told.execution.clone();
    std::mem::swap(&mut told.execution, &mut late);
    let end = engine::ChildEnd {
        status: Status::Aborted,
        started_ms: 0,
        stopped_ms: 0,
        output: None,
        error: None,
        cause: None,
        attempt: 0,
        redrives: 0,
        input: None,
    };
    assert!(!told.map_run(MapNews::ChildEnded { index: 1, end: Box::new(end) }));
    assert_eq!(told.execution, late, "nothing has changed");
    for index in [3, 1, 2] {
        assert!(told.child_ended(index, Status::Succeeded));
    }
    let engine::Phase::Ended(ending) = told.execution.as_ref().unwrap().phase() else { panic!("it ends") };
    assert_eq!(ending.output, Some(json!([0, 1, 2, 3])));
}

#[test]
fn those_that_find_no_room_wait_and_are_counted() {
    let mut told = somebody(&json!({"ToleratedFailureCount": 2}), 3);
    for index in 0..3 {
        assert!(told.child_ended(index, Status::Failed));
    }
    assert_eq!(told.status(), Status::Failed);
    redrive(&mut told);
    assert_eq!(indices(&told), [0, 1, 2], "there is room for all");
    told.map_run(MapNews::Updated(MapRunUpdate { max_concurrency: Some(1), ..MapRunUpdate::default() }));
    for index in 0..3 {
        assert!(told.child_ended(index, Status::TimedOut));
    }
    redrive(&mut told);
    assert_eq!(indices(&told), [0]);
    let at_work = run(&told);
    assert_eq!(
        (
            at_work.items.pending_redrive,
            at_work.items.running,
            at_work.items.timed_out,
            at_work.items.total()
        ),
        (2, 1, 0, 3)
    );
    assert_eq!((at_work.awaits_redrive(0), at_work.awaits_redrive(1)), (false, true));
    told.tell(Fact::Stopped { error: None, cause: None });
    let ended = told.effects.iter().find_map(|effect| match effect {
        Effect::MapRunEnded(run) => Some(run.items),
        _ => None,
    });
    let ended = ended.unwrap();
    assert_eq!((ended.pending_redrive, ended.aborted, ended.timed_out), (0, 1, 2), "they are what they were");
    redrive(&mut told);
    assert_eq!(indices(&told), [0]);
    assert!(told.child_ended(0, Status::Succeeded));
    assert_eq!(indices(&told), [1]);
}

#[test]
fn what_cannot_be_redriven_has_failed_for_ever() {
    let mut told = somebody(&json!({"ToleratedFailureCount": 1}), 3);
    assert!(told.child_ended(0, Status::Failed));
    assert!(told.child_ended(1, Status::Failed));
    assert_eq!(told.status(), Status::Failed);
    redrive(&mut told);
    let not = |index, attempt| MapNews::NotRedrivable { index, attempt, status: Status::Failed };
    assert!(!told.map_run(not(0, 0)), "that was asked before");
    assert!(told.map_run(not(0, 1)));
    assert!(!told.map_run(not(0, 1)));
    assert_eq!((run(&told).items.failed, run(&told).items.not_redrivable), (1, 1));
    assert!(told.map_run(not(1, 1)));
    assert_eq!(told.status(), Status::Failed, "two have failed, and one is tolerated");
    redrive(&mut told);
    assert_eq!((told.status(), indices(&told).len()), (Status::Failed, 0), "two have failed still");
}

#[test]
fn a_map_run_is_redriven_a_thousand_times_at_the_most() {
    let mut told = somebody(&json!({}), 1);
    for _ in 0..quotas::MAP_RUN_REDRIVES_MAX {
        assert!(told.child_ended(0, Status::Failed));
        redrive(&mut told);
    }
    assert!(told.child_ended(0, Status::Failed));
    redrive(&mut told);
    let engine::Phase::Ended(ending) = told.execution.as_ref().unwrap().phase() else { panic!("it ends") };
    assert_eq!(ending.error.as_deref(), Some(asl::error::RUNTIME));
}

#[test]
fn children_alike_that_failed_take_no_room() {
    let reader = json!({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSONL"},
                        "Parameters": {"Bucket": "b", "Key": "k"}});
    let more = json!({"ItemReader": reader, "ToleratedFailurePercentage": 50});
    let mut told = Told::of(map(&more), json!({}), identity());
    let mut from = 0;
    while from < 20_000 {
        let items: Vec<Value> = (from..from + 1_000).map(Value::from).collect();
        assert!(told.map_run(MapNews::Items { from, items, of_object: false, is_last: from == 19_000 }));
        for index in (from..from + 1_000).rev() {
            told.child_ended(index, Status::Failed);
        }
        from += 1_000;
    }
    assert_eq!(told.status(), Status::Failed);
    let bytes = told.execution.as_ref().unwrap().encode().len();
    assert!(bytes < 400_000, "an execution had {bytes} bytes");
    redrive(&mut told);
    assert_eq!(indices(&told).len(), 10_000, "as many as may be at work");
    assert_eq!(run(&told).id, MapRunId(1));
}
