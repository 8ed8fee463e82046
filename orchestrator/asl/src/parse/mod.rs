//! From the text of a definition to a [`Definition`], or to everything that is wrong with it.

mod builder;
mod expression;
mod fields;
mod flow;
mod graph;
mod machine;
mod map_parts;
mod recovery;
mod resource;
mod rule;
mod services;
mod states;
mod suspect;
mod table;
mod template;
#[cfg(test)]
mod tests;
mod value;
mod variables;
mod words;

use builder::{Builder, Place};
pub use builder::{LABEL_CHARS_MAX, NAME_CHARS_MAX, SECONDS_MAX, TEXT_BYTES_MAX};
pub use rule::comparisons;
pub use table::{FIELDS, KnownField, PARTS, TYPES, fields_of};

use crate::problem::{Code, Problems};
use crate::report::places;
use crate::state_id::StateId;
use crate::syntax::{Definition, MachineType, NamedFunction, State};
use crate::{jackson, json};

/// Reads and validates a definition.
///
/// # Errors
/// All that is wrong with it, in the order of the text. Text that is not JSON gives one problem; rules between states
/// (every state can be reached, a machine can end) are looked at once every state is right by itself. The same text always
/// gives the same: which functions there are is no matter of the text (see [`lint`](crate::lint)).
pub fn parse(text: &str) -> Result<Definition, Problems> {
    parse_as(MachineType::Standard, text)
}

/// Reads and validates the definition of a state machine of that type.
///
/// # Errors
/// As [`parse`]; of an Express state machine also what only Standard executions can do.
pub fn parse_as(machine_type: MachineType, text: &str) -> Result<Definition, Problems> {
    let mut builder = Builder::new(text);
    builder.express = machine_type == MachineType::Express;
    if text.trim().is_empty() {
        builder.report.add(Code::MissingDescription, 0, None, words::NO_TEXT, None, None);
        return Err(builder.report.finish());
    }
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("The definition is longer than {TEXT_BYTES_MAX} bytes");
        builder.report.add(Code::Schema, 0, Some(""), message, None, None);
        return Err(builder.report.finish());
    }
    let root = match json::parse(text) {
        Ok(root) => root,
        Err(error) => return Err(no_json(text, error, builder)),
    };
    let outermost = builder.definition(&root);
    let states: Option<Vec<State>> = builder.states.into_iter().collect();
    let is_clean = builder.report.is_clean();
    let problems = builder.report.finish();
    match (is_clean, outermost, states) {
        (true, Some(outermost), Some(states)) => Ok(Definition {
            comment: outermost.comment,
            fingerprint: format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes())),
            timeout_s: outermost.timeout_s,
            machine: outermost.machine,
            by_name: by_name(&states),
            states,
            functions: named_functions(text, builder.functions),
            reads_execution_input: builder.reads_execution_input,
            variables_read: builder.variables_read,
            warnings: problems.warnings,
        }),
        _ => Err(problems),
    }
}

/// What is wrong with text that is no JSON, in the words of AWS's reader if it says anything.
fn no_json(text: &str, error: json::SyntaxError, mut builder: Builder<'_>) -> Problems {
    let code = if error.is_depth { Code::TooDeeplyNested } else { Code::InvalidJson };
    let fault = if error.is_depth { None } else { jackson::fault(text) };
    let (message, verbatim) = match fault {
        Some(fault) => (fault.shown, Some(fault.told)),
        None => (error.message, None),
    };
    builder.report.add(code, error.at, None, message, None, None);
    let mut problems = builder.report.finish();
    if let Some(problem) = problems.told.first_mut() {
        problem.verbatim = verbatim;
    }
    problems
}

fn named_functions(text: &str, mut functions: Vec<(Place, String)>) -> Vec<NamedFunction> {
    functions.sort_by_key(|(place, _)| place.at);
    let places = places(text, functions.iter().map(|(place, _)| place.at));
    let named = functions.into_iter().zip(places);
    named
        .map(|((place, name), (line, column))| NamedFunction { name, line, column, location: place.location })
        .collect()
}

fn by_name(states: &[State]) -> Vec<StateId> {
    let mut named: Vec<(&str, StateId)> =
        states.iter().zip(0..).map(|(state, number)| (&*state.name, StateId(number))).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, id)| id).collect()
}
