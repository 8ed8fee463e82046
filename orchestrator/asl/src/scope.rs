//! What an expression can see: the data (`$`), the context object (`$$`), the variables (`$name`) and seeded randomness.

use std::cell::OnceCell;

use serde_json::{Map, Value};

use crate::random::Random;

/// The context object (`$$`), built when first looked at: most states never do.
pub struct Context<'a> {
    built: OnceCell<Value>,
    build: &'a dyn Fn() -> Value,
}

impl<'a> Context<'a> {
    /// A context object that `build` makes when it is needed, at most once.
    pub fn new(build: &'a dyn Fn() -> Value) -> Self {
        Self { built: OnceCell::new(), build }
    }

    /// The context object.
    pub fn value(&self) -> &Value {
        self.built.get_or_init(self.build)
    }
}

/// The variables that can be read: those of the machine in hand, then those of the machines around it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Variables<'a> {
    scopes: &'a [&'a Map<String, Value>],
}

impl<'a> Variables<'a> {
    /// The variables of these scopes, the innermost first. No name is in two of them.
    pub fn new(scopes: &'a [&'a Map<String, Value>]) -> Self {
        Self { scopes }
    }

    /// The value of a variable, or `None` if nothing was assigned to it.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.scopes.iter().find_map(|scope| scope.get(name))
    }
}

/// What an expression can see.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The data that `$` stands for; in JSONata `$states.input`.
    pub data: &'a Value,
    /// `$states.result`, in JSONata, where there is one.
    pub result: Option<&'a Value>,
    /// `$states.errorOutput`, in JSONata, where there is one.
    pub error_output: Option<&'a Value>,
    /// The context object that `$$` stands for; in JSONata `$states.context`.
    pub context: &'a Context<'a>,
    /// The variables that `$name` stands for.
    pub variables: Variables<'a>,
    /// The time of the fact that is acted upon, in milliseconds since 1970.
    pub now_ms: u64,
    /// Where non-deterministic functions take their numbers from.
    pub random: &'a Random,
}

impl<'a> Scope<'a> {
    /// A scope of data alone, without variables, at the time 0.
    pub fn of(data: &'a Value, context: &'a Context<'a>, random: &'a Random) -> Self {
        Scope {
            data,
            result: None,
            error_output: None,
            context,
            variables: Variables::default(),
            now_ms: 0,
            random,
        }
    }

    /// The same scope over other data.
    pub fn over<'b>(&self, data: &'b Value) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { data, ..*self }
    }
}
