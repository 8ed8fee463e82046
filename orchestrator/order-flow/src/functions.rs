//! The functions that tasks may call: those of the contract. A call of one becomes a command.

use asl::resource::{called_function, payload};
use bytes::Bytes;
use contract::command::{self, Function};
use contract::{Encoded, Envelope, Millis};
use engine::{Call, Integrations, MapRunId, Refusal};

/// The CloudEvents source of the orchestrator's messages.
pub const SOURCE: &str = "duet/orchestrator";

/// What stands behind the resources of tasks: the services' functions, and nothing else.
pub(crate) struct Functions;

impl Integrations for Functions {
    fn refusal(&self, call: &Call) -> Option<Refusal> {
        offered(call).err()
    }

    fn map_run_refusal(&self, _: MapRunId) -> Option<Refusal> {
        let cause = "An order's workflow starts no executions: a Map in it is in INLINE mode.".to_owned();
        Some(Refusal { error: asl::error::RUNTIME.to_owned(), cause })
    }
}

/// The function that a call is of.
fn offered(call: &Call) -> Result<&'static Function, Refusal> {
    let refusal = |error: &str, cause| Refusal { error: error.to_owned(), cause };
    let name = called_function(&call.resource, &call.parameters)
        .map_err(|cause| refusal(asl::error::RUNTIME, cause))?;
    // As AWS names the error of Lambda that there is no such function.
    let unknown =
        || refusal("Lambda.ResourceNotFoundException", format!("no service offers the function '{name}'"));
    command::function(name).ok_or_else(unknown)
}

/// The command that the call becomes.
///
/// # Errors
/// Nobody offers its function. Asked before ([`Integrations::refusal`]), it cannot be.
pub(crate) fn command(call: Call, envelope: &Envelope, now: Millis) -> Result<Encoded, Refusal> {
    let function = offered(&call)?;
    let task = call.is_awaited.then(|| call.task.0.to_string());
    let payload = serde_json::to_vec(&payload(&call.resource, call.parameters));
    let payload = payload.expect("a JSON value has only string keys and finite numbers");
    Ok(command::encode_call(function, Bytes::from(payload), task.as_deref(), envelope, SOURCE, now))
}
