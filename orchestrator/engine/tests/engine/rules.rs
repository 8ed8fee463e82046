//! Executions that an earlier version of this program began, and wrote down: each goes on by the rules that it began with.
//!
//! `rules-N.json` holds what the last version wrote that began executions by rules N: its journals, what was stored after each fact, what
//! was asked for, and the histories that it told. It is never written again. Each of them leads elsewhere by the rules after those.

use engine::{
    Effect, Execution, Fact, History, JournalEntry, NoneRefused, Rules, Step, Stepped, replay, step,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::definition;

/// An execution as it was written by an earlier version.
#[derive(Deserialize)]
struct Written {
    name: String,
    definition: Value,
    journal: Vec<JournalEntry>,
    /// What was stored after each fact.
    stored: Vec<Value>,
    /// The kinds of the effects of each fact.
    asked: Vec<Vec<String>>,
    history: Vec<Value>,
}

/// What became of an execution from some fact on.
#[derive(Debug, PartialEq)]
struct Course {
    asked: Vec<Vec<String>>,
    history: Vec<Value>,
    /// As it is stored after the last fact.
    last: Value,
}

fn written(rules: &str) -> Vec<Written> {
    let text = match rules {
        "1" => include_str!("rules-1.json"),
        other => panic!("no executions by rules {other}"),
    };
    serde_json::from_str(text).unwrap()
}

fn kind(effect: &Effect) -> String {
    let text = format!("{effect:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()
}

fn stored(execution: &Execution) -> Value {
    serde_json::from_slice(&execution.encode()).unwrap()
}

fn read(stored: &Value) -> Execution {
    Execution::decode(stored.to_string().as_bytes()).unwrap()
}

/// What becomes of it with the facts from there on; `None` if it waits for one of them no longer.
fn goes_on(written: &Written, mut execution: Option<Execution>, from: usize) -> Option<Course> {
    let definition = definition(&written.definition.to_string());
    let (mut asked, mut history) = (Vec::new(), Vec::new());
    for JournalEntry { at_ms, fact, .. } in written.journal[from..].iter().cloned() {
        let stepped = step(&definition, execution.take(), fact, at_ms, &NoneRefused, History::Keep);
        let Stepped::Advanced(step) = stepped.unwrap() else { return None };
        let Step { execution: after, effects, history: events, .. } = *step;
        for effect in &effects {
            if let Effect::StartChild(child) = effect {
                assert_eq!(child.start.rules, after.rules(), "a child goes by the rules of its parent");
            }
        }
        asked.push(effects.iter().map(kind).collect());
        history.extend(events.iter().map(|event| event.to_json("eu-west-1")));
        execution = Some(after);
    }
    Some(Course { asked, history, last: stored(&execution.unwrap()) })
}

/// What an earlier version told of it from that fact on.
fn told(written: &Written, from: usize) -> Course {
    let before = match from {
        0 => 0,
        from => usize::try_from(read(&written.stored[from - 1]).history_len()).unwrap(),
    };
    Course {
        asked: written.asked[from..].to_vec(),
        history: written.history[before..].to_vec(),
        last: written.stored.last().unwrap().clone(),
    }
}

/// The same, begun by other rules.
fn by(rules: Rules, mut written: Written) -> Written {
    let Some(JournalEntry { fact: Fact::Started { rules: begun, .. }, .. }) = written.journal.first_mut()
    else {
        panic!("it begins")
    };
    *begun = rules;
    for stored in &mut written.stored {
        stored["h"]["u"] = json!(u16::from(rules));
    }
    written
}

#[test]
fn what_was_decided_by_earlier_rules_is_decided_again() {
    for written in written("1") {
        assert!(read(written.stored.last().unwrap()).rules() < Rules::TODAY, "{}", written.name);
        assert_eq!(goes_on(&written, None, 0), Some(told(&written, 0)), "{}", written.name);
        let (replayed, history) =
            replay(&definition(&written.definition.to_string()), written.journal.clone()).unwrap();
        assert_eq!(stored(&replayed), *written.stored.last().unwrap(), "{}", written.name);
        assert_eq!(history.len(), written.history.len(), "{}", written.name);
    }
}

#[test]
fn what_was_stored_by_an_earlier_version_goes_on_from_every_fact() {
    for written in written("1") {
        for from in 1..written.journal.len() {
            let execution = read(&written.stored[from - 1]);
            let on = goes_on(&written, Some(execution), from);
            assert_eq!(on, Some(told(&written, from)), "{} after {from} facts", written.name);
        }
    }
}

#[test]
fn each_leads_elsewhere_by_the_rules_of_today() {
    for written in written("1") {
        let written = by(Rules::TODAY, written);
        let expected = |from| {
            let mut course = told(&written, from);
            course.last["h"]["u"] = json!(u16::from(Rules::TODAY));
            Some(course)
        };
        let on =
            |from: usize| goes_on(&written, from.checked_sub(1).map(|at| read(&written.stored[at])), from);
        let differs = (0..written.journal.len()).any(|from| on(from) != expected(from));
        assert!(differs, "{}: rules that make no difference need no number", written.name);
    }
}

#[test]
fn rules_of_a_later_version_are_refused() {
    let written = by(Rules::TODAY, written("1").swap_remove(0));
    let later = u16::from(Rules::TODAY) + 1;
    let mut snapshot = written.stored[0].clone();
    snapshot["h"]["u"] = json!(later);
    let refused = Execution::decode(snapshot.to_string().as_bytes()).unwrap_err();
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert!(source.contains(&format!("rules {later}")), "{source}");
    let mut begun = serde_json::to_value(&written.journal[0]).unwrap();
    begun["f"]["start"]["rules"] = json!(later);
    assert!(serde_json::from_value::<JournalEntry>(begun).is_err());
    assert!(Rules::try_from(0).is_err());
}
