//! Random workflows.

use std::cell::Cell;

use asl::random::Random;
use serde_json::{Map, Value, json};

use crate::common::{F, callback};

/// What the names of states begin with whose tasks fail until the execution was redriven.
pub(crate) const FAILS_AT_FIRST: &str = "Fails";
const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:work";

/// Makes states, each of another name.
struct Maker {
    random: Random,
    made: Cell<usize>,
    /// Maps in distributed mode.
    runs: Cell<usize>,
}

/// The states of the workflow of that seed, the first of which begins it, and its input.
pub(crate) fn states(seed: u64) -> (Value, Value) {
    let maker = Maker { random: Random::new(seed, 0), made: Cell::new(0), runs: Cell::new(0) };
    let inner = |n: u64| json!({"n": n, "items": []});
    let items = (0..maker.below(4)).map(|n| json!({"n": n, "items": [inner(n), inner(n + 1)]}));
    let items: Vec<Value> = items.collect();
    (Value::Object(maker.machine(2).0), json!({"n": 7, "items": items}))
}

impl Maker {
    fn below(&self, limit: u64) -> u64 {
        self.random.next_u64() % limit
    }

    /// One to three states, one after another; and the name of the first.
    fn machine(&self, depth: usize) -> (Map<String, Value>, String) {
        let count = 1 + self.below(3);
        let made: Vec<(String, Value)> = (0..count).map(|_| self.state(depth)).collect();
        let names: Vec<String> = made.iter().map(|(name, _)| name.clone()).collect();
        let states = made.into_iter().enumerate().map(|(place, (name, mut state))| {
            state.as_object_mut().unwrap().remove("End");
            match names.get(place + 1) {
                Some(next) => state["Next"] = json!(next),
                None => state["End"] = json!(true),
            }
            (name, state)
        });
        (states.collect(), names[0].clone())
    }

    fn processor(&self, depth: usize) -> Value {
        let (states, start) = self.machine(depth);
        json!({"StartAt": start, "States": states})
    }

    fn state(&self, depth: usize) -> (String, Value) {
        let number = self.made.get();
        self.made.set(number + 1);
        let beside = json!(format!("$.of{number}"));
        let (prefix, mut state) = match self.below(if depth == 0 { 6 } else { 10 }) {
            0 => ("Pass", json!({"Type": "Pass", "Result": number})),
            1 => ("Wait", json!({"Type": "Wait", "Seconds": 1 + self.below(3)})),
            2 => ("Call", json!({"Type": "Task", "Resource": F})),
            3 => ("Ask", callback(("End", json!(true)))),
            4 => ("Work", json!({"Type": "Task", "Resource": ACTIVITY})),
            5 => (FAILS_AT_FIRST, callback(("End", json!(true)))),
            6 | 7 => {
                let branches: Vec<Value> =
                    (0..2 + self.below(2)).map(|_| self.processor(depth - 1)).collect();
                ("Parallel", json!({"Type": "Parallel", "Branches": branches}))
            }
            8 => {
                let processor = self.processor(depth - 1);
                (
                    "Map",
                    json!({"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": self.below(3), "ItemProcessor": processor}),
                )
            }
            _ => {
                let mut processor = self.processor(depth - 1);
                processor["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
                let label = format!("L{}", self.runs.replace(self.runs.get() + 1));
                (
                    "Run",
                    json!({"Type": "Map", "Label": label, "ItemsPath": "$.items", "MaxConcurrency": self.below(3),
                               "ItemProcessor": processor}),
                )
            }
        };
        if state["Type"] != "Wait" {
            state["ResultPath"] = beside;
        }
        (format!("{prefix}{number}"), state)
    }
}
