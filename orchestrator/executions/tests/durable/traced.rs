//! What is told of executions to who records traces.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::{Fact, Status};
use executions::{Answer, Request, Spans, Stretch, Stretched};
use serde_json::{Value, json};
use store::Store;
use store::memory::MemoryStore;

use crate::common::{Running, Works, callback, keep, succeeded};
use crate::map_runs::{at_rest, begin, fail};

/// Stretches in memory.
#[derive(Default)]
struct Told(Mutex<Vec<Stretch>>);

impl Spans for Told {
    fn record(&self, stretch: Stretch) {
        self.0.lock().unwrap().push(stretch);
    }
}

impl Told {
    fn take(&self) -> Vec<Stretch> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn world() -> (Arc<Told>, Arc<dyn Store>, Running) {
    let (told, store): (Arc<Told>, Arc<dyn Store>) = (Arc::default(), Arc::new(MemoryStore::new()));
    let spans = Some(Arc::clone(&told) as Arc<dyn Spans>);
    let running = Running::with(Arc::clone(&store), Works { spans, ..Works::default() });
    (told, store, running)
}

fn is_task(stretch: &Stretch) -> bool {
    matches!(stretch.of, Stretched::Task { .. })
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_took_too_long_has_the_error_that_the_history_has() {
    let (told, store, running) = world();
    for (name, fields, error) in [
        ("a", json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 5}), "States.HeartbeatTimeout"),
        ("b", json!({"TimeoutSeconds": 5, "HeartbeatSeconds": 4}), "States.HeartbeatTimeout"),
        ("c", json!({"TimeoutSeconds": 5}), "States.Timeout"),
    ] {
        let mut task = callback(("End", json!(true)));
        task.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let definition = keep(&*store, "m", json!({"W": task})).await;
        running.ask(name, begin(&definition, name, json!({}))).await.unwrap();
        assert_eq!(running.ended(name).await.error.as_deref(), Some(error), "{name}");
        let stretches = told.take();
        let errors: Vec<_> = stretches.iter().map(|stretch| stretch.error.as_deref()).collect();
        assert_eq!((errors, is_task(&stretches[0])), (vec![Some(error); 2], true), "{name}");
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_redrive_is_a_run_of_its_own() {
    let (told, store, running) = world();
    let definition = keep(&*store, "m", json!({"W": callback(("End", json!(true)))})).await;
    running.ask("a", begin(&definition, "a", json!({}))).await.unwrap();
    let [(key, task)] = running.waiting().try_into().unwrap();
    let failed = Request::Tell(Fact::TaskFailed { task, error: "E".to_owned(), cause: None });
    assert!(running.tell(&key, failed).await);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let again = running.ask("a", Request::Redrive { token: None }).await.unwrap();
    let Answer::Redriven { at_ms } = again else { panic!("{again:?}") };
    tokio::time::sleep(Duration::from_secs(5)).await;
    let [(key, task)] = running.waiting().try_into().unwrap();
    assert!(running.tell(&key, succeeded(task, json!("out"))).await);
    let stretches = told.take();
    let [first_task, first, second_task, second] = &stretches[..] else { panic!("{stretches:?}") };
    assert!(is_task(first_task) && is_task(second_task) && !is_task(first) && !is_task(second));
    assert_eq!([first_task, first, second_task, second].map(|it| it.redrives), [0, 0, 1, 1]);
    assert_eq!((second.began_ms, second.ended_ms, second_task.began_ms), (at_ms, at_ms + 5_000, at_ms));
    assert!(first.ended_ms < second.began_ms);
    running.stop().await;
}

/// It has the same ARN each time.
#[tokio::test(start_paused = true)]
async fn an_express_child_that_begins_anew_is_a_run_of_its_own_each_time() {
    let (told, store, running) = world();
    let map: Value = json!({"Type": "Map", "Label": "Each", "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "D", "States": {"D": fail()}}});
    let definition = keep(&*store, "m", json!({"M": map})).await;
    running.ask("a", begin(&definition, "a", json!([1]))).await.unwrap();
    for redrives in 0..3 {
        if redrives > 0 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let again = running.ask("a", Request::Redrive { token: None }).await.unwrap();
            assert!(matches!(again, Answer::Redriven { .. }), "{again:?}");
        }
        assert_eq!(running.ended("a").await.status, Status::Failed);
        at_rest(&*store).await;
        let mut stretches = told.take();
        stretches.sort_by_key(|stretch| stretch.execution_arn.len());
        let runs: Vec<_> = stretches.iter().map(|stretch| stretch.redrives).collect();
        assert_eq!(runs, [redrives; 2], "{stretches:?}");
        assert!(
            stretches.iter().all(|stretch| stretch.ended_ms - stretch.began_ms < 60_000),
            "{stretches:?}"
        );
    }
    running.stop().await;
}
