//! What a rule says of an event.

use serde_json::Value;

use crate::origin::Origin;
use crate::pattern::Pattern;
use crate::problem::Problem;
use crate::shape::{NoInput, Shape};

/// What a rule says of an event: whether it is about it, and what its target is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Logic {
    /// Without one, it is about every event.
    pattern: Option<Pattern>,
    shape: Shape,
}

impl Logic {
    /// Of what a rule says; of the last three, at most one may be there.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn read(
        pattern: Option<&Value>,
        input: Option<&Value>,
        input_path: Option<&str>,
        transformer: Option<&Value>,
    ) -> Result<Self, Problem> {
        let pattern = pattern.map(|pattern| Pattern::read("pattern", pattern)).transpose()?;
        Ok(Self { pattern, shape: Shape::read(input, input_path, transformer)? })
    }

    /// Whether it is about that event.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.matches(event))
    }

    /// What its target is given of that event.
    ///
    /// # Errors
    /// As of [`Shape::input`].
    pub fn input(&self, event: &Value, origin: Origin<'_>) -> Result<Value, NoInput> {
        self.shape.input(event, origin)
    }
}
