//! A compiled path, as data.

use std::fmt;

use serde_json::Value;

use super::pattern::Pattern;

/// A compiled path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    pub(super) source: Box<str>,
    pub(super) root: Root,
    pub(super) steps: Steps,
    /// Whether it is a reference path: members and elements only, each by its name or its place from the beginning.
    pub(super) reference: bool,
}

/// What a path starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// `$`
    Data,
    /// `$$`
    Context,
    /// `$name`: the variable of that name.
    Variable(String),
}

/// The segments of a path, and whether they select one value at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) segments: Vec<Segment>,
    pub(super) definite: bool,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// `.name` or `['name']`
    Field(String),
    /// `['a','b']`
    Fields(Vec<String>),
    /// `[n]`
    Index(i32),
    /// `[(@.length-n)]`: counted from the end.
    Last(i32),
    /// `[0,2]`
    Indexes(Vec<i32>),
    /// `[a:b]`
    Slice(Slice),
    /// `[*]` or `.*`
    Wildcard,
    /// `..`: what follows it is looked for at any depth.
    Descend,
    /// `[?(…)]`
    Filter(Filter),
}

/// Where a slice begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(super) from: Option<i32>,
    pub(super) to: Option<i32>,
}

/// The condition of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter(pub(super) Condition);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// There is something where the path leads.
    Exists(Query),
    Compare(Operand, Operator, Operand),
}

/// A path in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    /// `$`, the whole; otherwise `@`, what is tested.
    pub(super) from_root: bool,
    pub(super) steps: Steps,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    Query(Query),
    Value(Value),
    Pattern(Pattern),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    /// `===`
    Same,
    /// `!==`
    NotSame,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Matches,
    In,
    NotIn,
    All,
    SubsetOf,
    AnyOf,
    NoneOf,
    Size,
    Empty,
    Contains,
}

impl Operator {
    /// The operators and how they are written; names in any case.
    pub(super) const TABLE: [(&str, Self); 18] = [
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("===", Self::Same),
        ("!==", Self::NotSame),
        ("<", Self::Less),
        ("<=", Self::LessEqual),
        (">", Self::Greater),
        (">=", Self::GreaterEqual),
        ("=~", Self::Matches),
        ("in", Self::In),
        ("nin", Self::NotIn),
        ("all", Self::All),
        ("subsetof", Self::SubsetOf),
        ("anyof", Self::AnyOf),
        ("noneof", Self::NoneOf),
        ("size", Self::Size),
        ("empty", Self::Empty),
        ("contains", Self::Contains),
    ];
}

impl Path {
    /// What the path starts from.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The steps after the root.
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.steps.segments
    }

    /// Whether it is `$`.
    pub fn is_whole_data(&self) -> bool {
        self.root == Root::Data && self.segments().is_empty()
    }

    /// Whether it is a reference path: of `.name`, `['name']` and `[n]` only.
    pub fn is_reference(&self) -> bool {
        self.reference
    }

    /// Whether it selects one value at most. Any other path gives an array.
    pub fn is_definite(&self) -> bool {
        self.steps.definite
    }

    /// The variable that the path starts from.
    pub fn variable(&self) -> Option<&str> {
        match &self.root {
            Root::Variable(name) => Some(name),
            Root::Data | Root::Context => None,
        }
    }

    /// Whether evaluating the path may need the input that the execution began with (`$$.Execution.Input`).
    pub fn reads_execution_input(&self) -> bool {
        let named = |index: usize, name: &str| match self.segments().get(index) {
            Some(Segment::Field(field)) => field == name,
            Some(Segment::Index(_) | Segment::Indexes(_) | Segment::Slice(_) | Segment::Last(_)) => false,
            None | Some(_) => true,
        };
        // The condition of a filter may begin at the whole again.
        let filters = self.segments().iter().any(|segment| matches!(segment, Segment::Filter(_)));
        self.root == Root::Context && (filters || named(0, "Execution") && named(1, "Input"))
    }
}

/// As it was written.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// As Jayway writes a compiled path: `$['a'][0]`.
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, "['{}']", escaped(name)),
            Self::Fields(names) => {
                let names: Vec<_> = names.iter().map(|name| format!("'{}'", escaped(name))).collect();
                write!(f, "[{}]", names.join(", "))
            }
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Last(back) => write!(f, "[(@.length-{back})]"),
            Self::Indexes(indexes) => {
                let indexes: Vec<_> = indexes.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", indexes.join(","))
            }
            Self::Slice(Slice { from, to }) => {
                let text = |bound: &Option<i32>| bound.map(|bound| bound.to_string()).unwrap_or_default();
                write!(f, "[{}:{}]", text(from), text(to))
            }
            Self::Wildcard => f.write_str("[*]"),
            Self::Descend => f.write_str(".."),
            Self::Filter(_) => f.write_str("[?]"),
        }
    }
}

fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('\'', "\\'")
}
