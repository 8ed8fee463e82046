//! A run of a definition that is told in a line.

use engine::{HistoryEvent, Status};
use runner::{Answers, Coverage, Layers, Mocks, Run, RunError, Settings};
use serde_json::{Value, json};

pub(crate) const START_MS: u64 = 1_700_000_000_000;

/// What a run came to, with its history.
pub(crate) struct Ran {
    pub(crate) run: Result<Run, RunError>,
    pub(crate) history: Vec<HistoryEvent>,
    pub(crate) coverage: Coverage,
}

pub(crate) fn settings() -> Settings {
    Settings::new("flow", "e-1", START_MS)
}

pub(crate) fn ran(definition: &str, input: Value, settings: &Settings, answers: &mut dyn Answers) -> Ran {
    let definition = asl::parse(definition).unwrap_or_else(|problems| panic!("{problems}"));
    let (mut history, mut coverage) = (Vec::new(), Coverage::default());
    let run = runner::run(&definition, input, settings, answers, &mut |event| {
        coverage.see(event);
        history.push(event.clone());
    });
    engine::legal(&history).unwrap_or_else(|illegal| panic!("{illegal}"));
    Ran { run, history, coverage }
}

/// A definition of one state `S` of that text, with its end.
pub(crate) fn one(state: &str) -> String {
    format!(r#"{{"StartAt": "S", "States": {{"S": {{{state}, "End": true}}}}}}"#)
}

/// A definition of one Task that calls that.
pub(crate) fn task(resource: &str, more: &str) -> String {
    one(&format!(r#""Type": "Task", "Resource": "{resource}"{more}"#))
}

pub(crate) const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

pub(crate) fn mocks(mocks: Value) -> Layers {
    Layers::default().and(serde_json::from_value::<Mocks>(mocks).unwrap())
}

impl Ran {
    pub(crate) fn types(&self) -> Vec<String> {
        self.history.iter().map(HistoryEvent::type_name).collect()
    }

    pub(crate) fn took_ms(&self) -> u64 {
        self.run.as_ref().unwrap().ending.at_ms - START_MS
    }

    /// The output, or the error and its cause.
    pub(crate) fn came_to(&self) -> Value {
        let ending = &self.run.as_ref().unwrap_or_else(|error| panic!("{error}")).ending;
        match ending.status {
            Status::Succeeded => ending.output.clone().unwrap(),
            _ => json!([ending.error, ending.cause]),
        }
    }

    pub(crate) fn error(&self) -> String {
        self.run.as_ref().unwrap_err().to_string()
    }
}
