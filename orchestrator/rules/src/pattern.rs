//! Event patterns: does an event match?

mod cidr;
mod matcher;
mod number;
mod parse;
mod text;
mod wildcard;

use serde_json::Value;

use crate::problem::Problem;
use matcher::Matcher;

/// The longest pattern, in bytes of JSON without spaces: AWS's limit, as far as it is raised on demand.
pub const PATTERN_BYTES_MAX: usize = 4096;
/// So many combinations may `$or` lead to, as AWS has it.
pub const COMBINATIONS_MAX: u64 = 1000;

/// An event pattern. See the [documentation of AWS](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    root: Group,
    /// The paths of the fields that may have to be absent.
    absent: Vec<Vec<String>>,
}

/// Fields of one object, all of which must match.
#[derive(Clone, Debug, Default, PartialEq)]
struct Group {
    fields: Vec<(String, Node)>,
    /// Of each, one must match.
    ors: Vec<Vec<Group>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Group(Group),
    /// One of these must match.
    Leaf(Vec<Matcher>),
}

impl Pattern {
    /// Reads one; `at` is where it stands.
    ///
    /// # Errors
    /// What is wrong first, with its path.
    pub fn read(at: &str, pattern: &Value) -> Result<Self, Problem> {
        parse::read(at, pattern)
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

impl Group {
    fn matches(&self, value: Option<&Value>, absent: &[bool]) -> bool {
        match value {
            Some(Value::Array(items)) if !items.is_empty() => {
                items.iter().any(|item| self.matches(Some(item), absent))
            }
            Some(Value::Object(members)) => {
                self.fields.iter().all(|(name, node)| node.matches(members.get(name), absent))
                    && self.one_of_each(value, absent)
            }
            _ => {
                self.fields.iter().all(|(_, node)| node.matches(None, absent))
                    && self.one_of_each(None, absent)
            }
        }
    }

    fn one_of_each(&self, value: Option<&Value>, absent: &[bool]) -> bool {
        self.ors.iter().all(|groups| groups.iter().any(|group| group.matches(value, absent)))
    }
}

impl Node {
    fn matches(&self, value: Option<&Value>, absent: &[bool]) -> bool {
        match self {
            Self::Group(group) => group.matches(value, absent),
            Self::Leaf(matchers) => matchers.iter().any(|matcher| matcher.matches(value, absent)),
        }
    }
}
