//! Executions that an earlier version of this program began and stored go on: by their own rules, and whatever their rows and errands lack.

use std::sync::Arc;

use asl::Definition;
use engine::{Fact, JournalEntry, MapRunId, TaskId};
use executions::{Answer, Catalogue, Errand, Executor, Outcome, Request, Row, execution_key};
use participant::{Effects, Handler, Input};
use serde_json::{Value, json};

use crate::common::Works;
use crate::map_runs::{begin, each};

/// As the engine's tests have them.
const BY_RULES_1: &str = include_str!("../../../engine/tests/engine/rules-1.json");
const NOW_MS: i64 = 1_700_000_000_000;

type EffectsOf = Effects<Errand<TaskId>, Answer>;

fn executor(definition: &Arc<Definition>) -> Executor<Works> {
    let catalogue = Catalogue::default();
    catalogue.put(Arc::clone(definition));
    Executor::new(catalogue, Works::default())
}

fn handle(
    executor: &Executor<Works>,
    row: Option<Row>,
    input: Input<'_, Outcome, Request>,
    now_ms: i64,
) -> (Row, EffectsOf) {
    let mut effects = Effects::new(execution_key("m", "e"), now_ms);
    let row = executor.handle(row, input, &mut effects).unwrap().unwrap();
    (row, effects)
}

/// What is asked, so that an execution is told that.
fn told(fact: Fact) -> Request {
    match fact {
        Fact::Redriven => Request::Redrive { token: None },
        fact => Request::Tell(fact),
    }
}

/// The row of an execution that stands there after so many facts.
fn row(begun: &Row, execution: &Value, facts: usize) -> Row {
    let mut row = serde_json::to_value(begun).unwrap();
    let stored = row["x"].as_object_mut().unwrap();
    stored["p"] = json!({"h": execution});
    stored["j"]["n"] = facts.into();
    stored.remove("m");
    if let Some(redrives) = execution["h"].get("c") {
        stored.insert("r".to_owned(), json!({"n": redrives, "t": NOW_MS}));
    }
    serde_json::from_str(&row.to_string()).unwrap()
}

#[test]
fn an_execution_goes_on_by_the_rules_that_it_began_with() {
    let written: Vec<Value> = serde_json::from_str(BY_RULES_1).unwrap();
    assert!(!written.is_empty());
    for execution in written {
        let definition = Arc::new(asl::parse(&execution["definition"].to_string()).unwrap());
        let executor = executor(&definition);
        let journal: Vec<JournalEntry> = serde_json::from_value(execution["journal"].clone()).unwrap();
        let Fact::Started { input, .. } = &journal[0].fact else { panic!("it begins") };
        let (begun, _) =
            handle(&executor, None, Input::Request(&begin(&definition, "e", input.clone())), NOW_MS);
        let stored = execution["stored"].as_array().unwrap();
        for from in 1..journal.len() {
            let mut row = row(&begun, &stored[from - 1], from);
            for JournalEntry { at_ms, fact, .. } in journal[from..].iter().cloned() {
                let at_ms = i64::try_from(at_ms).unwrap();
                (row, _) = handle(&executor, Some(row), Input::Request(&told(fact)), at_ms);
            }
            let name = &execution["name"];
            let last = serde_json::to_value(row).unwrap()["x"]["p"]["h"].take();
            assert_eq!(Some(&last), stored.last(), "{name} after {from} facts");
        }
    }
}

#[test]
fn a_child_is_let_be_of_which_an_earlier_version_does_not_say_when_it_was_asked_for() {
    let definition = json!({"StartAt": "M", "States": {"M": each(json!({"Type": "Wait", "Seconds": 9, "End": true}), &json!({}))}});
    let definition = Arc::new(asl::parse(&definition.to_string()).unwrap());
    let executor = executor(&definition);
    let (row, effects) =
        handle(&executor, None, Input::Request(&begin(&definition, "e", json!([1]))), NOW_MS);
    let [errand @ Errand::StartChild(_)] = effects.calls() else { panic!("{:?}", effects.calls()) };
    let mut errand = serde_json::to_value(errand).unwrap();
    assert_eq!(errand["c"].as_object_mut().unwrap().remove("attempt"), Some(json!(0)));
    let errand: Errand<TaskId> = serde_json::from_value(errand).unwrap();
    assert!(format!("{errand:?}").contains("attempt: None"), "it is not known: {errand:?}");

    let stop = Request::Tell(Fact::Stopped { error: None, cause: None });
    let (row, _) = handle(&executor, Some(row), Input::Request(&stop), NOW_MS);
    let (row, _) = handle(&executor, Some(row), Input::Request(&told(Fact::Redriven)), NOW_MS);
    for (attempt, is_stopped) in [(None, false), (Some(1), false), (Some(0), true)] {
        let begun = Outcome::ChildBegun { run: MapRunId(1), attempt, child: "c".to_owned() };
        let (_, effects) = handle(&executor, Some(row.clone()), Input::Outcome(&begun), NOW_MS);
        let stops = |errand: &Errand<TaskId>| matches!(errand, Errand::StopChildren { .. });
        assert_eq!(effects.calls().iter().any(stops), is_stopped, "{attempt:?}");
    }
}
