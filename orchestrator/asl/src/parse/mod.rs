//! From the text of a definition to a [`Definition`], or to everything that is wrong with it.

mod builder;
mod fields;
mod flow;
mod machine;
mod recovery;
mod resource;
mod rule;
mod states;
mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use builder::Builder;
pub use builder::{NAME_CHARS_MAX, SECONDS_MAX, TEXT_BYTES_MAX};

use crate::json;
use crate::problem::{Problems, Report, places};
use crate::state_id::StateId;
use crate::syntax::{Definition, NamedFunction, State};

/// Reads and validates a definition.
///
/// # Errors
/// All that is wrong with it, in the order of the text. Text that is not JSON gives one problem; rules between states
/// (every state can be reached, a machine can end) are looked at once every state is right by itself. The same text always
/// gives the same: which functions there are is no matter of the text (see [`lint`](crate::lint)).
pub fn parse(text: &str) -> Result<Definition, Problems> {
    let mut builder = Builder {
        report: Report::new(text),
        states: Vec::new(),
        names: BTreeMap::new(),
        machines: Vec::new(),
        functions: Vec::new(),
        reads_execution_input: false,
    };
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the definition is longer than {TEXT_BYTES_MAX} bytes");
        builder.report.add(0, "", message, None, None);
        return Err(builder.report.finish());
    }
    let root = match json::parse(text) {
        Ok(root) => root,
        Err(error) => {
            builder.report.add(error.at, "", format!("not JSON: {}", error.message), None, None);
            return Err(builder.report.finish());
        }
    };
    let outline = builder.definition(&root);
    let states: Option<Vec<State>> = builder.states.into_iter().collect();
    match (builder.report.is_clean(), outline, states) {
        (true, Some(outline), Some(states)) => Ok(Definition {
            comment: outline.comment,
            fingerprint: format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes())),
            timeout_s: outline.timeout_s,
            machine: outline.machine,
            by_name: by_name(&states),
            states,
            functions: named_functions(text, builder.functions),
            reads_execution_input: builder.reads_execution_input,
        }),
        _ => Err(builder.report.finish()),
    }
}

fn named_functions(text: &str, functions: Vec<(usize, String, String)>) -> Vec<NamedFunction> {
    let places = places(text, functions.iter().map(|(at, ..)| *at));
    let named = functions.into_iter().zip(places);
    named.map(|((_, pointer, name), (line, column))| NamedFunction { name, line, column, pointer }).collect()
}

fn by_name(states: &[State]) -> Vec<StateId> {
    let mut named: Vec<(&str, StateId)> =
        states.iter().zip(0..).map(|(state, number)| (&*state.name, StateId(number))).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, id)| id).collect()
}
