//! A mock: what the work of the state is said to come to.

use api::Failure;
use api::types::{MockInput, MockResponseValidationMode};
use asl::StateKind;
use asl::map::{Map, Mode};
use asl::resource::{Pattern, Resource, ResourceKind};
use asl::syntax::State;
use aws_apis::Presence;
use engine::Work;
use serde_json::Value;

use super::json;
use super::model;
use super::refused::refused;

/// Reads the mock of a state.
///
/// # Errors
/// `ValidationException`: the state can have none, it is none, or what works for the state could not have that result.
pub(super) fn read(mock: &MockInput, state: &State) -> Result<Work, Failure> {
    if !matches!(state.kind, StateKind::Task(_) | StateKind::Map(_) | StateKind::Parallel(_)) {
        return Err(refused("A mock can only be specified for Task, Map, or Parallel states."));
    }
    match (&mock.result, &mock.error_output) {
        (Some(text), None) => {
            let result =
                json::read(text).map_err(|why| refused(format!("mock.result must be valid JSON: {why}")))?;
            check(&result, state, mock.field_validation_mode)?;
            Ok(Work::Result(result))
        }
        (None, Some(output)) => {
            let Some(error) = output.error.clone().filter(|error| !error.is_empty()) else {
                return Err(refused("mock.errorOutput.error is required if mock.errorOutput is specified"));
            };
            Ok(Work::Error { error, cause: output.cause.clone() })
        }
        (Some(_), Some(_)) => Err(refused("A mock can have either a result or an errorOutput, not both")),
        (None, None) => Err(refused("A mock must have either a result or an errorOutput")),
    }
}

fn wrong(why: impl std::fmt::Display) -> Failure {
    refused(format!("Mock result schema validation error: {why}"))
}

/// Whether the state's work could have that result.
fn check(result: &Value, state: &State, mode: Option<MockResponseValidationMode>) -> Result<(), Failure> {
    let presence = match mode.unwrap_or(MockResponseValidationMode::Strict) {
        MockResponseValidationMode::Strict => Presence::Required,
        MockResponseValidationMode::Present => Presence::Any,
        MockResponseValidationMode::None => return Ok(()),
    };
    match &state.kind {
        StateKind::Map(map) => check_map(result, map),
        StateKind::Parallel(parallel) => {
            let branches = parallel.branches.len();
            match result.as_array() {
                Some(outputs) if outputs.len() == branches => Ok(()),
                Some(_) => {
                    Err(wrong(format!("the array must have an element for each of the {branches} branches")))
                }
                None => Err(wrong("the result of a Parallel state must be an array")),
            }
        }
        StateKind::Task(task) => check_answer(result, &task.resource, presence),
        _ => Ok(()),
    }
}

fn check_map(result: &Value, map: &Map) -> Result<(), Failure> {
    let is_written = match &map.mode {
        Mode::Distributed(distributed) => {
            distributed.writer.as_ref().is_some_and(|writer| writer.target.is_some())
        }
        Mode::Inline => false,
    };
    match (is_written, result) {
        (true, Value::Object(_)) | (false, Value::Array(_)) => Ok(()),
        (true, _) => Err(wrong("the result of a Map state with a ResultWriter must be an object")),
        (false, _) => Err(wrong("the result of a Map state must be an array")),
    }
}

/// A service answers with an object, and with the members that its model says.
fn check_answer(result: &Value, resource: &Resource, presence: Presence) -> Result<(), Failure> {
    let ResourceKind::Integration(integration) = &resource.kind else { return Ok(()) };
    // Whoever has the token says whatever it wants to.
    if integration.pattern == Pattern::WaitForTaskToken {
        return Ok(());
    }
    if !result.is_object() {
        return Err(wrong("the result of a service integration must be an object"));
    }
    model::check(integration, result, presence).map_err(wrong)
}
