//! What is asked: the members of the request, and whether they fit together.

use api::Failure;
use api::types::{TestStateConfiguration, TestStateInput};
use asl::StateKind;
use asl::map::{Items, Mode};
use asl::resource::{Pattern, ResourceKind};
use asl::syntax::{Definition, Machine, State};
use engine::{ItemsRead, Work};
use serde_json::{Map, Value};

use super::definition::Tested;
use super::refused::refused;
use super::{context, json, mock, reader};
use crate::arn;

/// Longest input, variables, context or mocked result, in bytes.
const DATA_BYTES_MAX: usize = 262_144;

/// A request that fits together.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) input: Value,
    /// The input as it was given.
    pub(super) shown: String,
    pub(super) variables: Map<String, Value>,
    pub(super) context: Option<Value>,
    /// What the work of the state comes to.
    pub(super) work: Option<Work>,
    pub(super) retried: u32,
    /// What the `ItemReader` of a Map reads.
    pub(super) items: Option<Result<ItemsRead, String>>,
    pub(super) failed_items: u64,
}

impl Asked {
    /// Reads a request about that state.
    ///
    /// # Errors
    /// `InvalidArn`, `InvalidExecutionInput`, `ValidationException`.
    pub(super) fn read(request: &TestStateInput, tested: &Tested) -> Result<Self, Failure> {
        check_role(request.role_arn.as_deref())?;
        check_sizes(request)?;
        let state = tested.state()?;
        let shown = request.input.clone().unwrap_or_else(|| "{}".to_owned());
        let input = json::input(&shown)?;
        let variables =
            request.variables.as_deref().map(|text| json::object("variables", text)).transpose()?;
        let mocked = request.mock.as_ref().map(|mock| mock::read(mock, state)).transpose()?;
        if mocked.is_none() && needs_mock(&state.kind) {
            return Err(refused(
                "TestState only supports the following when a mock is specified: Activity tasks, .sync or \
                 .waitForTaskToken service integration patterns, Parallel, or Map states.",
            ));
        }
        let context =
            request.context.as_deref().map(|text| given_context(text, mocked.is_some())).transpose()?;
        let nothing = TestStateConfiguration::default();
        let configuration = request.state_configuration.as_ref().unwrap_or(&nothing);
        check_configuration(configuration, tested.definition(), state, mocked.as_ref())?;
        let items =
            configuration.map_item_reader_data.as_deref().map(|data| read_items(state, data)).transpose()?;
        Ok(Self {
            input,
            shown,
            variables: variables.unwrap_or_default(),
            context,
            work: mocked.or_else(|| not_connected(&state.kind)),
            retried: configuration.retrier_retry_count.map_or(0, i32::unsigned_abs),
            items,
            failed_items: configuration
                .map_iteration_failure_count
                .map_or(0, |count| count.unsigned_abs().into()),
        })
    }
}

/// The model counts characters; what AWS says of these members are bytes.
fn check_sizes(request: &TestStateInput) -> Result<(), Failure> {
    let mocked = request.mock.as_ref().and_then(|mock| mock.result.as_ref());
    let reader = request.state_configuration.as_ref().and_then(|it| it.map_item_reader_data.as_ref());
    for (member, text) in [
        ("input", request.input.as_ref()),
        ("variables", request.variables.as_ref()),
        ("context", request.context.as_ref()),
        ("mock.result", mocked),
        ("stateConfiguration.mapItemReaderData", reader),
    ] {
        if text.is_some_and(|text| text.len() > DATA_BYTES_MAX) {
            return Err(Failure::Constraints(format!(
                "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have \
                 length less than or equal to {DATA_BYTES_MAX}"
            )));
        }
    }
    Ok(())
}

fn check_role(role_arn: Option<&str>) -> Result<(), Failure> {
    let Some(role_arn) = role_arn else { return Ok(()) };
    let parts: Vec<&str> = role_arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, "iam", _, account, role]
            if partition.starts_with("aws") && !account.is_empty() && role.starts_with("role/") =>
        {
            Ok(())
        }
        _ => Err(arn::invalid(format!("Invalid Role Arn: {role_arn}"))),
    }
}

/// Whether AWS tests the state only with a mock.
fn needs_mock(kind: &StateKind) -> bool {
    match kind {
        StateKind::Map(_) | StateKind::Parallel(_) => true,
        StateKind::Task(task) => match &task.resource.kind {
            ResourceKind::Activity => true,
            ResourceKind::Integration(integration) => integration.pattern != Pattern::RequestResponse,
            ResourceKind::Function => false,
        },
        _ => false,
    }
}

/// What a Task comes to that calls something.
fn not_connected(kind: &StateKind) -> Option<Work> {
    let StateKind::Task(task) = kind else { return None };
    let cause = format!(
        "Nothing is called here: the integration '{}' is not connected. Specify a mock to test the state.",
        task.resource.arn
    );
    Some(Work::Error { error: asl::error::RUNTIME.to_owned(), cause: Some(cause) })
}

fn given_context(text: &str, is_mocked: bool) -> Result<Value, Failure> {
    if !is_mocked {
        return Err(refused("context may only be specified if a mock is specified in the same request"));
    }
    let context = json::object("context", text)?;
    context::check(&context)?;
    Ok(context.into())
}

fn read_items(state: &State, data: &str) -> Result<Result<ItemsRead, String>, Failure> {
    match &state.kind {
        StateKind::Map(map) => match &map.items {
            Items::Reader(it) => Ok(reader::items(it, data)),
            _ => Err(no_reader()),
        },
        _ => Err(no_reader()),
    }
}

fn no_reader() -> Failure {
    refused(
        "stateConfiguration.mapItemReaderData can only be specified for a Distributed Map state with an ItemReader",
    )
}

/// Whether the configuration is one of the state, and of its mock.
fn check_configuration(
    configuration: &TestStateConfiguration,
    definition: &Definition,
    state: &State,
    mocked: Option<&Work>,
) -> Result<(), Failure> {
    let is_error = matches!(mocked, Some(Work::Error { .. }));
    if configuration.retrier_retry_count.is_some() {
        if !is_error {
            return Err(refused(
                "stateConfiguration.retrierRetryCount can only be specified with mock.errorOutput",
            ));
        }
        if state.kind.recovery().is_none_or(|recovery| recovery.retry.is_empty()) {
            return Err(refused(
                "stateConfiguration.retrierRetryCount can only be specified for a state with a Retry",
            ));
        }
    }
    if let Some(origin) = &configuration.error_caused_by_state {
        if !is_error {
            return Err(refused(
                "stateConfiguration.errorCausedByState can only be specified with mock.errorOutput",
            ));
        }
        let machines: Vec<&Machine> = match &state.kind {
            StateKind::Map(map) => vec![&map.processor],
            StateKind::Parallel(parallel) => parallel.branches.iter().collect(),
            _ => {
                return Err(refused(
                    "stateConfiguration.errorCausedByState can only be specified for a Map or Parallel state",
                ));
            }
        };
        if !machines.iter().any(|machine| holds(definition, machine, origin)) {
            return Err(refused(format!(
                "stateConfiguration.errorCausedByState '{origin}' is not a state within '{}'",
                state.name
            )));
        }
    }
    if configuration.map_iteration_failure_count.is_some()
        && !(mocked.is_some() && matches!(state.kind, StateKind::Map(_)))
    {
        return Err(refused(
            "stateConfiguration.mapIterationFailureCount can only be specified for a Map state with a mock",
        ));
    }
    if configuration.map_item_reader_data.is_some()
        && !matches!(&state.kind, StateKind::Map(map) if map.mode != Mode::Inline)
    {
        return Err(no_reader());
    }
    Ok(())
}

/// Whether a machine has a state of that name, however deep.
fn holds(definition: &Definition, machine: &Machine, name: &str) -> bool {
    machine.states().filter_map(|id| definition.state(id)).any(|state| {
        &*state.name == name
            || match &state.kind {
                StateKind::Map(map) => holds(definition, &map.processor, name),
                StateKind::Parallel(parallel) => {
                    parallel.branches.iter().any(|branch| holds(definition, branch, name))
                }
                _ => false,
            }
    })
}
