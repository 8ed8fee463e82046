//! What an expression can see: the data (`$`), the context object (`$$`), the variables (`$name`) and seeded randomness.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use serde_json::{Map, Value};

use crate::error::{self, RuntimeError};
use crate::json_len::json_len;

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

/// How much data one state may still copy while its fields are evaluated: a template of a few kilobytes could ask for all of its input
/// thousands of times.
#[derive(Debug)]
pub struct Budget(Cell<usize>);

/// What a selection costs besides the bytes that it copies, if the path may select many things.
const SELECTION_BYTES: usize = 8 * 1024;

impl Budget {
    /// So many bytes of JSON.
    pub fn new(bytes: usize) -> Self {
        Self(Cell::new(bytes))
    }

    fn take(&self, bytes: usize) -> Result<(), RuntimeError> {
        let left = self.0.get().checked_sub(bytes);
        self.0.set(left.unwrap_or(0));
        left.map(drop).ok_or_else(|| {
            RuntimeError::new(
                error::DATA_LIMIT_EXCEEDED,
                "The fields of the state make more data than may be made at once.",
            )
        })
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
    /// What may still be copied; without it, anything.
    pub budget: Option<&'a Budget>,
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
            budget: None,
        }
    }

    /// A copy of what was selected, if there is still something left of the budget.
    ///
    /// # Errors
    /// `States.DataLimitExceeded` if there is not.
    pub fn copied(&self, selected: Cow<'_, Value>, is_definite: bool) -> Result<Value, RuntimeError> {
        if let Some(budget) = self.budget {
            budget.take(json_len(&selected) + if is_definite { 0 } else { SELECTION_BYTES })?;
        }
        Ok(selected.into_owned())
    }

    /// The same scope over other data.
    pub fn over<'b>(&self, data: &'b Value) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { data, ..*self }
    }
}
