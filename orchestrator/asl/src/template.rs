//! Payload templates: JSON with something to fill in. In JSONPath a field whose name ends in `.$` takes its value from a path or an
//! intrinsic function, in JSONata a text between `{%` and `%}` is an expression; everything else stands for itself.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::error::{self, RuntimeError};
use crate::intrinsic::Call;
use crate::jsonata::{self, Environment};
use crate::path::Path;
use crate::scope::{Scope, Variables};

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

/// What computes a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// What it selects of the data or the context object.
    Path(Path),
    /// An intrinsic function.
    Call(Call),
    /// JSONata.
    Jsonata(Query),
}

/// A JSONata expression, and the field that it stands in.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What stands between `{%` and `%}`.
    pub expression: jsonata::Expression,
    /// Where it stands in its state, as AWS names the place: `Arguments/FunctionName`.
    pub field: Arc<str>,
}

impl Query {
    fn eval(&self, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        let environment = Environment {
            input: scope.data,
            result: scope.result,
            error_output: scope.error_output,
            context: scope.context,
            variables: &scope.variables,
            now_ms: scope.now_ms,
            random: scope.random,
        };
        self.expression.eval(&environment).map_err(|why| {
            let cause = why.cause(self.expression.text(), &self.field);
            RuntimeError::new(error::QUERY_EVALUATION_ERROR, cause).of_field(&self.field)
        })
    }
}

impl jsonata::Variables for Variables<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        Variables::get(self, name)
    }
}

impl Template {
    /// Fills in the template.
    ///
    /// # Errors
    /// `States.ParameterPathFailure` if a path selects nothing, `States.IntrinsicFailure` if a function cannot work
    /// with its arguments, `States.QueryEvaluationError` if JSONata has no result.
    pub fn fill(&self, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Dynamic(expression) => expression.eval(scope),
            Self::Object(fields) => {
                let mut object = Map::new();
                for (name, template) in fields {
                    object.insert(name.clone(), template.fill(scope)?);
                }
                Ok(Value::Object(object))
            }
            Self::Array(items) => {
                items.iter().map(|item| item.fill(scope)).collect::<Result<_, _>>().map(Value::Array)
            }
        }
    }
}

impl Expression {
    /// Compiles a path or an intrinsic function, which are the expressions of JSONPath.
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

    /// The value of the expression.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn eval(&self, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
        match self {
            Self::Path(path) => path.select(scope).map(std::borrow::Cow::into_owned).ok_or_else(|| {
                RuntimeError::new(
                    error::PARAMETER_PATH_FAILURE,
                    format!("the path '{path}' selects nothing in the input"),
                )
            }),
            Self::Call(call) => call.eval(scope),
            Self::Jsonata(query) => query.eval(scope),
        }
    }

    /// The workflow's variables that it reads, in the order of the text.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let names = match self {
            Self::Jsonata(query) => query.expression.variables(),
            Self::Path(_) | Self::Call(_) => &[],
        };
        names.iter().map(|name| &**name)
    }

    /// Whether evaluating the expression needs the input that the execution began with.
    pub fn reads_execution_input(&self) -> bool {
        match self {
            Self::Path(path) => path.reads_execution_input(),
            Self::Call(call) => call.reads_execution_input(),
            Self::Jsonata(query) => {
                let read = query.expression.states();
                read.execution_input || read.all
            }
        }
    }
}
