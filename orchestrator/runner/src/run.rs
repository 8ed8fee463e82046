//! Runs an execution to its end.

use asl::Definition;
use engine::{Fact, HistoryEvent, Rules};
use serde_json::Value;

use crate::answer::Answers;
use crate::outcome::{Run, RunError, Seen};
use crate::settings::Settings;
use crate::world::World;

/// Runs an execution of a definition to its end. `see` is given each event of its history as it happens.
///
/// # Errors
/// [`RunError`] if it comes to no end. That it fails is an end, and no error.
pub fn run(
    definition: &Definition,
    input: Value,
    settings: &Settings,
    answers: &mut dyn Answers,
    see: &mut dyn FnMut(&HistoryEvent),
) -> Result<Run, RunError> {
    run_all(definition, input, settings, answers, &mut |seen: Seen<'_>| {
        if seen.execution.is_none() {
            see(seen.event);
        }
    })
}

/// The same, with the events of the executions that it starts.
///
/// # Errors
/// As those of [`run`].
pub fn run_all(
    definition: &Definition,
    input: Value,
    settings: &Settings,
    answers: &mut dyn Answers,
    see: &mut dyn FnMut(Seen<'_>),
) -> Result<Run, RunError> {
    let start = Fact::Started {
        execution: settings.execution.clone(),
        input,
        seed: settings.seed,
        first_id: 1,
        identity: Some(Box::new(settings.identity())),
        express: settings.express,
        rules: Rules::TODAY,
    };
    World::new(definition, settings, answers, see).run(start)
}
