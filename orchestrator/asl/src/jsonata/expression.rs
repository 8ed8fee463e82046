//! A compiled expression.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::error::{EvalError, SyntaxError};
use super::evaluate::evaluate;
use super::program::Program;
use super::reads::StatesRead;
use crate::scope::Scope;

/// A compiled JSONata expression: what stands between `{%` and `%}`. Cheap to clone; two are equal when their texts are.
#[derive(Clone)]
pub struct Expression {
    program: Arc<Program>,
}

impl Expression {
    /// Compiles the text.
    ///
    /// # Errors
    /// The text is no JSONata, or is what AWS refuses: the operators `?:` and `??`, which came after 2.0.6, and `$`, `$$`
    /// and fields' names where there is no input that they could stand for.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self { program: Arc::new(Program::compile(text)?) })
    }

    /// The text that was compiled.
    pub fn text(&self) -> &str {
        &self.program.text
    }

    /// The workflow's variables that it reads, each once, in the order of the text: not `$states`, not functions, not
    /// those that it binds itself.
    pub fn variables(&self) -> &[Box<str>] {
        &self.program.reads.variables
    }

    /// Which parts of `$states` it reads.
    pub fn states(&self) -> StatesRead {
        self.program.reads.states
    }

    /// The result of the expression. It looks at nothing of the scope that it does not name, takes random numbers only if it
    /// asks for some, and has the time of the fact for `$now()`.
    ///
    /// # Errors
    /// It failed, was stopped, or has a result that is no JSON: see [`EvalError`].
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Value, EvalError> {
        evaluate(&self.program, scope)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text()).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Expression {}
