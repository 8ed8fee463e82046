//! Intrinsic functions: `States.Format('{} of {}', $.a, $.b)`.
//!
//! All functions of the language are here but `States.Hash`, which is refused by name.

mod base64;
mod eval;
mod syntax;

use serde_json::Value;

use crate::error::{self, RuntimeError};
use crate::path::Path;
use crate::scope::Scope;

/// Deepest nesting of calls in calls.
pub const NESTING_MAX: usize = 10;

/// A compiled call of an intrinsic function.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    function: Function,
    arguments: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq)]
enum Argument {
    Literal(Value),
    Path(Path),
    Call(Call),
}

macro_rules! functions {
    ($($variant:ident $name:literal $min:literal $max:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Function { $($variant),* }

        impl Function {
            /// Name, fewest and most arguments.
            const TABLE: &[(Self, &str, usize, usize)] = &[$((Self::$variant, $name, $min, $max)),*];
        }
    };
}

functions! {
    Format "States.Format" 1 0xffff,
    StringToJson "States.StringToJson" 1 1,
    JsonToString "States.JsonToString" 1 1,
    Array "States.Array" 0 0xffff,
    ArrayPartition "States.ArrayPartition" 2 2,
    ArrayContains "States.ArrayContains" 2 2,
    ArrayRange "States.ArrayRange" 3 3,
    ArrayGetItem "States.ArrayGetItem" 2 2,
    ArrayLength "States.ArrayLength" 1 1,
    ArrayUnique "States.ArrayUnique" 1 1,
    Base64Encode "States.Base64Encode" 1 1,
    Base64Decode "States.Base64Decode" 1 1,
    JsonMerge "States.JsonMerge" 3 3,
    MathRandom "States.MathRandom" 2 3,
    MathAdd "States.MathAdd" 2 2,
    StringSplit "States.StringSplit" 2 2,
    Uuid "States.UUID" 0 0,
}

impl Call {
    /// Compiles a call.
    ///
    /// # Errors
    /// What is wrong with the text, for people: the function is unknown, the number of arguments is wrong, or the
    /// text is not a call at all.
    pub fn parse(text: &str) -> Result<Self, String> {
        syntax::parse(text)
    }

    /// The value of the call.
    ///
    /// # Errors
    /// `States.ParameterPathFailure` if a path selects nothing, `States.IntrinsicFailure` if the function cannot work
    /// with its arguments.
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        let arguments =
            self.arguments.iter().map(|argument| argument.eval(scope)).collect::<Result<Vec<_>, _>>()?;
        eval::apply(self.function, arguments, scope.random).map_err(|why| {
            RuntimeError::new(error::INTRINSIC_FAILURE, format!("{}: {why}", self.function.name()))
        })
    }

    /// Whether evaluating the call needs the input that the execution began with.
    pub fn reads_execution_input(&self) -> bool {
        self.arguments.iter().any(|argument| match argument {
            Argument::Literal(_) => false,
            Argument::Path(path) => path.reads_execution_input(),
            Argument::Call(call) => call.reads_execution_input(),
        })
    }
}

impl Argument {
    fn eval(&self, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Path(path) => path.select(scope).map(std::borrow::Cow::into_owned).ok_or_else(|| {
                RuntimeError::new(
                    error::PARAMETER_PATH_FAILURE,
                    format!("the path '{path}' selects nothing in the input"),
                )
            }),
            Self::Call(call) => call.eval(scope),
        }
    }
}

impl Function {
    fn name(self) -> &'static str {
        Self::TABLE.iter().find(|(function, ..)| *function == self).map_or("States.?", |(_, name, ..)| name)
    }
}
