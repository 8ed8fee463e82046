//! Payload templates: the `Parameters` and `ResultSelector` of a state. A field whose name ends in `.$` takes its
//! value from a path or an intrinsic function; everything else stands for itself.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::cause;
use crate::error::{self, RuntimeError};
use crate::intrinsic::Call;
use crate::path::{Path, PathError, Root};
use crate::scope::Scope;

/// A compiled template. Parts without anything to fill in are kept as ready values.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// Stands for itself.
    Literal(Value),
    /// An expression.
    Dynamic(Expression),
    /// An object with something to fill in.
    Object(Vec<(String, Template)>),
    /// An array with something to fill in.
    Array(Vec<Template>),
}

/// The value of a field whose name ends in `.$`.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// What it selects of the data or the context object.
    Path(Path),
    /// An intrinsic function.
    Call(Call),
}

impl Template {
    /// Fills in the template.
    ///
    /// # Errors
    /// `States.Runtime` if a path selects nothing, `States.IntrinsicFailure` if a function cannot work with its arguments.
    pub fn fill(&self, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        self.fill_field("", scope)
    }

    /// The value of the field of that name.
    fn fill_field(&self, name: &str, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Dynamic(expression) => expression.eval(format_args!("{name}.$"), scope),
            Self::Object(fields) => {
                let mut object = Map::new();
                for (name, template) in fields {
                    object.insert(name.clone(), template.fill_field(name, scope)?);
                }
                Ok(Value::Object(object))
            }
            Self::Array(items) => {
                let items = items.iter().map(|item| item.fill_field(name, scope));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
        }
    }
}

impl Expression {
    /// Compiles a path or an intrinsic function.
    ///
    /// # Errors
    /// What is wrong with the text, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('$') {
            Path::parse(text).map(Self::Path)
        } else {
            Call::parse(text).map(Self::Call)
        }
    }

    /// The value of the expression, which stands in that field.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn eval(&self, field: impl Display, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        match self {
            Self::Path(path) => match path.select(scope) {
                _ if *path.root() == Root::Data && scope.data.is_null() => Err(cause::null_input()),
                Ok(value) => Ok(value.into_owned()),
                Err(why @ PathError::TooManySteps) => Err(cause::invalid_path(path, why)),
                Err(_) => Err(cause::path_not_found(path, field, scope.data)),
            }
            .map_err(|cause| RuntimeError::new(error::RUNTIME, cause)),
            Self::Call(call) => call.eval(scope),
        }
    }

    /// Whether evaluating the expression needs the input that the execution began with.
    pub fn reads_execution_input(&self) -> bool {
        match self {
            Self::Path(path) => path.reads_execution_input(),
            Self::Call(call) => call.reads_execution_input(),
        }
    }
}
