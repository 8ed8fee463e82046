//! A definition as data: states by number, everything in them compiled.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::choice::Rule;
use crate::data::{Narrow, ResultPath};
use crate::path::Path;
use crate::retry::{Catcher, Retrier};
use crate::template::{Expression, Template};

/// A state of a definition. The number means something only together with the definition it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateId(pub(crate) u32);

/// A valid state machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub(crate) comment: Option<String>,
    pub(crate) fingerprint: String,
    pub(crate) timeout_s: Option<u64>,
    pub(crate) machine: Machine,
    pub(crate) states: Vec<State>,
    pub(crate) functions: BTreeSet<String>,
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

    /// All states, those of branches included, by number.
    pub fn states(&self) -> impl Iterator<Item = (StateId, &State)> {
        (0..).map(StateId).zip(&self.states)
    }

    /// The functions that tasks may call by name.
    pub fn functions(&self) -> &BTreeSet<String> {
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

/// A state.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Its name, unique in the whole definition.
    pub name: String,
    /// `Comment`
    pub comment: Option<String>,
    /// The language of its expressions.
    pub query_language: QueryLanguage,
    /// What it does.
    pub kind: StateKind,
}

/// The languages of expressions. JSONata is recognised by the parser and refused; it will be a variant here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum QueryLanguage {
    /// Paths and payload templates.
    #[default]
    JsonPath,
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
    /// Waits.
    Wait(Wait),
    /// Ends well.
    Succeed(Ends),
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

/// How data gets in and out of a state that ends something or decides something.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ends {
    /// `InputPath`
    pub input_path: Narrow,
    /// `OutputPath`
    pub output_path: Narrow,
}

/// How data gets in and out of a state that makes a result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flow {
    /// `InputPath`
    pub input_path: Narrow,
    /// `Parameters`
    pub parameters: Option<Template>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: ResultPath,
    /// `OutputPath`
    pub output_path: Narrow,
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
    /// Its data flow. `parameters` is empty for [`Resource::LambdaInvoke`], which has taken them apart.
    pub flow: Flow,
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

/// What a Task calls.
#[derive(Debug, Clone, PartialEq)]
pub enum Resource {
    /// A function by its ARN: the effective input is its payload, its output the result.
    Function {
        /// The ARN as given.
        arn: String,
        /// The function's name.
        name: String,
    },
    /// `arn:aws:states:::lambda:invoke`
    LambdaInvoke(Box<Invocation>),
}

/// The arguments of `lambda:invoke`.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// `FunctionName`: a name or an ARN.
    pub function: Template,
    /// `Payload`; absent, the empty object.
    pub payload: Option<Template>,
    /// `InvocationType`
    pub kind: InvocationKind,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InvocationKind {
    /// The task waits for the answer.
    #[default]
    RequestResponse,
    /// The task ends when the message is on its way.
    Event,
}

impl InvocationKind {
    /// The value of `InvocationType`.
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestResponse => "RequestResponse",
            Self::Event => "Event",
        }
    }
}

/// A Choice state.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its data flow.
    pub flow: Ends,
    /// `Choices`: the first rule that holds decides.
    pub rules: Vec<(Rule, StateId)>,
    /// `Default`
    pub default: Option<StateId>,
}

/// A Parallel state.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// Its data flow.
    pub flow: Flow,
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
    /// Its data flow; never a `result_selector`.
    pub flow: Flow,
    /// `Result`
    pub result: Option<Value>,
    /// What follows.
    pub transition: Transition,
}

/// A Wait state.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// Its data flow.
    pub flow: Ends,
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
