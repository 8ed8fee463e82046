//! What an expression can see.

use serde_json::{Map, Value};

use crate::random::Random;
use crate::scope::Context;

/// The workflow's variables, as a state sees them.
pub trait Variables {
    /// The value of the variable `name` (without its `$`), if it was assigned.
    fn get(&self, name: &str) -> Option<&Value>;
}

impl Variables for Map<String, Value> {
    fn get(&self, name: &str) -> Option<&Value> {
        Map::get(self, name)
    }
}

/// What an expression can see. Nothing of it is copied or looked at before the expression reads it.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// `$states.input`.
    pub input: &'a Value,
    /// `$states.result`, where there is one.
    pub result: Option<&'a Value>,
    /// `$states.errorOutput`, where there is one.
    pub error_output: Option<&'a Value>,
    /// `$states.context`.
    pub context: &'a Context<'a>,
    /// The workflow's variables.
    pub variables: &'a dyn Variables,
    /// What time it is for `$now()` and `$millis()`: the fact's time, in milliseconds since 1970.
    pub now_ms: u64,
    /// Where `$random()`, `$uuid()` and `$shuffle()` take their numbers from. An expression that names none of them takes
    /// none.
    pub random: &'a Random,
}
