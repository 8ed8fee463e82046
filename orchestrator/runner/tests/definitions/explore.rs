//! Runs a definition again and again with made-up inputs, results and errors.

use std::collections::{BTreeMap, BTreeSet};

use asl::Definition;
use runner::{Answer, Answers, Asked, Course, Coverage, Kind, NoneLeft, Reply, RunError, Settings, spots};
use serde_json::json;

use crate::made_up::{Chance, Made};

/// Most runs of one definition.
const RUNS: u64 = 3_000;
/// Most facts of one run: a loop that polls until something changes goes round a few times.
const FACTS_MAX: u64 = 400;

/// Answers with what was made up, and now and then with an error that the state can name.
struct Invented<'m> {
    made: &'m Made,
    chance: Chance,
    /// The errors that states name in their Retry and Catch.
    errors: &'m BTreeMap<String, Vec<String>>,
}

impl Answers for Invented<'_> {
    fn answer(&mut self, asked: &Asked) -> Result<Option<Reply>, NoneLeft> {
        let errors = self.errors.get(&*asked.state).filter(|_| self.chance.below(4) == 0);
        let answer = match errors {
            Some(errors) => {
                let error = self.chance.of(errors).clone();
                Answer::Failed { error, cause: Some("made up".to_owned()) }
            }
            None => asked.returned(self.made.result(&mut self.chance)),
        };
        Ok(Some(Reply::Told(Course::after(0, answer))))
    }
}

/// The errors that each state names, those with a meaning of their own as a task may report them.
fn named_errors(definition: &Definition) -> BTreeMap<String, Vec<String>> {
    let mut errors = BTreeMap::new();
    for (_, state) in definition.states() {
        let Some(recovery) = state.kind.recovery() else { continue };
        let retry = recovery.retry.iter().flat_map(|retrier| &retrier.errors.0);
        let catch = recovery.catch.iter().flat_map(|catcher| &catcher.errors.0);
        let names: BTreeSet<&String> = retry.chain(catch).collect();
        let names = names.into_iter().map(|name| match name.as_str() {
            "States.ALL" | "States.TaskFailed" => "MadeUp".to_owned(),
            name => name.to_owned(),
        });
        let names: Vec<String> = names.collect();
        if !names.is_empty() {
            errors.insert(state.name.to_string(), names);
        }
    }
    errors
}

/// The states that no run visited. Every run must come to an end, or go round for ever; nothing else.
pub(crate) fn explore(definition: &Definition, text: &str) -> BTreeSet<String> {
    let made = Made::of(&serde_json::from_str(text).unwrap());
    let errors = named_errors(definition);
    let states: Vec<_> = spots(definition).into_iter().filter(|spot| spot.kind == Kind::State).collect();
    let mut coverage = Coverage::default();
    let mut left: BTreeSet<String> = states.iter().map(|spot| spot.name.clone()).collect();
    for seed in 0..RUNS {
        let mut chance = Chance::new(seed + 1);
        let input = match seed {
            0 => json!({}),
            _ => made.value(&mut chance),
        };
        let settings = Settings { seed, facts_max: FACTS_MAX, ..Settings::new("m", "e", 1_700_000_000_000) };
        let mut answers = Invented { made: &made, chance, errors: &errors };
        let ran = runner::run_all(definition, input, &settings, &mut answers, &mut |seen| {
            if seen.is_part {
                coverage.see(seen.event);
            }
        });
        match ran {
            Ok(_) | Err(RunError::TooLong(_)) => {}
            Err(other) => panic!("seed {seed}: {other}"),
        }
        left.retain(|name| !coverage.entered(name));
        if left.is_empty() {
            break;
        }
    }
    left
}

#[test]
fn a_state_behind_a_rule_an_error_and_a_loop_is_found() {
    let text = json!({"StartAt": "A", "States": {
        "A": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "Next": "B",
            "Catch": [{"ErrorEquals": ["S3.NoSuchKey"], "Next": "C"}]},
        "B": {"Type": "Choice", "Default": "A", "Choices": [{"Variable": "$.State.Name", "StringEquals": "done", "Next": "D"}]},
        "C": {"Type": "Fail"}, "D": {"Type": "Succeed"}}});
    let text = text.to_string();
    assert_eq!(explore(&asl::parse(&text).unwrap(), &text), BTreeSet::new());
}
