//! From the text of a definition to a [`Definition`], or to everything that is wrong with it.

mod fields;
mod flow;
mod machine;
mod recovery;
mod resource;
mod rule;
mod state;
mod template;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use resource::function_name;

use crate::json;
use crate::problem::{Problems, Report};
use crate::syntax::{Definition, State};

/// Longest definition that is read, in bytes; the limit of AWS.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Longest name of a state, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// Longest time that a definition may give, in seconds; the limit of AWS.
pub const SECONDS_MAX: u64 = 99_999_999;

/// What a definition is checked against.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The functions that tasks may call. A task that names another one is a problem.
    pub functions: BTreeSet<String>,
}

impl Options {
    /// Options with those functions.
    pub fn with_functions<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self { functions: names.into_iter().map(str::to_owned).collect() }
    }
}

/// Reads and validates a definition.
///
/// # Errors
/// All that is wrong with it, in the order of the text. Text that is not JSON gives one problem; rules between states
/// (every state can be reached, a machine can end) are looked at once every state is right by itself.
pub fn parse(text: &str, options: &Options) -> Result<Definition, Problems> {
    let mut builder = Builder {
        report: Report::new(text),
        states: Vec::new(),
        names: BTreeMap::new(),
        machines: Vec::new(),
        functions: &options.functions,
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
            states,
            functions: options.functions.clone(),
            reads_execution_input: builder.reads_execution_input,
        }),
        _ => Err(builder.report.finish()),
    }
}

/// What is built while the text is read. States get their numbers before they are read, so that `Next` can name a
/// state that comes later.
struct Builder<'t> {
    report: Report<'t>,
    states: Vec<Option<State>>,
    /// Every name of the definition, and the pointer to where it is used.
    names: BTreeMap<String, String>,
    /// Every machine of the definition.
    machines: Vec<machine::Placed>,
    functions: &'t BTreeSet<String>,
    reads_execution_input: bool,
}
