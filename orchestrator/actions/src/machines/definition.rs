//! Definitions: checked as they come in, shown as they were.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{ErrorKind, Failure};
use asl::{Definition, MachineType, Problem, StateKind};
use registry::machines;
use serde_json::Value;

use crate::failures::{declared, store_failed};
use crate::service::Service;

/// Reads a definition.
///
/// # Errors
/// `InvalidDefinition`, with all that is wrong with it.
pub(super) fn read(express: bool, text: &str) -> Result<Arc<Definition>, Failure> {
    let machine_type = if express { MachineType::Express } else { MachineType::Standard };
    match asl::parse_as(machine_type, text) {
        Ok(definition) => Ok(Arc::new(definition)),
        Err(problems) => {
            let told: Vec<_> = problems.as_slice().iter().map(told).collect();
            let message = format!("Invalid State Machine Definition: '{}'", told.join(", "));
            Err(declared(ErrorKind::InvalidDefinition, message))
        }
    }
}

fn told(problem: &Problem) -> String {
    let place = problem.location.as_ref().map(|location| format!(" at {location}")).unwrap_or_default();
    format!("{}: {}{place}", problem.code, problem.aws_message())
}

/// A definition as it is shown.
pub(super) struct Shown {
    pub(super) text: String,
    /// The variables that each state reads; `None` where the definition is not shown.
    pub(super) variables: Option<BTreeMap<String, Vec<String>>>,
}

impl Shown {
    /// What AWS shows where only metadata is asked for.
    pub(super) fn nothing() -> Self {
        Self { text: "{}".to_owned(), variables: None }
    }
}

impl Service {
    /// Has it in the store before a machine rests on it.
    pub(super) async fn keep(&self, definition: Arc<Definition>, text: &str) -> Result<(), Failure> {
        let kept = machines::keep_definition(self.store(), definition.fingerprint(), text).await;
        kept.map_err(|error| store_failed(&error))?;
        self.catalogue().put(definition);
        Ok(())
    }

    /// The definition with that fingerprint as it is shown; with the name of a Map: what that runs for each item.
    pub(super) async fn shown(&self, fingerprint: &str, map: Option<&str>) -> Result<Shown, Failure> {
        let text = machines::definition_text(self.reader(), fingerprint).await;
        let text = text.map_err(|error| store_failed(&error))?;
        let lost = || Failure::Internal(format!("the definition {fingerprint} is not in the store"));
        let (definition, text) = (self.known(fingerprint).await?, text.ok_or_else(lost)?);
        match map {
            None => Ok(Shown { variables: Some(references(&definition, |_| true)), text }),
            Some(map) => shown_map(&definition, &text, map).ok_or_else(lost),
        }
    }

    /// The definition with that fingerprint.
    pub(super) async fn known(&self, fingerprint: &str) -> Result<Arc<Definition>, Failure> {
        let found = self.catalogue().find(self.reader(), fingerprint).await;
        let found = found.map_err(|error| store_failed(&error))?;
        found.ok_or_else(|| Failure::Internal(format!("the definition {fingerprint} is not in the store")))
    }
}

fn references(definition: &Definition, is_shown: impl Fn(&str) -> bool) -> BTreeMap<String, Vec<String>> {
    let states = definition.states().filter(|(_, state)| is_shown(&state.name));
    let read = states.map(|(id, state)| {
        let variables: Vec<String> = definition.variables_read(id).map(str::to_owned).collect();
        (state.name.to_string(), variables)
    });
    read.filter(|(_, variables)| !variables.is_empty()).collect()
}

/// What a Map runs for each item, as a definition of its own: as it stands in the text, without its white space.
fn shown_map(definition: &Definition, text: &str, map: &str) -> Option<Shown> {
    let whole: Value = serde_json::from_str(text).ok()?;
    let found = state(&whole, map)?;
    let processor = found.get("ItemProcessor").or_else(|| found.get("Iterator"))?;
    let mut within = BTreeSet::new();
    names(processor, &mut within);
    let variables = references(definition, |name| within.contains(name));
    Some(Shown { variables: Some(variables), text: processor.to_string() })
}

/// The names of all states of a machine.
fn names<'v>(machine: &'v Value, found: &mut BTreeSet<&'v str>) {
    for (name, state) in machine.get("States").and_then(Value::as_object).into_iter().flatten() {
        found.insert(name);
        inner(state).for_each(|machine| names(machine, found));
    }
}

/// The state of that name, in the machine or in one of its own: a state's name is unique.
fn state<'v>(machine: &'v Value, name: &str) -> Option<&'v Value> {
    let states = machine.get("States")?.as_object()?;
    states.get(name).or_else(|| states.values().flat_map(inner).find_map(|machine| state(machine, name)))
}

/// The machines in a state.
fn inner(state: &Value) -> impl Iterator<Item = &Value> {
    let branches = state.get("Branches").and_then(Value::as_array).into_iter().flatten();
    branches.chain(state.get("ItemProcessor")).chain(state.get("Iterator"))
}

/// The name of the distributed Map of that label, and whether what it runs are Express executions.
pub(super) fn map_labelled(definition: &Definition, label: &str) -> Option<(Arc<str>, bool)> {
    definition.states().find_map(|(_, state)| {
        let StateKind::Map(map) = &state.kind else { return None };
        let asl::map::Mode::Distributed(distributed) = &map.mode else { return None };
        let own = engine::map_label(&state.name, distributed.label.as_deref());
        (own == label).then(|| (Arc::clone(&state.name), distributed.express))
    })
}
