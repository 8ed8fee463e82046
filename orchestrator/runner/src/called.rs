//! What the states of a definition call, as far as it says.

use std::collections::BTreeSet;
use std::sync::Arc;

use asl::io::Io;
use asl::syntax::Task;
use asl::template::Template;
use asl::{Definition, StateKind};
use serde_json::{Value, json};

use crate::asked::Asked;

/// The names of [`Asked::name`] that the Tasks of a definition can have; `None` if a Task computes what it calls.
pub(crate) fn called_names(definition: &Definition) -> Option<BTreeSet<String>> {
    let tasks = definition.states().filter_map(|(_, state)| match &state.kind {
        StateKind::Task(task) => Some((&state.name, task)),
        _ => None,
    });
    tasks.map(|(name, task)| called(name, task)).collect()
}

fn called(state: &Arc<str>, task: &Task) -> Option<String> {
    let template = match &task.io {
        Io::JsonPath(flow) => flow.parameters.as_ref(),
        Io::Jsonata(jsonata) => jsonata.arguments.as_ref(),
    };
    let function: Option<Value> = match template {
        Some(Template::Literal(value)) => value.get("FunctionName").cloned(),
        Some(Template::Object(members)) => members.iter().find_map(|(name, value)| match value {
            Template::Literal(value) if name == "FunctionName" => Some(value.clone()),
            _ => None,
        }),
        _ => None,
    };
    let parameters = json!({"FunctionName": function});
    Asked { state: Arc::clone(state), resource: task.resource.clone(), parameters }.name()
}
