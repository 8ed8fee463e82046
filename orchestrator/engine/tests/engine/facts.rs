//! Facts that come late, twice, or about nothing.

use std::ops::ControlFlow;

use asl::Definition;
use engine::{
    Effect, Execution, Fact, History, IllegalFact, JournalEntry, NoneRefused, ReplayError, Rules, Status,
    Stepped, TaskId, TimerId, replay, step, step_seen,
};
use serde_json::json;

use crate::harness::definition;

const TASK: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "End": true, "TimeoutSeconds": 9, "HeartbeatSeconds": 4,
    "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "Retry": [{"ErrorEquals": ["States.ALL"]}]}}}"#;

fn started() -> Fact {
    Fact::Started {
        execution: "e".to_owned(),
        input: json!({}),
        seed: 1,
        first_id: 1,
        identity: None,
        express: false,
        rules: Rules::TODAY,
    }
}

fn ok(task: u64) -> Fact {
    Fact::FunctionReturned { task: TaskId(task), output: json!({}) }
}

fn fired(timer: u64) -> Fact {
    Fact::TimerFired { timer: TimerId(timer) }
}

fn advance(definition: &Definition, execution: Option<Execution>, fact: Fact) -> (Execution, Vec<Effect>) {
    match step(definition, execution, fact.clone(), 0, &NoneRefused, History::Skip).unwrap() {
        Stepped::Advanced(step) => (step.execution, step.effects),
        Stepped::Stale(_) => panic!("{fact:?} is stale"),
    }
}

fn check_stale(definition: &Definition, execution: &Execution, fact: Fact) {
    let stepped = step(definition, Some(execution.clone()), fact.clone(), 0, &NoneRefused, History::Skip);
    assert_eq!(stepped, Ok(Stepped::Stale(Box::new(execution.clone()))), "{fact:?}");
}

#[test]
fn events_can_be_told_as_they_happen_and_a_step_stopped_in_the_middle() {
    let round = definition(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Succeed"},
            "B": {"Type": "Choice", "Choices": [{"Variable": "$.stop", "IsPresent": true, "Next": "C"}], "Default": "A"}}}"#,
    );
    let Ok(Stepped::Advanced(kept)) = step(&round, None, started(), 0, &NoneRefused, History::Keep) else {
        panic!("it does not begin")
    };
    let mut told = Vec::new();
    let mut see = |event| {
        told.push(event);
        ControlFlow::Continue(())
    };
    let seen = step_seen(&round, None, started(), 0, &NoneRefused, &mut see);
    let Ok(Stepped::Advanced(seen)) = seen else { panic!("it does not begin") };
    assert!(kept.history == told && told.len() == 25_000);
    assert!(seen.history.is_empty() && seen.execution == kept.execution);

    let mut count = 0;
    let mut see = |_| {
        count += 1;
        if count < 10 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let stopped = step_seen(&round, None, started(), 0, &NoneRefused, &mut see);
    let Ok(Stepped::Advanced(stopped)) = stopped else { panic!("it does not begin") };
    assert_eq!((stopped.execution.status(), count < 20), (Status::Failed, true));
}

#[test]
fn what_is_not_pending_is_stale() {
    let definition = definition(TASK);
    let (first, effects) = advance(&definition, None, started());
    assert_eq!(effects.len(), 3, "a call (1), its timeout (2) and its heartbeat (3)");
    for fact in [started(), ok(9), fired(1), fired(9), Fact::TaskHeartbeat { task: TaskId(2) }] {
        check_stale(&definition, &first, fact);
    }

    let (beating, effects) =
        advance(&definition, Some(first.clone()), Fact::TaskHeartbeat { task: TaskId(1) });
    assert_eq!(effects[0], Effect::CancelTimer { timer: TimerId(3) });
    assert!(matches!(effects[1], Effect::SetTimer { timer: TimerId(4), .. }));
    check_stale(&definition, &beating, fired(3));

    let (backing_off, effects) = advance(&definition, Some(first.clone()), fired(2));
    assert_eq!(effects[0], Effect::CancelTimer { timer: TimerId(3) });
    check_stale(&definition, &backing_off, ok(1));
    let (again, _) = advance(&definition, Some(backing_off), fired(4));
    assert_eq!(again.pending_tasks(), [TaskId(5)], "another attempt, another id");
    check_stale(&definition, &again, ok(1));
    check_stale(&definition, &again, fired(4));

    let (done, effects) = advance(&definition, Some(again), ok(5));
    assert_eq!(effects.last(), Some(&Effect::Finished { status: Status::Succeeded }));
    for fact in [ok(5), fired(6), started(), Fact::Stopped { error: None, cause: None }] {
        check_stale(&definition, &done, fact);
    }
}

#[test]
fn a_stop_ends_it_and_cancels_its_timers() {
    let definition = definition(TASK);
    let (first, _) = advance(&definition, None, started());
    let timers = first.pending_timers();
    let stop = Fact::Stopped { error: Some("Stop".to_owned()), cause: Some("enough".to_owned()) };
    let (stopped, effects) = advance(&definition, Some(first), stop);
    assert_eq!(stopped.status(), Status::Aborted);
    let mut expected: Vec<Effect> =
        timers.iter().map(|timer| Effect::CancelTimer { timer: timer.id }).collect();
    expected.push(Effect::Finished { status: Status::Aborted });
    assert_eq!(effects, expected);
}

#[test]
fn what_cannot_be_is_an_error() {
    let definition = definition(TASK);
    assert_eq!(step(&definition, None, ok(1), 0, &NoneRefused, History::Skip), Err(IllegalFact::NotStarted));
    let (first, _) = advance(&definition, None, started());
    let other = crate::harness::order_definition();
    let wrong = step(&other, Some(first.clone()), ok(1), 0, &NoneRefused, History::Skip);
    assert!(matches!(wrong, Err(IllegalFact::WrongDefinition { .. })));
    let damaged = String::from_utf8(first.encode()).unwrap().replace("\"s\":\"A\"", "\"s\":\"Z\"");
    let damaged = Execution::decode(damaged.as_bytes()).unwrap();
    assert_eq!(
        step(&definition, Some(damaged), ok(1), 0, &NoneRefused, History::Skip),
        Err(IllegalFact::Damaged)
    );
    assert!(Execution::decode(b"{}").is_err());
    let future = String::from_utf8(first.encode()).unwrap().replace("\"v\":3", "\"v\":4");
    assert!(Execution::decode(future.as_bytes()).unwrap_err().to_string().contains("layout 4"));
    assert!(serde_json::from_str::<Execution>(&future).unwrap_err().to_string().contains("layout 4"));
}

#[test]
fn a_snapshot_with_the_numbers_of_states_is_still_read() {
    let text = r#"{"StartAt": "P", "States": {
        "Z": {"Type": "Succeed"},
        "P": {"Type": "Parallel", "Next": "Z", "Branches": [
            {"StartAt": "Y", "States": {"Y": {"Type": "Wait", "Seconds": 9, "End": true}}},
            {"StartAt": "X", "States": {"X": {"Type": "Wait", "Seconds": 8, "End": true}}}]}}}"#;
    let definition = definition(text);
    let (named, _) = advance(&definition, None, started());
    let text = String::from_utf8(named.encode()).unwrap();
    let mut old = text.replace("\"v\":3", "\"v\":1");
    for (name, number) in [("P", 1), ("Y", 2), ("X", 3)] {
        old = old.replace(&format!("\"s\":\"{name}\""), &format!("\"s\":{number}"));
    }
    assert_eq!(old.matches("\"s\":\"").count(), 0, "{old}");
    for neither in [old.replace("\"v\":1", "\"v\":2"), text.replace("\"v\":3", "\"v\":1")] {
        let error = Execution::decode(neither.as_bytes()).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("later ones their names"));
    }
    let old = Execution::decode(old.as_bytes()).unwrap();
    assert!(old.is_of_earlier_layout());
    assert_eq!(Execution::decode(&old.encode()).unwrap(), old, "stored as it was, unless it moves");
    assert_eq!(old.clone().brought_up_to_date(&definition).unwrap(), named);
    let due = named.pending_timers()[1].id;
    let both = [old, named].map(|from| advance(&definition, Some(from), Fact::TimerFired { timer: due }));
    assert_eq!(both[0], both[1], "it goes on alike");
}

#[test]
fn a_journal_that_cannot_have_been_is_refused() {
    let definition = definition(TASK);
    let entry = |fact| JournalEntry::new(0, fact);
    assert_eq!(replay(&definition, []).unwrap_err(), ReplayError::Empty);
    let stale = replay(&definition, [entry(started()), entry(ok(9))]).unwrap_err();
    assert_eq!(stale, ReplayError::Stale { index: 1 });
    let illegal = replay(&definition, [entry(ok(1))]).unwrap_err();
    assert!(matches!(illegal, ReplayError::Illegal { index: 0, .. }));
}

#[test]
fn a_journal_survives_being_stored() {
    for fact in [
        started(),
        ok(1),
        fired(2),
        Fact::TaskFailed { task: TaskId(1), error: "E".to_owned(), cause: None },
        Fact::TaskHeartbeat { task: TaskId(1) },
        Fact::Stopped { error: None, cause: Some("c".to_owned()) },
    ] {
        let entry = JournalEntry::new(5, fact);
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<JournalEntry>(&text).unwrap(), entry);
    }
}

#[test]
fn what_a_task_is_told_twice_or_cannot_be_told_is_stale() {
    let activity = "arn:aws:states:us-east-1:123456789012:activity:cook";
    let text = json!({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": activity, "TimeoutSeconds": 60, "End": true}}});
    let definition = definition(&text.to_string());
    let (waiting, effects) = advance(&definition, None, started());
    // Nobody has taken it on: its time does not run yet.
    assert_eq!((waiting.pending_timers().len(), effects.len()), (0, 1));
    let task = waiting.pending_tasks()[0];
    let taken = Fact::ActivityStarted { task, worker: Some("w".to_owned()) };
    let (at_work, _) = advance(&definition, Some(waiting.clone()), taken.clone());
    assert_eq!(at_work.pending_timers().len(), 1);
    for (execution, fact) in [
        (&at_work, taken),
        (&at_work, Fact::TaskSubmitted { task, output: json!({}) }),
        (&at_work, Fact::TaskHeartbeat { task }),
        (&waiting, Fact::TaskHeartbeat { task }),
    ] {
        let stepped =
            step(&definition, Some(execution.clone()), fact.clone(), 1, &NoneRefused, History::Skip);
        assert_eq!(stepped, Ok(Stepped::Stale(Box::new(execution.clone()))), "{fact:?}");
    }
}

#[test]
fn a_snapshot_that_cannot_be_one_is_refused() {
    let text = r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "Y", "States": {"Y": {"Type": "Wait", "Seconds": 9, "End": true}}},
        {"StartAt": "X", "States": {"X": {"Type": "Wait", "Seconds": 8, "End": true}}}]}}}"#;
    let (execution, _) = advance(&definition(text), None, started());
    let text = String::from_utf8(execution.encode()).unwrap();
    assert!(Execution::decode(text.as_bytes()).is_ok());
    for (right, wrong) in [
        (r#""p":[0,1]"#, r#""p":[2,1]"#),
        (r#""p":[0,1]"#, r#""p":[7,1]"#),
        (r#""i":2"#, r#""i":0"#),
        (r#""n":2}"#, r#""n":3}"#),
        (r#""n":3"#, r#""n":2"#),
        (r#""n":3"#, r#""n":18446744073709551615"#),
    ] {
        assert!(text.contains(right), "{right} is in {text}");
        let damaged = text.replacen(right, wrong, 1);
        assert!(Execution::decode(damaged.as_bytes()).is_err(), "{damaged}");
    }
}
