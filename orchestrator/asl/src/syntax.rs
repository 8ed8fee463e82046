//! A definition as data: states by number, everything in them compiled.

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::choice::Rule;
use crate::io::{Ends, Flow, Io};
use crate::path::Path;
use crate::resource::{Pattern, Resource};
use crate::retry::{Catcher, Retrier};
use crate::state_id::StateId;
use crate::template::Expression;

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
}

impl Definition {
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

    /// Whether any state looks at `$$.Execution.Input`. If none does, an execution need not keep it.
    pub fn reads_execution_input(&self) -> bool {
        self.reads_execution_input
    }
}

/// A set of states with a start: the whole definition, or a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// `StartAt`
    pub start: StateId,
    pub(crate) own: Range<u32>,
}

impl Machine {
    /// The states of this machine, without those of branches in it.
    pub fn states(&self) -> impl Iterator<Item = StateId> + use<> {
        self.own.clone().map(StateId)
    }
}

/// A step of a machine: what it is called, and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Its name, unique in the whole definition.
    pub name: Arc<str>,
    /// `Comment`
    pub comment: Option<String>,
    /// What it does.
    pub kind: StateKind,
}

/// The types of states. Map is recognised by the parser and refused; it will be a variant here.
#[derive(Debug, Clone, PartialEq)]
pub enum StateKind {
    /// Does a piece of work.
    Task(Box<Task>),
    /// Decides where to go on.
    Choice(Choice),
    /// Runs branches side by side.
    Parallel(Box<Parallel>),
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
            Self::Pass(_) => "Pass",
            Self::Wait(_) => "Wait",
            Self::Succeed(_) => "Succeed",
            Self::Fail(_) => "Fail",
        }
    }
}

/// What follows a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// `Next`
    Next(StateId),
    /// `End`
    End,
}

/// What is done about errors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recovery {
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
}

/// A Task state.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// `Resource`
    pub resource: Resource,
    /// Whether it waits for an answer.
    pub pattern: Pattern,
    /// Its data flow.
    pub io: Io<Flow>,
    /// Its retriers and catchers.
    pub recovery: Recovery,
    /// `TimeoutSeconds` or `TimeoutSecondsPath`
    pub timeout: Option<Seconds>,
    /// `HeartbeatSeconds` or `HeartbeatSecondsPath`
    pub heartbeat: Option<Seconds>,
    /// What follows.
    pub transition: Transition,
}

/// A number of seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seconds {
    /// Given in the definition.
    Fixed(u64),
    /// Selected from the state's input.
    Path(Path),
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
    /// JSON pointer to that value.
    pub pointer: String,
}

/// A Choice state.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its data flow.
    pub io: Io<Ends>,
    /// `Choices`: the first rule that holds decides.
    pub rules: Vec<(Rule, StateId)>,
    /// `Default`
    pub default: Option<StateId>,
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
    Seconds(Seconds),
    /// `Timestamp`
    Timestamp(Timestamp),
    /// `TimestampPath`
    TimestampPath(Path),
}

/// A Fail state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fail {
    /// `Error` or `ErrorPath`
    pub error: Option<Text>,
    /// `Cause` or `CausePath`
    pub cause: Option<Text>,
}

/// A text, given or computed.
#[derive(Debug, Clone, PartialEq)]
pub enum Text {
    /// Given in the definition.
    Fixed(String),
    /// A path or an intrinsic function.
    Computed(Expression),
}
