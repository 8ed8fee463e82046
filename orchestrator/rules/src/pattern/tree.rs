//! What is asked of the fields of an event.

use serde_json::Value;

use super::matcher::Matcher;

/// Fields of one object, all of which must match.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Group {
    pub(super) fields: Vec<(String, Node)>,
    /// Of each, one must match.
    pub(super) ors: Vec<Vec<Group>>,
}

/// What a field must match.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Group(Group),
    /// One of these must match.
    Leaf(Vec<Matcher>),
}

impl Group {
    /// Whether that is there; `absent` are fields that are not.
    pub(super) fn matches(&self, value: Option<&Value>, absent: &[bool]) -> bool {
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
