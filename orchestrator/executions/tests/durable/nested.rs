//! Executions that tasks start.

use std::sync::Arc;
use std::time::Duration;

use engine::{Ending, Fact, Status, TaskId};
use executions::{Answer, Request, Start, Stored, describe, execution_key, list, queue_key};
use participant::{CallId, inspect};
use registry::machines::{self, Change, Machine};
use serde_json::{Value, json};
use store::memory::MemoryStore;
use store::{Read, Store, StoreError};

use crate::common::stores::Watched;
use crate::common::{
    PLACE, Running, callback, check_journal, definition, keep, machine_arn, make_machine, somebody, start,
    succeeded,
};

const HOME: &str = "us-east-1/inner";

/// A task that starts an execution of `inner`, so.
fn starts(suffix: &str, arguments: Value) -> Value {
    let mut parameters = json!({"StateMachineArn": machine_arn("inner")});
    parameters.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    json!({"Type": "Task", "Resource": format!("arn:aws:states:::states:startExecution{suffix}"),
           "Parameters": parameters, "End": true})
}

fn waits() -> Value {
    json!({"W": callback(("End", json!(true)))})
}

fn doubles() -> Value {
    json!({"D": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"twice": "{% 2 * $states.input.n %}"}, "End": true}})
}

async fn nested(store: &dyn Read, name: &str) -> Option<Stored> {
    describe(store, &execution_key(HOME, name)).await.unwrap()
}

async fn ended(store: &dyn Read, name: &str) -> Ending {
    loop {
        if let Some(ending) = nested(store, name).await.and_then(|stored| stored.ending().cloned()) {
            return ending;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
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

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_is_told_how_its_execution_has_ended() {
    let store = Arc::new(MemoryStore::new());
    make_machine(&*store, "inner", doubles(), false).await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    for (suffix, output) in [(".sync:2", json!({"twice": 42})), (".sync", json!("{\"twice\":42}"))] {
        let name = format!("n{}", suffix.len());
        let arguments = json!({"Name": name, "Input": {"n": 21}});
        let outer = keep(&*store, "m", json!({"S": starts(suffix, arguments)})).await;
        assert_eq!(running.start(suffix, &outer, json!({})).await, None, "it ends by another commit");
        let told = running.ended(suffix).await.output.unwrap();
        assert_eq!(
            (&told["Output"], &told["Status"], &told["Name"]),
            (&output, &json!("SUCCEEDED"), &json!(name))
        );
        assert_eq!(told["ExecutionArn"], json!(format!("{PLACE}:execution:inner:{name}")));
        check_journal(&*store, suffix, &outer).await;
        // Its beginning was told before its end, once.
        let facts = executions::journal(&*store, &execution_key("m", suffix)).await.unwrap();
        let [_, begun, ended] = &facts[..] else { panic!("{facts:?}") };
        assert!(
            matches!(begun.fact, Fact::TaskSubmitted { .. })
                && matches!(ended.fact, Fact::TaskSucceeded { .. })
        );
    }
    let (listed, _) = list(&*store, HOME, Some(Status::Succeeded), None, 10).await.unwrap();
    assert_eq!(listed.len(), 2);
    running.stop().await;
    assert_eq!(store.stats().await.unwrap().outbox_rows, 0);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_wait_goes_on_once_it_has_begun() {
    let store = Arc::new(MemoryStore::new());
    make_machine(&*store, "inner", waits(), false).await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let outer = definition(json!({"S": starts("", json!({"Name": "n"}))}));
    running.start("a", &outer, json!({})).await;
    let told = running.ended("a").await.output.unwrap();
    let stored = nested(&*store, "n").await.unwrap();
    let arn = format!("{PLACE}:execution:inner:n");
    assert_eq!(told, json!({"ExecutionArn": arn, "StartDate": stored.started_ms()}));
    assert_eq!(stored.status(), Status::Running, "nobody waits for it, and nobody stops it");

    // Its name is given: the same input is the same execution, another is not; both as with AWS.
    for (name, input, error) in
        [("b", json!({}), None), ("c", json!(1), Some("StepFunctions.ExecutionAlreadyExistsException"))]
    {
        let again = definition(json!({"S": starts("", json!({"Name": "n", "Input": input}))}));
        running.start(name, &again, json!({})).await;
        assert_eq!(running.ended(name).await.error.as_deref(), error, "{name}");
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_made_again_finds_its_own_execution_though_it_has_ended() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let passes = definition(json!({"P": {"Type": "Pass", "End": true}}));
    let by = |sequence| {
        let Request::Start(request) = start(&passes, json!({})) else { unreachable!() };
        let by = Some(CallId { key: execution_key("m", "outer"), sequence });
        Request::Start(Box::new(Start { by, ..*request }))
    };
    for is_first in [true, false] {
        let answer = running.ask("a", by(1)).await.unwrap();
        assert!(
            matches!(answer, Answer::Started { is_new, ending: Some(_), .. } if is_new == is_first),
            "{answer:?}"
        );
    }
    let other = running.ask("a", by(2)).await.unwrap();
    assert!(matches!(other, Answer::Exists { .. }), "{other:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_begun_fails_its_task() {
    let store = Arc::new(MemoryStore::new());
    make_machine(&*store, "inner", waits(), true).await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let cases = [
        (json!({"StateMachineArn": machine_arn("nobody")}), "StateMachineDoesNotExist"),
        (json!({"StateMachineArn": format!("{}:7", machine_arn("inner"))}), "StateMachineDoesNotExist"),
        (json!({"StateMachineArn": "inner"}), "InvalidArn"),
        (json!({"Name": "a/b"}), "InvalidName"),
        // An Express execution is nothing to wait for.
        (json!({}), "StateMachineTypeNotSupported"),
    ];
    for (number, (arguments, error)) in cases.into_iter().enumerate() {
        let name = number.to_string();
        let mut task = starts(".sync", arguments);
        task["Catch"] =
            json!([{"ErrorEquals": [format!("StepFunctions.{error}Exception")], "Next": "Caught"}]);
        let outer = definition(json!({"S": task, "Caught": {"Type": "Pass", "End": true}}));
        running.start(&name, &outer, json!({})).await;
        let ending = running.ended(&name).await;
        assert_eq!(ending.status, Status::Succeeded, "{error}: {ending:?}");
    }
    // Of another account nothing is found.
    let mut elsewhere = somebody("e");
    elsewhere.machine_arn = elsewhere.machine_arn.replace("123456789012", "000000000000");
    let outer = definition(json!({"S": starts("", json!({}))}));
    let Request::Start(start) = start(&outer, json!({})) else { unreachable!() };
    let start = Start { identity: Some(elsewhere), ..*start };
    running.ask("e", Request::Start(Box::new(start))).await.unwrap();
    let error = running.ended("e").await.error;
    assert_eq!(error.as_deref(), Some("StepFunctions.StateMachineDoesNotExistException"));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_being_deleted_begins_nothing() {
    let store = Arc::new(MemoryStore::new());
    make_machine(&*store, "inner", doubles(), false).await;
    let going = |machine: Option<Machine>| -> Result<_, StoreError> {
        Ok(Change::Put(Box::new(Machine { deleting: true, ..machine.unwrap() }), ()))
    };
    machines::change(&*store, "us-east-1", HOME, going).await.unwrap();
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    for suffix in ["", ".sync:2"] {
        let outer = definition(json!({"S": starts(suffix, json!({"Name": "n"}))}));
        let name = format!("a{}", suffix.len());
        running.start(&name, &outer, json!({})).await;
        let ending = running.ended(&name).await;
        assert_eq!(ending.error.as_deref(), Some("StepFunctions.StateMachineDeletingException"));
    }
    assert_eq!(nested(&*store, "n").await, None);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_comes_with_all_that_is_known_of_it() {
    let store = Arc::new(MemoryStore::new());
    make_machine(&*store, "inner", json!({"F": {"Type": "Fail", "Error": "E", "Cause": "C"}}), false).await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let outer = definition(json!({"S": starts(".sync:2", json!({"Name": "n"}))}));
    running.start("a", &outer, json!({})).await;
    let ending = running.ended("a").await;
    let told: Value = serde_json::from_str(&ending.cause.unwrap()).unwrap();
    assert_eq!(ending.error.as_deref(), Some("States.TaskFailed"));
    assert_eq!(
        (&told["Error"], &told["Cause"], &told["Status"]),
        (&json!("E"), &json!("C"), &json!("FAILED"))
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_task_waits_for_is_stopped_with_it() {
    let store = Arc::new(MemoryStore::new());
    make_machine(&*store, "inner", waits(), false).await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    // The whole execution is stopped.
    let outer = definition(json!({"S": starts(".sync", json!({"Name": "stopped"}))}));
    running.start("a", &outer, json!({})).await;
    token(&running).await;
    let stop = Request::Tell(Fact::Stopped { error: None, cause: None });
    running.ask("a", stop).await.unwrap();
    assert_eq!(ended(&*store, "stopped").await.status, Status::Aborted);
    // The task takes too long; the execution goes on.
    let mut task = starts(".sync:2", json!({"Name": "late"}));
    task["TimeoutSeconds"] = json!(5);
    task["Catch"] = json!([{"ErrorEquals": ["States.Timeout"], "Next": "W"}]);
    let outer = definition(json!({"S": task, "W": callback(("End", json!(true)))}));
    running.start("b", &outer, json!({})).await;
    assert_eq!(ended(&*store, "late").await.status, Status::Aborted);
    assert_eq!(running.ending("b").await, None);
    // A sibling fails.
    let branch = |name: &str, state: Value| json!({"StartAt": name, "States": {name: state}});
    let branches = [
        branch("S", starts(".sync:2", json!({"Name": "given-up"}))),
        branch("W", callback(("End", json!(true)))),
    ];
    let outer = definition(json!({"P": {"Type": "Parallel", "Branches": branches, "End": true}}));
    running.waiting();
    running.start("c", &outer, json!({})).await;
    let mut waiting = Vec::new();
    while waiting.len() < 2 {
        waiting.extend(running.waiting());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    waiting.retain(|(key, _)| *key == execution_key("m", "c"));
    let [(key, task)] = waiting.try_into().unwrap();
    let failed = Fact::TaskFailed { task, error: "E".to_owned(), cause: None };
    assert!(running.tell(&key, Request::Tell(failed)).await);
    assert_eq!(ended(&*store, "given-up").await.status, Status::Aborted);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_for_a_task_that_is_given_up_is_stopped() {
    let store = Arc::new(MemoryStore::new());
    make_machine(&*store, "inner", waits(), false).await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let outer = definition(json!({"S": starts(".sync", json!({"Name": "n"}))}));
    // Both are decided upon before the errand is carried out.
    let stop = Request::Tell(Fact::Stopped { error: None, cause: None });
    let (started, stopped) = tokio::join!(running.ask("a", start(&outer, json!({}))), running.ask("a", stop));
    assert!(matches!(started.unwrap(), Answer::Started { is_new: true, .. }));
    assert!(matches!(stopped.unwrap(), Answer::Told { was_awaited: true, .. }));
    assert_eq!(ended(&*store, "n").await.status, Status::Aborted);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_told_again_of_a_beginning_waits_still() {
    let store = Arc::new(MemoryStore::new());
    make_machine(&*store, "inner", waits(), false).await;
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let outer = definition(json!({"S": starts(".sync", json!({"Name": "n"}))}));
    running.start("a", &outer, json!({})).await;
    let key = execution_key("m", "a");
    let begun = loop {
        let facts = executions::journal(&*store, &key).await.unwrap();
        if let Some(entry) = facts.into_iter().find(|entry| matches!(entry.fact, Fact::TaskSubmitted { .. }))
        {
            break entry.fact;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(running.tell(&key, Request::Tell(begun)).await, "nothing has ended");
    let (inner, task) = token(&running).await;
    running.tell(&inner, succeeded(task, json!({}))).await;
    assert_eq!(running.ended("a").await.status, Status::Succeeded);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn however_often_commits_fail_an_execution_is_begun_once_and_its_end_is_told() {
    for fail_every in [2, 3, 5] {
        let inner: Arc<dyn Store> = Arc::new(MemoryStore::new());
        make_machine(&*inner, "inner", doubles(), false).await;
        let store = Watched::new(Arc::clone(&inner), fail_every);
        let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
        let mut map = json!({"M": {"Type": "Map", "ItemsPath": "$.items", "End": true, "ItemProcessor": {
            "StartAt": "S", "States": {"S": starts(".sync:2", json!({"Input": {"n.$": "$"}}))}}}});
        map["M"]["ItemProcessor"]["States"]["S"]["OutputPath"] = json!("$.Output.twice");
        let outer = keep(&*inner, "m", map).await;
        let items: Vec<u64> = (0..30).collect();
        let request = start(&outer, json!({"items": items}));
        running.requests.insist(&execution_key("m", "a"), request).await.unwrap();
        let twice: Vec<u64> = items.iter().map(|n| 2 * n).collect();
        assert_eq!(running.ended("a").await.output, Some(json!(twice)));
        let (listed, _) = list(&*inner, HOME, None, None, 100).await.unwrap();
        assert_eq!(listed.len(), items.len(), "failing every {fail_every}");
        check_journal(&*inner, "a", &outer).await;
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_this_process_hears_of_an_end() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let passes = definition(json!({"W": {"Type": "Wait", "Seconds": 3, "End": true}}));
    let key = execution_key("m", "e:1");
    let mut waiter = running.works.waiters.wait(&*key);
    let Request::Start(request) = start(&passes, json!("in")) else { unreachable!() };
    let request = Start { express: true, ..*request };
    let begun = running.requests.ask(&*key, Request::Start(Box::new(request))).await.unwrap();
    assert!(matches!(begun, Answer::Started { ending: None, .. }));
    assert_eq!(waiter.ended().await.unwrap().output, Some(json!("in")));
    assert_eq!(describe(&*store, &key).await.unwrap(), None);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_of_an_activity_waits_in_its_queue() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let activity = format!("{PLACE}:activity:work");
    let outer = definition(json!({"A": {"Type": "Task", "Resource": activity, "End": true}}));
    running.start("a", &outer, json!({"in": 1})).await;
    let key = queue_key("us-east-1", "work");
    let queue = loop {
        if let Some(entity) = store.get(&key).await.unwrap() {
            match inspect::state(&entity).unwrap() {
                Some(executions::Row::Queue(queue)) => break queue,
                other => panic!("{other:?}"),
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let [number] = queue.waiting().collect::<Vec<_>>().try_into().unwrap();
    let offered = queue.task(&*store, &key, number).await.unwrap().unwrap();
    assert_eq!((offered.execution.as_str(), &offered.input), ("execution/m:a", &json!({"in": 1})));
    let taken = Fact::ActivityStarted { task: offered.task, worker: None };
    assert!(running.tell(&offered.execution, Request::Tell(taken.clone())).await);
    assert!(!running.tell(&offered.execution, Request::Tell(taken)).await, "it is taken on once");
    assert!(running.tell(&offered.execution, succeeded(offered.task, json!("done"))).await);
    assert_eq!(running.ending("a").await.unwrap().output, Some(json!("done")));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_be_made_fails_the_execution_that_wants_it() {
    let store = Arc::new(MemoryStore::new());
    let running = Running::on(Arc::clone(&store) as Arc<dyn Store>);
    let outer = definition(json!({
        "W": {"Type": "Wait", "Seconds": 1, "Next": "T"},
        "T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:unmakeable", "End": true},
    }));
    running.start("a", &outer, json!({})).await;
    let ending = running.ended("a").await;
    assert_eq!((ending.status, ending.error.as_deref()), (Status::Failed, Some("States.Runtime")));
    check_journal(&*store, "a", &outer).await;
    running.stop().await;
}
