//! What an expression can see: the data (`$`), the context object (`$$`) and seeded randomness.

use std::cell::OnceCell;

use serde_json::Value;

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

/// What an expression can see.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The data that `$` stands for.
    pub data: &'a Value,
    /// The context object that `$$` stands for.
    pub context: &'a Context<'a>,
    /// Where non-deterministic functions take their numbers from.
    pub random: &'a Random,
}

impl<'a> Scope<'a> {
    /// The same scope over other data.
    pub fn over<'b>(&self, data: &'b Value) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { data, context: self.context, random: self.random }
    }
}
