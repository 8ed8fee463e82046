//! What went wrong, and AWS's words for it.

use std::fmt;

/// Text that is no expression, or one that AWS refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong, in the words of the reference implementation where it is JSONata that is broken.
    pub message: String,
    /// JSONata's code for it (`S0201`); absent where it is AWS that refuses.
    pub code: Option<Box<str>>,
    /// Byte offset in the expression at which it was noticed, where there is one.
    pub offset: Option<usize>,
}

/// Why an evaluation has no result. All of them are `States.QueryEvaluationError`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvalError {
    /// The expression evaluated to nothing, which JSON cannot say.
    Undefined,
    /// It evaluated to a function, which JSON cannot say either.
    UnsupportedResultType,
    /// It failed.
    Threw {
        /// JSONata's code (`T2001`); absent where one of AWS's own functions failed.
        code: Option<Box<str>>,
        /// The reference implementation's text.
        message: String,
    },
    /// It was stopped.
    Limit(Limit),
}

/// What stopped an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// It did not end within so many steps.
    Steps,
    /// It called itself too deep.
    Depth,
    /// It built a string, an array or a result that is too large, or nested too deep.
    Size,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Steps => "The evaluation takes too many steps",
            Self::Depth => "The evaluation is nested too deeply",
            Self::Size => "The evaluation builds a value that is too large",
        })
    }
}

impl EvalError {
    /// AWS's sentence for it, given the expression's text and the field that it stands in (`Output/total`).
    pub fn cause(&self, expression: &str, field: &str) -> String {
        let begin = format!("The JSONata expression '{expression}' specified for the field '{field}'");
        match self {
            Self::Undefined => format!("{begin} returned nothing (undefined)."),
            Self::UnsupportedResultType => format!("{begin} returned an unsupported result type."),
            Self::Threw { code: Some(code), message } => {
                format!("{begin} threw an error during evaluation. {code}: {message}")
            }
            Self::Threw { code: None, message } => {
                format!("{begin} threw an error during evaluation: {message}")
            }
            Self::Limit(limit) => format!("{begin} threw an error during evaluation: {limit}"),
        }
    }
}
