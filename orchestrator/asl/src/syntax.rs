//! A definition as data: states by number, everything in them compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::choice::Rule;
use crate::io::{Ends, Flow, Io};
use crate::map::Map;
use crate::problem::Problem;
use crate::resource::Resource;
use crate::setting::Setting;
use crate::state_id::StateId;
use crate::template::Template;

pub use crate::machine::{Machine, Recovery, Transition};

/// What executions a state machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MachineType {
    /// Durable ones that may take a year.
    #[default]
    Standard,
    /// Those of five minutes at most, that wait for nothing that others begin.
    Express,
}

/// A valid state machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub(crate) comment: Option<String>,
    pub(crate) fingerprint: String,
    pub(crate) timeout_s: Option<u64>,
    pub(crate) machine: Machine,
    pub(crate) states: Vec<State>,
    /// Every state, in the order of their names.
    pub(crate) by_name: Vec<StateId>,
    pub(crate) functions: Vec<NamedFunction>,
    pub(crate) reads_execution_input: bool,
    pub(crate) variables_read: BTreeMap<StateId, BTreeSet<String>>,
    pub(crate) warnings: Vec<Problem>,
}

impl Definition {
    /// What the text says that may not be meant, in the order of the text.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// The `Comment` of the whole machine.
    pub fn comment(&self) -> Option<&str> {
        self.comment.as_deref()
    }

    /// A hash of the text, in hexadecimal: the same text, the same fingerprint, on every machine.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The longest that an execution may take, in seconds.
    pub fn timeout_s(&self) -> Option<u64> {
        self.timeout_s
    }

    /// The outermost machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// A state, or `None` if the number is not of this definition.
    pub fn state(&self, id: StateId) -> Option<&State> {
        self.states.get(id.0 as usize)
    }

    /// The state of that name, in whichever machine it is.
    pub fn state_named(&self, name: &str) -> Option<&State> {
        let named = |id: &StateId| self.state(*id).map_or("", |state| &*state.name);
        let place = self.by_name.binary_search_by(|id| named(id).cmp(name)).ok()?;
        self.state(self.by_name[place])
    }

    /// All states, those of branches included, by number.
    pub fn states(&self) -> impl Iterator<Item = (StateId, &State)> {
        (0..).map(StateId).zip(&self.states)
    }

    /// Every function that the text names, in the order of the text.
    pub fn functions(&self) -> &[NamedFunction] {
        &self.functions
    }

    /// The variables that a state reads, by name, each once: those of its own fields, not those of states in it.
    pub fn variables_read(&self, id: StateId) -> impl Iterator<Item = &str> {
        self.variables_read.get(&id).into_iter().flatten().map(String::as_str)
    }

    /// Whether any state looks at `$$.Execution.Input`. If none does, an execution need not keep it.
    pub fn reads_execution_input(&self) -> bool {
        self.reads_execution_input
    }
}

/// A step of a machine: what it is called, and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Its name, unique in the whole definition.
    pub name: Arc<str>,
    /// `Comment`
    pub comment: Option<String>,
    /// The language of its expressions.
    pub language: QueryLanguage,
    /// `Assign`: the variables that it sets when it is left, but by a Catch or a rule of a Choice, which have their own.
    pub assign: Option<Template>,
    /// What it does.
    pub kind: StateKind,
}

/// The language of expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QueryLanguage {
    /// Paths, payload templates and intrinsic functions.
    #[default]
    JsonPath,
    /// `{% … %}`
    Jsonata,
}

impl QueryLanguage {
    /// The value of `QueryLanguage`.
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonPath => "JSONPath",
            Self::Jsonata => "JSONata",
        }
    }
}

/// The types of states.
#[derive(Debug, Clone, PartialEq)]
pub enum StateKind {
    /// Does a piece of work.
    Task(Box<Task>),
    /// Decides where to go on.
    Choice(Choice),
    /// Runs branches side by side.
    Parallel(Box<Parallel>),
    /// Runs a machine for each of many items.
    Map(Box<Map>),
    /// Shapes data.
    Pass(Box<Pass>),
    /// Lets time pass.
    Wait(Wait),
    /// Ends well.
    Succeed(Io<Ends>),
    /// Ends badly.
    Fail(Fail),
}

impl StateKind {
    /// The value of `Type`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Task(_) => "Task",
            Self::Choice(_) => "Choice",
            Self::Parallel(_) => "Parallel",
            Self::Map(_) => "Map",
            Self::Pass(_) => "Pass",
            Self::Wait(_) => "Wait",
            Self::Succeed(_) => "Succeed",
            Self::Fail(_) => "Fail",
        }
    }

    /// What it does about errors, if it can do anything.
    pub fn recovery(&self) -> Option<&Recovery> {
        match self {
            Self::Task(task) => Some(&task.recovery),
            Self::Parallel(parallel) => Some(&parallel.recovery),
            Self::Map(map) => Some(&map.recovery),
            Self::Choice(_) | Self::Pass(_) | Self::Wait(_) | Self::Succeed(_) | Self::Fail(_) => None,
        }
    }
}

/// A Task state.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// `Resource`
    pub resource: Resource,
    /// Its data flow.
    pub io: Io<Flow>,
    /// Its retriers and catchers.
    pub recovery: Recovery,
    /// `TimeoutSeconds` or `TimeoutSecondsPath`
    pub timeout_s: Option<Setting<u64>>,
    /// `HeartbeatSeconds` or `HeartbeatSecondsPath`
    pub heartbeat_s: Option<Setting<u64>>,
    /// `Credentials`
    pub credentials: Option<Template>,
    /// What follows.
    pub transition: Transition,
}

/// A place in the text that names a function: the `Resource` of a Task, or its `FunctionName`. One that is computed names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFunction {
    /// The function's name.
    pub name: String,
    /// Line of the value that names it, from 1.
    pub line: usize,
    /// Column of that value in characters, from 1.
    pub column: usize,
    /// Where that value is, as AWS says it: `/States/Pay/Resource`.
    pub location: String,
}

/// A Choice state.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its data flow; in JSONata for the case that no rule holds.
    pub io: Io<Ends>,
    /// `Choices`: the first rule that holds decides.
    pub rules: Vec<ChoiceRule>,
    /// `Default`
    pub default: Option<StateId>,
}

/// One element of `Choices`.
#[derive(Debug, Clone, PartialEq)]
pub struct ChoiceRule {
    /// When it holds.
    pub condition: Condition,
    /// `Assign`
    pub assign: Option<Template>,
    /// `Output`, in JSONata.
    pub output: Option<Template>,
    /// Where to go on.
    pub next: StateId,
}

/// When a rule of a Choice holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A comparison, or several, in JSONPath.
    Rule(Rule),
    /// `Condition`, in JSONata.
    Computed(Setting<bool>),
}

/// A Parallel state.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// Its data flow.
    pub io: Io<Flow>,
    /// Its retriers and catchers.
    pub recovery: Recovery,
    /// `Branches`, at least one.
    pub branches: Vec<Machine>,
    /// What follows.
    pub transition: Transition,
}

/// A Pass state.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// Its data flow.
    pub io: Io<Flow>,
    /// `Result`
    pub result: Option<Value>,
    /// What follows.
    pub transition: Transition,
}

/// A Wait state.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// Its data flow.
    pub io: Io<Ends>,
    /// How long.
    pub until: Until,
    /// What follows.
    pub transition: Transition,
}

/// How long a Wait state waits.
#[derive(Debug, Clone, PartialEq)]
pub enum Until {
    /// `Seconds` or `SecondsPath`
    Seconds(Setting<u64>),
    /// `Timestamp` or `TimestampPath`
    Timestamp(Setting<Timestamp>),
}

/// A Fail state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fail {
    /// `Error` or `ErrorPath`
    pub error: Option<Setting<String>>,
    /// `Cause` or `CausePath`
    pub cause: Option<Setting<String>>,
}
