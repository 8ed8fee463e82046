//! Which executions can be redriven, and what is kept for it.

use engine::{
    Execution, Fact, History, Identity, NoneRefused, NotRedrivable, Phase, Rules, Stepped, TaskId, step,
};
use serde_json::{Value, json};

use crate::harness::definition;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

pub(crate) fn identity() -> Option<Box<Identity>> {
    Some(Box::new(Identity {
        execution_arn: "arn:aws:states:us-east-1:123456789012:execution:m:e".to_owned(),
        name: "e".to_owned(),
        machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".to_owned(),
        machine_name: "m".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
        version_arn: None,
        alias_arn: None,
        token_key: None,
    }))
}

fn started(identity: Option<Box<Identity>>, express: bool) -> Fact {
    let input = json!({"in": 1});
    Fact::Started {
        execution: "e".to_owned(),
        input,
        seed: 1,
        first_id: 1,
        identity,
        express,
        rules: Rules::TODAY,
    }
}

fn task() -> Value {
    json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true})
}

fn failed(task: u64) -> Fact {
    Fact::TaskFailed { task: TaskId(task), error: "E".to_owned(), cause: None }
}

/// The execution of a machine of one state after those facts, each at its time.
fn after(state: &Value, facts: &[(u64, Fact)]) -> Execution {
    let mut states = json!({"A": state});
    if state["Default"] == "B" {
        states["B"] = json!({"Type": "Succeed"});
    }
    let definition = definition(&json!({"StartAt": "A", "States": states}).to_string());
    let mut execution = None;
    for (at_ms, fact) in facts {
        let stepped = step(&definition, execution, fact.clone(), *at_ms, &NoneRefused, History::Skip);
        let Stepped::Advanced(step) = stepped.unwrap() else { panic!("{fact:?} is stale") };
        let read = Execution::decode(&step.execution.encode()).unwrap();
        assert_eq!(read, step.execution);
        execution = Some(read);
    }
    execution.unwrap()
}

#[test]
fn an_execution_that_cannot_be_redriven_says_why_in_the_words_of_aws() {
    let ended = after(&task(), &[(0, started(identity(), false)), (5, failed(1))]);
    assert_eq!(ended.redrivable(5 + 14 * DAY_MS), Ok(()));
    let late = ended.redrivable(6 + 14 * DAY_MS).unwrap_err();
    assert_eq!(late.to_string(), "Execution redrivable period exceeded");

    let running = after(&task(), &[(0, started(identity(), false))]);
    assert_eq!(running.redrivable(5), Err(NotRedrivable::Running));
    let done = after(&json!({"Type": "Succeed"}), &[(0, started(identity(), false))]);
    assert_eq!(done.redrivable(5), Err(NotRedrivable::Succeeded));
    let express = after(&task(), &[(0, started(identity(), true)), (5, failed(1))]);
    assert_eq!(express.redrivable(5), Err(NotRedrivable::Express));
    let nameless = after(&task(), &[(0, started(None, false)), (5, failed(1))]);
    assert_eq!(nameless.redrivable(5), Err(NotRedrivable::NotKept));

    let last_day = 360 * DAY_MS;
    let old = after(&task(), &[(0, started(identity(), false)), (last_day, failed(1))]);
    assert_eq!(old.redrivable(last_day + 5 * DAY_MS), Ok(()));
    assert_eq!(old.redrivable(last_day + 6 * DAY_MS), Err(NotRedrivable::TooOld));
}

#[test]
fn a_full_history_has_no_place_for_a_redrive() {
    let rule = json!({"Variable": "$$.State.Name", "IsPresent": true, "Next": "A"});
    let state = json!({"Type": "Choice", "Choices": [rule], "Default": "B"});
    let full = after(&state, &[(0, started(identity(), false))]);
    assert_eq!(full.history_len(), 25_000);
    assert_eq!(full.redrivable(0), Err(NotRedrivable::HistoryFull));
}

#[test]
fn answers_to_what_was_given_up_are_stale_after_a_redrive() {
    let definition = definition(&json!({"StartAt": "A", "States": {"A": task()}}).to_string());
    let stop = Fact::Stopped { error: None, cause: None };
    let again = after(&task(), &[(0, started(identity(), false)), (5, stop), (9, Fact::Redriven)]);
    assert_eq!((again.redrives(), again.redriven_ms()), (1, Some(9)));
    assert_eq!(again.pending_tasks(), [TaskId(3)], "1 was given up, 2 is the timer of the year");
    for fact in [failed(1), Fact::Redriven, started(identity(), false)] {
        let stepped = step(&definition, Some(again.clone()), fact, 10, &NoneRefused, History::Skip);
        assert_eq!(stepped, Ok(Stepped::Stale(Box::new(again.clone()))));
    }
}

#[test]
fn what_is_kept_is_the_input_of_the_state_that_did_not_end_well() {
    let [kept, nothing] = [identity(), None].map(|identity| {
        let ended = after(&task(), &[(0, started(identity, false)), (5, failed(1))]);
        let Phase::Ended(ending) = ended.phase() else { panic!("it has failed") };
        serde_json::to_value(&ending.unfinished).unwrap()
    });
    assert_eq!(kept, json!([{"h": {}, "s": "A", "d": {"in": 1}, "n": 2, "e": 5, "w": "b"}]));
    assert_eq!(nothing, Value::Null);
}

#[test]
fn an_ending_that_cannot_be_one_is_refused() {
    let parallel = json!({"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "B", "States": {"B": {"Type": "Fail", "Error": "E"}}},
        {"StartAt": "C", "States": {"C": {"Type": "Wait", "Seconds": 9, "End": true}}}]});
    let ended = after(&parallel, &[(0, started(identity(), false))]);
    let text = String::from_utf8(ended.encode()).unwrap();
    for (right, wrong) in [
        (r#""p":[0,0]"#, r#""p":[7,0]"#),
        (r#""p":[0,0]"#, r#""p":[2,0]"#),
        (r#""i":2"#, r#""i":1"#),
        (r#""n":2}}"#, r#""n":1}}"#),
    ] {
        assert!(text.contains(right), "{right} is in {text}");
        let damaged = text.replacen(right, wrong, 1);
        assert!(Execution::decode(damaged.as_bytes()).is_err(), "{damaged}");
    }
}
