//! Event patterns: does an event match?

mod cidr;
mod matcher;
mod number;
mod parse;
mod text;
mod tree;
mod wildcard;

use serde_json::Value;

use crate::problem::Problem;
use tree::Group;

pub use parse::{COMBINATIONS_MAX, PATTERN_BYTES_MAX};

/// An event pattern. See the [documentation of AWS](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    root: Group,
    /// The paths of the fields that may have to be absent.
    absent: Vec<Vec<String>>,
}

impl Pattern {
    /// Reads one; `at` is where it stands.
    ///
    /// # Errors
    /// What is wrong first, with its path.
    pub fn read(at: &str, pattern: &Value) -> Result<Self, Problem> {
        let (root, absent) = parse::read(at, pattern)?;
        Ok(Self { root, absent })
    }

    /// Whether the event matches.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        let absent: Vec<bool> = self.absent.iter().map(|path| !has_leaf(event, path)).collect();
        self.root.matches(Some(event), &absent)
    }
}

/// Whether there is a value that is no object at that path; where there are arrays, in any of their elements.
fn has_leaf(value: &Value, path: &[String]) -> bool {
    match (value, path.split_first()) {
        (Value::Array(items), _) => items.iter().any(|item| has_leaf(item, path)),
        (Value::Object(members), Some((name, rest))) => {
            members.get(name).is_some_and(|member| has_leaf(member, rest))
        }
        (Value::Object(_), None) => false,
        (_, rest) => rest.is_none(),
    }
}
